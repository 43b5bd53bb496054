//! Characters that nobody can see and no format can hold.

use super::codepage::unveiled;
use super::edits::Edits;

/// A text without control characters.
#[derive(Debug, Default)]
pub(super) struct Cleaned {
    pub(super) text: String,
    /// Where something was taken out.
    pub(super) taken: Vec<usize>,
    /// Where a control character was meant to be one of Windows-1252, and now is.
    pub(super) mended: Vec<usize>,
    pub(super) edits: Edits,
}

/// Whether there may be any; fast.
pub(super) fn is_suspect(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has_ascii = bytes.chunks(64).any(|chunk| {
        // Without a branch, so that many are looked at together.
        let control = |byte: u8| {
            let is_white = u8::from(byte == b'\n') | u8::from(byte == b'\r') | u8::from(byte == b'\t');
            (u8::from(byte < 0x20) - is_white) | u8::from(byte == 0x7F)
        };
        chunk.iter().fold(0, |found, byte| found | control(*byte)) != 0
    });
    has_ascii
        || memchr::memchr_iter(0xC2, bytes).any(|at| bytes.get(at + 1).is_some_and(|byte| *byte < 0xA0))
        || memchr::memmem::find(bytes, "\u{FEFF}".as_bytes()).is_some()
}

/// Takes them out; what stands for a space becomes one.
pub(super) fn clean(text: &str) -> Cleaned {
    let mut out = Cleaned { text: String::with_capacity(text.len()), ..Cleaned::default() };
    for (at, character) in text.char_indices() {
        let start = out.text.len();
        match character {
            '\u{B}' | '\u{C}' => {
                out.taken.push(start);
                out.text.push(' ');
            }
            '\u{FEFF}' => {}
            '\u{80}'..='\u{9F}' if unveiled(character).is_some() => {
                out.mended.push(start);
                out.text.extend(unveiled(character));
            }
            _ if character.is_control() && !matches!(character, '\n' | '\r' | '\t') => out.taken.push(start),
            _ => {
                out.text.push(character);
                continue;
            }
        }
        out.edits.push(at..at + character.len_utf8(), start..out.text.len());
    }
    out
}

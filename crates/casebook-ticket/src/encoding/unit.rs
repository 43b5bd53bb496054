//! What a line of damaged text consists of: each lead byte with the bytes that follow it, whole or not.

use super::codepage::{Codepage, Kind};
use super::words::lexicon;

/// What may have been one character, or contradicts that there is damage.
#[derive(Debug)]
pub(super) struct Unit {
    /// Where it begins, in bytes of the line.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    pub(super) what: What,
}

/// What a unit is.
#[derive(Debug)]
pub(super) enum What {
    /// All bytes of a character.
    Whole {
        character: char,
        kind: Kind,
        /// Whether text that is right may have the same characters.
        is_natural: bool,
    },
    /// A character of which bytes are lost, and what it can have been.
    Lossy {
        candidates: Vec<char>,
        /// Whether a language may have what is left: `âœ`.
        is_natural: bool,
    },
    /// Something that would not be there if the line were damaged.
    Foreign,
}

impl What {
    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Whole { kind, .. } => Some(*kind),
            Self::Lossy { candidates, .. } => candidates.first().copied().and_then(Kind::of),
            Self::Foreign => None,
        }
    }
}

/// The units of a line; ASCII and U+FFFD stand between them. `spaces` says that no-break spaces may have become spaces.
pub(super) fn units(line: &str, codepage: Codepage, spaces: bool) -> Vec<Unit> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(skipped) = line.as_bytes()[at..].iter().position(|byte| !byte.is_ascii()) {
        at += skipped;
        let Some(character) = line[at..].chars().next() else { break };
        let unit = unit(line, at, codepage, spaces);
        let end = unit.as_ref().map_or(at + character.len_utf8(), |unit| unit.end);
        found.extend(unit);
        at = end;
    }
    found
}

/// The unit at a character that is not ASCII; none at U+FFFD, which says nothing.
fn unit(line: &str, start: usize, codepage: Codepage, spaces: bool) -> Option<Unit> {
    let mut characters = line[start..].char_indices();
    let (_, first) = characters.next()?;
    if first == char::REPLACEMENT_CHARACTER {
        return None;
    }
    let mut end = start + first.len_utf8();
    let foreign = Some(Unit { start, end, what: What::Foreign });
    let Some(lead) = codepage.byte(first) else { return foreign };
    let length = match lead {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return foreign,
    };
    let mut bytes = vec![lead];
    let mut marker = None;
    for (offset, next) in characters {
        if bytes.len() == length {
            break;
        }
        match codepage.byte(next) {
            Some(byte @ 0x80..=0xBF) => bytes.push(byte),
            _ if next == char::REPLACEMENT_CHARACTER && marker.is_none() => marker = Some(bytes.len()),
            _ => break,
        }
        end = start + offset + next.len_utf8();
    }
    let what = if bytes.len() == length && marker.is_none_or(|place| place == length) {
        whole(&bytes, first, line[..start].chars().next_back())
    } else {
        let filled = [bytes.as_slice(), &[0xA0]].concat();
        if spaces && line[end..].starts_with(' ') && is_with_space(&filled) {
            end += 1;
            whole(&filled, first, line[..start].chars().next_back())
        } else {
            let candidates = lexicon().candidates(&bytes, codepage);
            if candidates.is_empty() {
                What::Foreign
            } else {
                What::Lossy {
                    candidates,
                    is_natural: lead < 0xF0
                        && bytes[1..].iter().all(|byte| *byte != 0x8C && Codepage::is_natural(*byte)),
                }
            }
        }
    };
    if matches!(what, What::Foreign) { foreign } else { Some(Unit { start, end, what }) }
}

/// Whether the last byte, which is that of a no-break space, makes a character that tickets use.
fn is_with_space(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| matches!(text, "à" | "⚠"))
}

fn whole(bytes: &[u8], lead: char, before: Option<char>) -> What {
    let character = std::str::from_utf8(bytes).ok().and_then(|text| text.chars().next());
    let Some((character, kind)) = character.and_then(|character| Some((character, Kind::of(character)?)))
    else {
        return What::Foreign;
    };
    let all_natural = bytes[1..].iter().all(|byte| Codepage::is_natural(*byte));
    let is_natural = match kind {
        Kind::Emoji => false,
        _ if character.is_control() => true,
        // `âœ`, `âš`: letters that no language has in a row.
        Kind::Sign => {
            all_natural
                && !matches!(bytes[1], 0x80..=0x84 | 0x86..=0x8A | 0x8C..=0x90 | 0x98 | 0x9A | 0x9C..=0x9F)
        }
        Kind::Latin if bytes[0] == 0xC2 => before.is_some_and(char::is_uppercase) && all_natural,
        Kind::Latin => all_natural && !(before.is_some_and(char::is_lowercase) && lead.is_uppercase()),
        _ => all_natural,
    };
    What::Whole { character, kind, is_natural }
}

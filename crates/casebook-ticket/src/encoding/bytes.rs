//! From bytes to characters.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// Text, and what it was in when that was not UTF-8.
#[derive(Debug)]
pub(super) struct Characters<'a> {
    pub(super) text: Cow<'a, str>,
    /// The name of the encoding, when it had to be told by the bytes.
    pub(super) told: Option<&'static str>,
    /// The first line, from 1, that was not UTF-8, and how many are not.
    pub(super) lines: (u32, usize),
}

/// Decodes.
pub(super) fn characters(bytes: &[u8]) -> Characters<'_> {
    let plain = |text| Characters { text, told: None, lines: (0, 0) };
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let bytes = &bytes[mark..];
        if encoding != encoding_rs::UTF_8 {
            return plain(Cow::Owned(encoding.decode_without_bom_handling(bytes).0.into_owned()));
        }
        return utf8(bytes).map_or_else(|| legacy(bytes), plain);
    }
    if let Some(encoding) = utf16(bytes) {
        let text = encoding.decode_without_bom_handling(bytes).0.into_owned();
        return Characters { text: Cow::Owned(text), told: Some(encoding.name()), lines: (1, 0) };
    }
    utf8(bytes).map_or_else(|| legacy(bytes), plain)
}

fn utf8(bytes: &[u8]) -> Option<Cow<'_, str>> {
    std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
}

/// UTF-16 without a byte order mark: every other byte of what is mostly ASCII is NUL.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096) & !1];
    if sample.len() < 4 || !sample.contains(&0) {
        return None;
    }
    let pairs = sample.len() / 2;
    let zeros = |first: usize| sample.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // In Hebrew only spaces and digits have a NUL, and all of them on the same side.
    let is_mostly = |one: usize, other: usize| other == 0 && one * 8 >= pairs;
    if is_mostly(odd, even) {
        Some(UTF_16LE)
    } else if is_mostly(even, odd) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Lines that are not UTF-8 are in whatever encoding they look like together; those that are UTF-8 stay.
fn legacy(bytes: &[u8]) -> Characters<'_> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut first = 0;
    let mut count = 0;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if !is_utf8_for_most(line) {
            detector.feed(line, false);
            count += 1;
            if first == 0 {
                first = number as u32 + 1;
            }
        }
    }
    detector.feed(b"", true);
    let encoding = detector.guess(None, Utf8Detection::Deny);
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if is_utf8_for_most(line) {
            text.push_str(&String::from_utf8_lossy(line));
        } else {
            text.push_str(&encoding.decode_without_bom_handling(line).0);
        }
    }
    let told = (count > 0).then(|| encoding.name());
    Characters { text: Cow::Owned(text), told, lines: (first, count) }
}

/// Whether a line is UTF-8, or is but for a few bytes that were broken.
fn is_utf8_for_most(line: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in line.utf8_chunks() {
        good += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        bad += chunk.invalid().len();
    }
    bad == 0 || good > bad
}

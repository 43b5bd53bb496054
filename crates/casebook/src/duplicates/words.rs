//! The words of structured text as hashes, without building the text.

use casebook_ticket::markup::{Block, Inline};

/// Takes text in pieces and yields its words: letters without regard to case, or digits. The digits of a key
/// (`PZ-13602`) count as any digits, because a copy has another key.
#[derive(Debug)]
pub(super) struct Words<F: FnMut(u64)> {
    each: F,
    hash: u64,
    /// Bytes that are not in the hash yet: eight go in at once.
    tail: u64,
    /// How many bytes the word has so far.
    length: u32,
    kind: Kind,
    /// Whether what stands directly before is letters and a dash.
    is_behind_dash: bool,
    is_key: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    None,
    Letters,
    Digits,
}

/// What each byte of UTF-8 is a part of.
const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::None; 256];
    let mut byte = 0;
    while byte < kinds.len() {
        kinds[byte] = match byte as u8 {
            b'0'..=b'9' => Kind::Digits,
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => Kind::Letters,
            _ => Kind::None,
        };
        byte += 1;
    }
    kinds
};

impl<F: FnMut(u64)> Words<F> {
    pub(super) fn new(each: F) -> Self {
        Self { each, hash: 0, tail: 0, length: 0, kind: Kind::None, is_behind_dash: false, is_key: false }
    }

    /// Adds text; a word goes on in the next piece.
    pub(super) fn text(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        while let Some(first) = rest.first() {
            let kind = KINDS[usize::from(*first)];
            let eight = Eight::of(rest);
            let length = eight.length_of(kind).min(rest.len());
            self.run(kind, eight, length);
            rest = &rest[length..];
        }
    }

    /// Adds the first bytes of eight, which are all of one kind.
    fn run(&mut self, kind: Kind, eight: Eight, length: usize) {
        if kind != self.kind {
            let is_key = kind == Kind::Digits && self.is_behind_dash;
            let is_behind_dash = self.kind == Kind::Letters && length == 1 && eight.first() == b'-';
            self.end();
            (self.kind, self.is_key, self.is_behind_dash) = (kind, is_key, is_behind_dash);
        } else if kind == Kind::None {
            self.is_behind_dash = false;
        }
        if kind == Kind::None || self.is_key {
            return;
        }
        let bytes = eight.in_lower_case(length);
        let room = 8 - self.length as usize % 8;
        self.length += length as u32;
        if let Some(left) = length.checked_sub(room) {
            let full = self.tail.unbounded_shl(8 * room as u32) | bytes >> (8 * left);
            self.hash = mixed(self.hash ^ full);
            self.tail = bytes & ((1 << (8 * left)) - 1);
        } else {
            self.tail = self.tail << (8 * length) | bytes;
        }
    }

    /// Ends a word, if one has begun.
    pub(super) fn end(&mut self) {
        if self.kind != Kind::None {
            (self.each)(mixed(self.hash ^ self.tail ^ u64::from(self.length) << 56));
        }
        (self.hash, self.tail, self.length) = (0, 0, 0);
        self.kind = Kind::None;
        self.is_behind_dash = false;
        self.is_key = false;
    }

    pub(super) fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Paragraph { text, .. } | Block::Heading { text, .. } => self.inlines(text),
                Block::List { items, .. } => items.iter().for_each(|item| self.blocks(&item.blocks)),
                Block::Table { header, rows, .. } => {
                    let cells = std::iter::once(header).chain(rows).flatten();
                    cells.for_each(|cell| self.blocks(&cell.blocks));
                }
                Block::Code { text, .. } | Block::Raw { text, .. } => self.text(text),
                Block::Quote { blocks, .. } => self.blocks(blocks),
                Block::Rule { .. } => {}
            }
            self.end();
        }
    }

    fn inlines(&mut self, runs: &[Inline]) {
        for run in runs {
            match run {
                Inline::Text(text) | Inline::Code { text, .. } | Inline::Raw { text, .. } => self.text(text),
                Inline::Strong(runs) | Inline::Emphasis(runs) | Inline::Strike(runs) => self.inlines(runs),
                Inline::Link { url, text } if text.is_empty() => self.text(url),
                Inline::Link { text, .. } => self.inlines(text),
                Inline::Image { url, .. } => self.text(url),
                Inline::Break(_) => self.end(),
            }
        }
    }
}

/// Eight bytes of a text, all looked at together; behind its end they are 0.
#[derive(Clone, Copy, Debug)]
struct Eight(u64);

impl Eight {
    /// The first ones.
    fn of(bytes: &[u8]) -> Self {
        let eight = bytes.first_chunk().copied().unwrap_or_else(|| {
            let mut eight = [0; 8];
            eight[..bytes.len()].copy_from_slice(bytes);
            eight
        });
        Self(u64::from_le_bytes(eight))
    }

    fn first(self) -> u8 {
        self.0 as u8
    }

    /// How many of them, from the first on, are of a kind.
    fn length_of(self, kind: Kind) -> usize {
        const HIGH: u64 = each(0x80);
        let low = self.0 & !HIGH;
        // Sums reach the highest bit of a byte when it is at least what is taken from 0x80; none goes on to the next byte.
        let at_least = |bytes: u64, least: u8| bytes + each(0x80 - least);
        let lower = low | each(0x20);
        let letters = (at_least(lower, b'a') & !at_least(lower, b'z' + 1)) | self.0;
        let digits = at_least(low, b'0') & !at_least(low, b'9' + 1) & !self.0;
        let those = match kind {
            Kind::Letters => letters,
            Kind::Digits => digits,
            Kind::None => !(letters | digits),
        };
        (!those & HIGH).trailing_zeros() as usize / 8
    }

    /// The first `length` of them, the last one lowest, with ASCII's capitals as small letters.
    fn in_lower_case(self, length: usize) -> u64 {
        // Digits have this bit as well.
        let lower = self.0 | (!self.0 & each(0x80)) >> 2;
        lower.swap_bytes() >> (64 - 8 * length)
    }
}

/// A byte eight times.
const fn each(byte: u8) -> u64 {
    0x0101_0101_0101_0101 * byte as u64
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<u64> {
    let mut found = Vec::new();
    let mut words = Words::new(|word| found.push(word));
    words.text(text);
    words.end();
    found
}

/// Bits that all depend on all.
pub(super) fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// The keys in a text, e.g. `PZ-13602`, with their offsets.
pub(super) fn keys(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '_';
    let mut at = 0;
    text.split(move |character| !is_part(character)).filter_map(move |word| {
        let start = at;
        at += word.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
        key_of(word).map(|key| (start, key))
    })
}

/// The key that a word begins with.
fn key_of(word: &str) -> Option<&str> {
    let capitals = word.find(|character: char| !character.is_ascii_uppercase())?;
    let (project, rest) = word.split_at(capitals);
    let digits = rest.strip_prefix('-')?;
    let length = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
    (project.len() >= 2 && length >= 1).then(|| &word[..project.len() + 1 + length])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_compared_without_case_marks_and_the_digits_of_keys() {
        assert_eq!(words("Send POST  /configure, PZ-13602!"), words("send `post` **configure** pz-7"));
        assert_ne!(words("port 5672"), words("port 5671"));
        assert_ne!(words("a b"), words("ab"));
        assert_eq!(words("צעד 1"), words("צעד: 1"));
        assert!(words(" -- ").is_empty());
    }

    /// What [`Words`] yields, byte by byte.
    fn by_bytes(text: &str) -> Vec<u64> {
        let kind = |byte: &u8| KINDS[usize::from(*byte)];
        let runs: Vec<_> = text.as_bytes().chunk_by(|one, other| kind(one) == kind(other)).collect();
        let hash = |(number, run): (usize, &&[u8])| {
            let is_key = number >= 2
                && kind(&run[0]) == Kind::Digits
                && runs[number - 1] == b"-"
                && kind(&runs[number - 2][0]) == Kind::Letters;
            let run = if is_key { Vec::new() } else { run.to_ascii_lowercase() };
            let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            let mut eights = run.chunks_exact(8);
            let hash = eights.by_ref().fold(0, |hash, eight| mixed(hash ^ number(eight)));
            mixed(hash ^ number(eights.remainder()) ^ (run.len() as u64) << 56)
        };
        runs.iter().enumerate().filter(|(_, run)| kind(&run[0]) != Kind::None).map(hash).collect()
    }

    proptest! {
        #[test]
        fn words_are_those_that_one_sees_byte_by_byte(
            text in "([A-Za-z]{1,20}|[0-9]{1,12}|[-–א-ת /:@\\[`{\u{0}\u{7f}]{1,10}|\\PC{0,9}){0,12}",
            cut in any::<prop::sample::Index>(),
        ) {
            prop_assert_eq!(words(&text), by_bytes(&text));
            let mut found = Vec::new();
            let mut pieces = Words::new(|word| found.push(word));
            let cuts: Vec<_> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            let cut = *cut.get(&cuts);
            pieces.text(&text[..cut]);
            pieces.text(&text[cut..]);
            pieces.end();
            // Dashes in a row are no key's, which is not seen when they come in two pieces.
            if !text[..cut].ends_with('-') && !text[cut..].starts_with('-') {
                prop_assert_eq!(found, by_bytes(&text));
            }
        }
    }

    #[test]
    fn keys_are_capitals_a_dash_and_digits() {
        let text = "see PZ-13602, \"PC-030-run\", A-1, x PZ-, RabbitMQ-3 (ABC-9) é XY-2";
        let found: Vec<_> = keys(text).collect();
        assert_eq!(
            found.iter().map(|(_, key)| *key).collect::<Vec<_>>(),
            ["PZ-13602", "PC-030", "ABC-9", "XY-2"]
        );
        assert!(found.iter().all(|(at, key)| text[*at..].starts_with(key)));
    }
}

//! The words of structured text as hashes, without building the text.

use casebook_ticket::markup::{Block, Inline};

/// Takes text in pieces and yields its words: letters without regard to case, or digits. The digits of a key
/// (`PZ-13602`) count as any digits, because a copy has another key.
#[derive(Debug)]
pub(super) struct Words<F: FnMut(u64)> {
    each: F,
    hash: u64,
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

const START: u64 = 0xcbf2_9ce4_8422_2325;

impl<F: FnMut(u64)> Words<F> {
    pub(super) fn new(each: F) -> Self {
        Self { each, hash: START, kind: Kind::None, is_behind_dash: false, is_key: false }
    }

    /// Adds text; a word goes on in the next piece.
    pub(super) fn text(&mut self, text: &str) {
        for byte in text.bytes() {
            let kind = match byte {
                b'0'..=b'9' => Kind::Digits,
                b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => Kind::Letters,
                _ => Kind::None,
            };
            if kind != self.kind {
                let is_key = kind == Kind::Digits && self.is_behind_dash;
                let is_behind_dash = self.kind == Kind::Letters && byte == b'-';
                self.end();
                (self.is_key, self.is_behind_dash) = (is_key, is_behind_dash);
                self.kind = kind;
            } else if kind == Kind::None {
                self.is_behind_dash = false;
            }
            if kind != Kind::None && !self.is_key {
                self.hash = (self.hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }

    /// Ends a word, if one has begun.
    pub(super) fn end(&mut self) {
        if self.kind != Kind::None {
            (self.each)(mixed(self.hash));
        }
        self.hash = START;
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
    use super::*;

    #[test]
    fn words_are_compared_without_case_marks_and_the_digits_of_keys() {
        assert_eq!(words("Send POST  /configure, PZ-13602!"), words("send `post` **configure** pz-7"));
        assert_ne!(words("port 5672"), words("port 5671"));
        assert_ne!(words("a b"), words("ab"));
        assert_eq!(words("צעד 1"), words("צעד: 1"));
        assert!(words(" -- ").is_empty());
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

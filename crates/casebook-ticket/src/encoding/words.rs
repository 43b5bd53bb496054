//! The words and marks that tickets use, for telling what was lost.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::codepage::{Codepage, Kind};

/// Which bytes Windows-1254 has no character for, and Windows-1252 but for two of them: a conversion loses them.
const LOST: [u8; 7] = [0x81, 0x8D, 0x8E, 0x8F, 0x90, 0x9D, 0x9E];

/// Letters that stand before a Hebrew word without being part of it.
const PREFIXES: &str = "ושהבלכמ";

/// What is known.
#[derive(Debug)]
pub(super) struct Lexicon {
    /// Hebrew words; those that tickets use are true.
    words: HashMap<&'static str, bool>,
    marks: Vec<Mark>,
    /// By the bytes that are left of them, characters that lose some.
    by_rest: HashMap<Vec<u8>, Vec<char>>,
}

/// A picture.
#[derive(Debug)]
struct Mark {
    character: char,
    is_common: bool,
    /// Words that it stands before.
    words: Vec<&'static str>,
}

/// The lexicon that is built in.
pub(super) fn lexicon() -> &'static Lexicon {
    static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
        let standard = include_str!("../standard.toml");
        Lexicon::parse(include_str!("words.txt"), standard)
    });
    &LEXICON
}

impl Lexicon {
    fn parse(text: &'static str, standard: &'static str) -> Self {
        let mut words = HashMap::new();
        let mut marks = Vec::new();
        let mut part = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix("= ") {
                part = name;
                continue;
            }
            match part {
                "tickets" => words.extend(line.split_whitespace().map(|word| (word, true))),
                "usual" => {
                    for word in line.split_whitespace() {
                        words.entry(word).or_insert(false);
                    }
                }
                "marks" => {
                    let mut line = line.split_whitespace();
                    let character = line.next().and_then(mark);
                    let words = line.collect();
                    marks.extend(character.map(|character| Mark { character, is_common: true, words }));
                }
                _ => marks.extend(line.split_whitespace().filter_map(mark).map(|character| Mark {
                    character,
                    is_common: false,
                    words: Vec::new(),
                })),
            }
        }
        let hebrew =
            standard.split(|character| !is_letter(character)).filter(|word| word.chars().count() > 1);
        words.extend(hebrew.map(|word| (word, true)));
        let letters = ('À'..='ž').chain('Α'..='ώ').chain('А'..='я').chain('א'..='ת').chain('ء'..='ي');
        let mut by_rest: HashMap<Vec<u8>, Vec<char>> = HashMap::new();
        for character in letters.chain(marks.iter().map(|mark: &Mark| mark.character)) {
            let bytes = character.to_string().into_bytes();
            let rest: Vec<_> = bytes.iter().copied().filter(|byte| !LOST.contains(byte)).collect();
            // Of a mark more must be left than what many begin with.
            if rest.len() < bytes.len() && (rest.len() > 1 || bytes.len() == 2) {
                by_rest.entry(rest).or_default().push(character);
            }
        }
        Self { words, marks, by_rest }
    }

    /// Which characters can have been there when these bytes are left.
    pub(super) fn candidates(&self, bytes: &[u8], codepage: Codepage) -> Vec<char> {
        if codepage == Codepage::Hebrew && bytes == [0xD7] {
            // It lacks more than the others.
            return vec!['א', 'ם', 'מ', 'ך', 'ל', 'ן'];
        }
        self.by_rest.get(bytes).cloned().unwrap_or_else(|| asian(bytes))
    }

    /// How well a Hebrew word is known: 0 not at all, more for those of tickets and without a prefix.
    pub(super) fn knows(&self, word: &str) -> u8 {
        let value =
            |word: &str| self.words.get(word).map_or(0_u8, |is_common| if *is_common { 4 } else { 2 });
        let known = value(word);
        let mut rest = word.chars();
        let mut prefixed = 0;
        for _ in 0..3 {
            if !rest.next().is_some_and(|letter| PREFIXES.contains(letter)) || rest.clone().count() < 2 {
                break;
            }
            prefixed = prefixed.max(value(rest.as_str()).saturating_sub(1));
        }
        known.max(prefixed)
    }

    /// Which of the candidates (of all marks, when there are none) stood before these words; what is alone possible is
    /// certain enough, and what a mark is mostly used for, too.
    pub(super) fn mark(&self, candidates: &[char], behind: &str) -> Option<char> {
        let behind: Vec<_> = behind
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(3)
            .collect();
        let possible: Vec<_> = self
            .marks
            .iter()
            .filter(|mark| candidates.is_empty() || candidates.contains(&mark.character))
            .collect();
        let only = |marks: Vec<&&Mark>| match marks.as_slice() {
            [mark] => Some(mark.character),
            _ => None,
        };
        // The nearest word says it.
        let meant = behind.iter().find_map(|word| {
            let is_meant = |mark: &&&Mark| mark.words.iter().any(|known| known.eq_ignore_ascii_case(word));
            only(possible.iter().filter(is_meant).collect())
        });
        if meant.is_some() || candidates.is_empty() {
            return meant;
        }
        only(possible.iter().collect())
            .or_else(|| only(possible.iter().filter(|mark| mark.is_common).collect()))
    }
}

fn mark(text: &str) -> Option<char> {
    match text.strip_prefix("U+") {
        Some(number) => u32::from_str_radix(number, 16).ok().and_then(char::from_u32),
        None => text.chars().next(),
    }
}

/// The characters of East Asia of which these two bytes can be left.
fn asian(bytes: &[u8]) -> Vec<char> {
    let &[lead @ (0xE0 | 0xE3..=0xED), left] = bytes else { return Vec::new() };
    let filled = LOST.iter().flat_map(|lost| [[lead, *lost, left], [lead, left, *lost]]);
    let decoded = filled.filter_map(|bytes| std::str::from_utf8(&bytes).ok()?.chars().next());
    decoded.filter(|character| Kind::of(*character) == Some(Kind::Asian)).collect()
}

/// Whether it is a Hebrew letter.
pub(super) fn is_letter(character: char) -> bool {
    ('א'..='ת').contains(&character)
}

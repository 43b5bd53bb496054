//! What a piece looks like when it is a heading.

use crate::markup::{Inline, Inlines, plain};
use crate::{Field, Standard};

use super::evidence;
use super::key::{Key, is_decoration};
use super::piece::Piece;
use super::title::Title;

/// Ranks below those of real headings (1 to 6): what is written in a weaker way stands inside what is written in a
/// stronger one.
pub(super) const STRONG: u8 = 7;
pub(super) const PLAIN: u8 = 8;
pub(super) const BULLET: u8 = 9;
pub(super) const ROW: u8 = 10;

/// A piece that may be a heading.
#[derive(Clone, Debug)]
pub(super) struct Sign {
    /// How strongly it is written; less is stronger.
    pub(super) rank: u8,
    /// Its words.
    pub(super) title: String,
    /// What it stands for, when the standard knows it.
    pub(super) field: Option<Field>,
    /// What stands behind it on its line.
    pub(super) value: Inlines,
    /// Whether it begins with a number, as a step does.
    pub(super) numbered: bool,
    /// Whether it begins a block.
    pub(super) first: bool,
}

impl Sign {
    /// What a piece looks like between its neighbours.
    pub(super) fn of(
        piece: &Piece,
        before: Option<&Piece>,
        after: Option<&Piece>,
        standard: &Standard,
    ) -> Option<Self> {
        match piece {
            Piece::Heading { level, text, .. } => Some(heading(text, *level, standard)),
            Piece::Line { text, first, .. } => {
                let runs_on = |after: &Piece| {
                    let same = |other: &Piece| other.block() == piece.block();
                    same(after)
                        && begins_small(after.line())
                        && before.is_some_and(|b| same(b) && is_open(b.line()))
                };
                let stands_alone = || {
                    (*first || before.is_none_or(|before| ends(before.line()))) && !after.is_some_and(runs_on)
                };
                line(text, *first, stands_alone, standard)
            }
            Piece::Item { start, .. } => {
                let key = Key::of(piece.line()).filter(|key| key.marked || key.strong)?;
                let sign = Self::keyed(key, BULLET, true, standard);
                Some(Self { numbered: start.is_some(), ..sign })
            }
            Piece::Block(_) => None,
        }
    }

    fn keyed(key: Key, rank: u8, first: bool, standard: &Standard) -> Self {
        let field = standard.field_of(&key.words).cloned();
        let numbered = is_numbered(&key.words);
        let mut sign = Self { rank, title: key.words, field, value: key.value, numbered, first };
        if sign.names_test() && sign.field == Some(Field::TestSteps) {
            sign.field = None;
        }
        sign
    }

    /// Whether a test's name stands behind it: `Test Case: Login`, `Test Scenario: Login`.
    pub(super) fn names_test(&self) -> bool {
        const WORDS: [&str; 5] = ["test case", "testcase", "test scenario", "מקרה בדיקה", "תרחיש בדיקה"];
        let words = self.title.trim();
        !self.value.is_empty()
            && WORDS.iter().any(|word| words.eq_ignore_ascii_case(word))
            && Title::of(&plain(&self.value)).key.is_none()
    }
}

/// Whether a line would begin a section: a field's, or one that other documents have.
pub(super) fn begins(text: &[Inline], standard: &Standard) -> bool {
    let is_known = |sign: Sign| sign.field.is_some() || evidence::is_heading(&sign.title);
    line(text, true, || true, standard).is_some_and(|sign| !sign.numbered && is_known(sign))
}

fn line(text: &[Inline], first: bool, stands_alone: impl Fn() -> bool, standard: &Standard) -> Option<Sign> {
    if let Some(key) = Key::of(text) {
        let rank = if key.strong { STRONG } else { PLAIN };
        return Some(Sign::keyed(key, rank, first, standard));
    }
    let words = bare(text)?;
    let field = standard.field_of(&words).cloned()?;
    stands_alone().then(|| Sign {
        rank: PLAIN,
        numbered: is_numbered(&words),
        title: words,
        field: Some(field),
        value: Inlines::new(),
        first,
    })
}

/// A line that is nothing but a few words, as a heading is that lost its mark in a paste.
fn bare(text: &[Inline]) -> Option<String> {
    let text = match text {
        [Inline::Text(text)] => text,
        [decoration, Inline::Text(text)] if is_decoration(decoration) => text,
        _ => return None,
    };
    let words = text.trim();
    let begins = words.chars().find(|character| character.is_alphabetic())?;
    let sound = words.len() <= 60
        && !begins.is_lowercase()
        && !words.ends_with(['.', ',', ';', '!', '?'])
        && words.split_whitespace().count() <= 7;
    sound.then(|| words.to_owned())
}

/// Whether a line is over, and does not run on into the next one.
fn ends(line: &[Inline]) -> bool {
    let words = plain(line);
    words.len() < 50 || words.trim_end().ends_with(['.', ':', ';', '!', '?', ')', '}', ']'])
}

/// Whether a sentence is not over at a line's end.
fn is_open(line: &[Inline]) -> bool {
    let words = plain(line);
    let mut words = words.split_whitespace();
    words.next_back().is_some_and(|word| word.chars().all(char::is_lowercase)) && words.nth(1).is_some()
}

/// Whether a line goes on with a sentence.
fn begins_small(line: &[Inline]) -> bool {
    matches!(line.first(), Some(Inline::Text(text)) if text.trim_start().starts_with(char::is_lowercase))
}

fn heading(text: &[Inline], level: u8, standard: &Standard) -> Sign {
    let words = plain(text);
    let words = words.trim();
    let sign = |title: &str, field: Option<Field>, value: Inlines| Sign {
        rank: level.clamp(1, 6),
        title: title.to_owned(),
        field,
        value,
        numbered: is_numbered(words),
        first: true,
    };
    if let Some(field) = standard.field_of(words) {
        return sign(words, Some(field.clone()), Inlines::new());
    }
    if let Some(field) = remarked(text, words, standard) {
        return sign(words, Some(field), Inlines::new());
    }
    if let Some(key) = Key::of(text).filter(|key| key.marked)
        && let Some(field) = standard.field_of(&key.words)
    {
        return sign(&key.words, Some(field.clone()), key.value);
    }
    sign(words, None, Inlines::new())
}

/// A heading with a remark behind it: `2. **Objective** ⚠️ missing!`, `Objective ⚠️ missing`.
fn remarked(text: &[Inline], words: &str, standard: &Standard) -> Option<Field> {
    let strong = text.iter().position(|run| matches!(run, Inline::Strong(_)));
    if let Some(Inline::Strong(inner)) = strong.map(|at| &text[at])
        && text[..strong?]
            .iter()
            .all(|run| matches!(run, Inline::Text(text) if text.chars().all(|c| !c.is_alphabetic())))
        && let Some(field) = standard.field_of(&plain(inner))
    {
        return Some(field.clone());
    }
    let end = words.char_indices().skip_while(|(_, c)| !c.is_alphabetic()).find(|(_, c)| is_emoji(*c))?.0;
    standard.field_of(&words[..end]).cloned()
}

/// Signs that people put into headings; also what is left of them after a wrong encoding.
pub(super) fn is_emoji(character: char) -> bool {
    matches!(character, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '\u{fffd}')
}

fn is_numbered(words: &str) -> bool {
    words.trim_start().starts_with(|character: char| character.is_ascii_digit())
}

//! From bytes to text, whatever they were encoded in and whatever happened to them on the way.

mod bytes;
mod codepage;
mod controls;
mod edits;
mod fill;
mod mojibake;
mod unit;
mod words;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::message::{Argument, Message, message};
use crate::{Lines, Note};
use codepage::Codepage;

/// How often text can have been encoded once too often.
const ROUNDS: usize = 4;

/// How many places a note names.
const NAMED: usize = 5;

/// Text, and what had to be done to get it.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The text, without a byte order mark; borrowed when nothing had to be done.
    pub text: Cow<'a, str>,
    /// What was repaired, what was guessed, and what could not be. Places are those in `text`: its lines are those of
    /// the file; its columns are not where characters were put right before them.
    pub notes: Vec<Note>,
    /// Whether it is text at all, and not the bytes of a picture or a program.
    pub is_text: bool,
}

/// Decodes a file: UTF-8, UTF-16, or an older encoding that is told by the bytes. What was damaged by an earlier
/// conversion is repaired where that is certain, and noted where not. There are no errors: what cannot be read is
/// U+FFFD, and noted.
#[must_use]
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    let read = bytes::characters(bytes);
    let is_text = is_text(&read.text);
    let legacy = read.told.map(|encoding| legacy_note(encoding, read.lines));
    let mut text = read.text;
    let mut repairs = Vec::new();
    let mut mended = Vec::new();
    let mut lost = Vec::new();
    for _ in 0..ROUNDS {
        let repaired = [Codepage::Western, Codepage::Hebrew]
            .into_iter()
            .find_map(|codepage| mojibake::repair(&text, codepage));
        let Some(repaired) = repaired else { break };
        repaired.edits.move_all(&mut mended);
        mended.extend(repaired.mended);
        lost = repaired.lost;
        text = Cow::Owned(repaired.text);
    }
    mended.sort_unstable();
    mended.dedup();
    repairs.push(Repair::new("encoding-repaired", mended, |characters, _| {
        message!(wrong_encoding_repaired, characters = characters)
    }));
    if controls::is_suspect(&text) {
        let cleaned = controls::clean(&text);
        for repair in &mut repairs {
            cleaned.edits.move_all(&mut repair.places);
        }
        cleaned.edits.move_all(lost.iter_mut().map(|(place, _)| place));
        repairs.push(Repair::new("encoding-repaired", cleaned.mended, |characters, _| {
            message!(latin1_repaired, characters = characters)
        }));
        repairs.push(Repair::new("encoding-repaired", cleaned.taken, |characters, _| {
            message!(unseen_taken_out, characters = characters)
        }));
        text = Cow::Owned(cleaned.text);
    }
    if memchr::memmem::find(text.as_bytes(), "\u{FFFD}".as_bytes()).is_some() {
        let filled = fill::fill(&text, &lost);
        for repair in &mut repairs {
            filled.edits.move_all(&mut repair.places);
        }
        repairs.push(Repair::new("encoding-repaired", filled.certain, |characters, _| {
            message!(lost_put_back, characters = characters)
        }));
        repairs.push(Repair::new("encoding-guessed", filled.guessed, |characters, words| {
            message!(lost_guessed, characters = characters, words = words)
        }));
        repairs.push(Repair::new("encoding-damaged", filled.open, |characters, words| {
            message!(lost, characters = characters, words = words)
        }));
        text = Cow::Owned(filled.text);
    }
    repairs.retain(|repair| !repair.places.is_empty());
    let notes = legacy.into_iter().chain(notes(&text, &repairs)).collect();
    Decoded { text, notes, is_text }
}

/// Whether a text has no more characters that nobody can see than a damaged one may have: one in twenty.
fn is_text(text: &str) -> bool {
    const SAMPLE: usize = 1 << 16;
    const FEW: usize = 32;
    let unseen = |character: &char| character.is_ascii_control() && !character.is_ascii_whitespace();
    let sample = || text.chars().take(SAMPLE);
    let count = sample().filter(unseen).count();
    count <= FEW || count * 20 <= sample().count()
}

fn legacy_note(encoding: &str, (first, count): (u32, usize)) -> Note {
    let text = match count {
        0 => message!(not_utf8, encoding = encoding),
        1 => message!(line_not_utf8, encoding = encoding),
        count => message!(lines_not_utf8, count = count, encoding = encoding),
    };
    Note { at: crate::At::new(first, 0), rule: "encoding-not-utf8", text }
}

/// Something that was done to a text in some places.
struct Repair {
    rule: &'static str,
    /// Offsets in the text, from its beginning to its end.
    places: Vec<usize>,
    /// Says it of so many characters, in these words.
    say: fn(Message, Argument) -> Message,
}

impl Repair {
    fn new(rule: &'static str, places: Vec<usize>, say: fn(Message, Argument) -> Message) -> Self {
        Self { rule, places, say }
    }

    /// How many characters, and the words of the first ones.
    fn note(&self, text: &str, lines: &Lines) -> Note {
        let characters = match self.places.len() {
            1 => message!(one_character),
            count => message!(characters, count = count),
        };
        // What stood inside of a line's end of two characters stood at the line's end.
        let at = |place: usize| {
            let is_inside = text[..place].ends_with('\r') && text[place..].starts_with('\n');
            lines.at(place - usize::from(is_inside))
        };
        let mut words: Vec<(&str, usize)> = Vec::new();
        for place in &self.places {
            let word = word_at(text, *place);
            if words.len() <= NAMED && !words.iter().any(|(known, _)| known.contains(word)) {
                words.push((word, at(*place).line as usize));
            }
        }
        let named =
            words.iter().take(NAMED).map(|(word, line)| message!(word_in_line, word = *word, line = *line));
        let named =
            if words.len() > NAMED { named.chain([message!(and_more)]).collect() } else { named.collect() };
        Note { at: at(self.places[0]), rule: self.rule, text: (self.say)(characters, named) }
    }
}

fn notes(text: &str, repairs: &[Repair]) -> Vec<Note> {
    if repairs.is_empty() {
        return Vec::new();
    }
    let parted = with_lone_returns_as_ends(text);
    let lines = Lines::new(&parted);
    repairs.iter().map(|repair| repair.note(text, &lines)).collect()
}

/// Old Macs' line ends are line ends too. Nothing changes its place by that.
fn with_lone_returns_as_ends(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut characters = text.chars().peekable();
    let mut out = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        let is_end = character == '\r' && characters.peek() != Some(&'\n');
        out.push(if is_end { '\n' } else { character });
    }
    Cow::Owned(out)
}

/// The word at an offset, at most some characters to each side.
fn word_at(text: &str, place: usize) -> &str {
    let is_end = |character: &char| character.is_whitespace() || "|*`,;:()".contains(*character);
    let before: usize = text[..place]
        .chars()
        .rev()
        .take(20)
        .take_while(|character| !is_end(character))
        .map(char::len_utf8)
        .sum();
    let behind: usize =
        text[place..].chars().take(20).take_while(|character| !is_end(character)).map(char::len_utf8).sum();
    &text[place - before..place + behind]
}

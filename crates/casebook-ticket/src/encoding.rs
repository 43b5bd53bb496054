//! From bytes to text, whatever they were encoded in and whatever happened to them on the way.

mod bytes;
mod codepage;
mod controls;
mod fill;
mod mojibake;
mod unit;
mod words;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

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
}

/// Decodes a file: UTF-8, UTF-16, or an older encoding that is told by the bytes. What was damaged by an earlier
/// conversion is repaired where that is certain, and noted where not. There are no errors: what cannot be read is
/// U+FFFD, and noted.
#[must_use]
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    let read = bytes::characters(bytes);
    let mut notes: Vec<_> = read.told.map(|encoding| legacy_note(encoding, read.lines)).into_iter().collect();
    let mut text = read.text;
    let mut mended = false;
    let mut lost = Vec::new();
    for _ in 0..ROUNDS {
        let repaired = [Codepage::Western, Codepage::Hebrew]
            .into_iter()
            .find_map(|codepage| mojibake::repair(&text, codepage));
        let Some(repaired) = repaired else { break };
        if !mended {
            notes.extend(note("encoding-repaired", &repaired.text, &repaired.mended, |count, _| {
                format!("UTF-8 had been read as another encoding; {count} put right without doubt")
            }));
        }
        mended = true;
        lost = repaired.lost;
        text = Cow::Owned(repaired.text);
    }
    if controls::is_suspect(&text) {
        let cleaned = controls::clean(&text);
        notes.extend(note("encoding-repaired", &cleaned.text, &cleaned.mended, |count, _| {
            format!("Windows-1252 had been read as Latin-1; {count} put right without doubt")
        }));
        notes.extend(note("encoding-repaired", &cleaned.text, &cleaned.taken, |count, _| {
            format!("{count} taken out that nobody can see and no format can hold, such as NUL")
        }));
        // What was lost keeps its place only when nothing before it went away.
        if cleaned.text.len() != text.len() {
            lost.clear();
        }
        text = Cow::Owned(cleaned.text);
    }
    if memchr::memmem::find(text.as_bytes(), "\u{FFFD}".as_bytes()).is_some() {
        let filled = fill::fill(&text, &lost);
        notes.extend(note("encoding-repaired", &filled.text, &filled.certain, |count, _| {
            format!("{count} had been lost and put back; the rest of the word leaves no doubt")
        }));
        notes.extend(note("encoding-guessed", &filled.text, &filled.guessed, |count, words| {
            format!("{count} had been lost and put back so that they make known words or marks: {words}")
        }));
        notes.extend(note("encoding-damaged", &filled.text, &filled.open, |count, words| {
            format!("{count} lost, and nobody can say for sure which (U+FFFD stands there): {words}")
        }));
        text = Cow::Owned(filled.text);
    }
    Decoded { text, notes }
}

fn legacy_note(encoding: &str, (first, count): (u32, usize)) -> Note {
    let which = match count {
        0 => "The text is".to_owned(),
        1 => "One line is".to_owned(),
        count => format!("{count} lines are"),
    };
    let text = format!("{which} not UTF-8, and read as {encoding}, which the bytes look like");
    Note { at: crate::At::new(first, 0), rule: "encoding-not-utf8", text }
}

/// A note about characters at these offsets: how many, and the words of the first ones.
fn note(
    rule: &'static str,
    text: &str,
    places: &[usize],
    say: impl Fn(&str, &str) -> String,
) -> Option<Note> {
    let first = places.first()?;
    let lines = Lines::new(text);
    let count = match places.len() {
        1 => "1 character".to_owned(),
        count => format!("{count} characters"),
    };
    let mut words: Vec<String> = Vec::new();
    for place in places {
        let word = word_at(text, *place);
        if words.len() <= NAMED && !words.iter().any(|known| known.contains(word)) {
            words.push(format!("\"{word}\" in line {}", lines.at(*place).line));
        }
    }
    let more = if words.len() > NAMED { ", ..." } else { "" };
    words.truncate(NAMED);
    Some(Note { at: lines.at(*first), rule, text: say(&count, &(words.join(", ") + more)) })
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

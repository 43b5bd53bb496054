//! Paths into JSON: the part of RFC 9535 that tests need.

use std::fmt;

use super::cursor::quoted;
use crate::message::{Message, message};

/// A path from the root of a JSON value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Segment>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A field: `.name` or `["any name"]`.
    Key(String),
    /// An element, from 0: `[2]`.
    Index(u32),
    /// Every element or field: `[*]`.
    All,
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("$")?;
        segments(&self.0, formatter)
    }
}

/// Whether a character can stand in a key that is written without quotes.
pub(super) fn is_key(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

pub(super) fn segments(path: &[Segment], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for segment in path {
        match segment {
            Segment::Key(key) if !key.is_empty() && key.chars().all(is_key) => write!(formatter, ".{key}")?,
            Segment::Key(key) => write!(formatter, "[{}]", quoted(key))?,
            Segment::Index(index) => write!(formatter, "[{index}]")?,
            Segment::All => formatter.write_str("[*]")?,
        }
    }
    Ok(())
}

/// Reads segments as far as there are any; what remains comes back with them. The error says what is wrong.
pub(super) fn read(mut text: &str) -> Result<(Vec<Segment>, &str), Message> {
    let mut path = Vec::new();
    loop {
        if let Some(rest) = text.strip_prefix('[') {
            let (segment, rest) = bracket(rest)?;
            path.push(segment);
            text = rest;
            continue;
        }
        let key = text.strip_prefix('.').map(|rest| {
            let end = rest.find(|character| !is_key(character)).unwrap_or(rest.len());
            rest.split_at(end)
        });
        match key {
            Some((key, rest)) if !key.is_empty() => {
                path.push(Segment::Key(key.to_owned()));
                text = rest;
            }
            _ => return Ok((path, text)),
        }
    }
}

fn bracket(text: &str) -> Result<(Segment, &str), Message> {
    if let Some(rest) = text.strip_prefix("*]") {
        return Ok((Segment::All, rest));
    }
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return key(inner, quote).ok_or_else(|| message!(bracket_quote_open, quote = quote.to_string()));
        }
    }
    let (index, rest) = text.split_once(']').ok_or_else(|| message!(bracket_open))?;
    match index.parse() {
        Ok(index) if !text.starts_with('+') => Ok((Segment::Index(index), rest)),
        _ => Err(message!(no_element, index = index)),
    }
}

/// A quoted key with its bracket; the opening quote is behind us.
fn key(text: &str, quote: char) -> Option<(Segment, &str)> {
    let mut key = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((offset, character)) = characters.next() {
        if character == quote {
            let rest = text[offset + 1..].strip_prefix(']')?;
            return Some((Segment::Key(key), rest));
        }
        match (character, characters.peek()) {
            ('\\', Some((_, next))) if *next == quote || *next == '\\' => {
                key.push(*next);
                characters.next();
            }
            _ => key.push(character),
        }
    }
    None
}

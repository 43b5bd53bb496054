//! The words of one span, one after the other.

use super::SyntaxError;
use crate::At;
use crate::message::{Message, message};

/// One word: a run without spaces, except inside of quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    /// Where it begins in the span, in bytes.
    pub(super) offset: usize,
    /// As it stands, quotes included.
    pub(super) raw: &'a str,
}

impl Token<'_> {
    pub(super) fn is_string(&self) -> bool {
        self.raw.starts_with('"')
    }
}

/// Goes through the words of a span.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: At,
    tokens: Vec<Token<'a>>,
    next: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, at: At) -> Result<Self, SyntaxError> {
        let mut cursor = Self { text, at, tokens: Vec::new(), next: 0 };
        if let Some(offset) = text.trim().find(['\n', '\r']) {
            return Err(cursor.fail_at(offset, message!(one_line), message!(each_in_its_own_span)));
        }
        let (mut start, mut quoted, mut escaped) = (None, false, false);
        for (offset, character) in text.char_indices() {
            if character.is_whitespace() && !quoted {
                if let Some(start) = start.take() {
                    cursor.tokens.push(Token { offset: start, raw: &text[start..offset] });
                }
                continue;
            }
            if start.is_none() {
                start = Some(offset);
            }
            if character == '"' && !escaped {
                quoted = !quoted;
            }
            escaped = quoted && character == '\\' && !escaped;
        }
        if let Some(start) = start {
            cursor.tokens.push(Token { offset: start, raw: &text[start..] });
            if quoted {
                return Err(cursor.fail_at(start, message!(quote_open), message!(end_with_quote)));
            }
        }
        Ok(cursor)
    }

    /// The next word, which stays.
    pub(super) fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.next).copied()
    }

    /// The next word.
    pub(super) fn advance(&mut self) -> Option<Token<'a>> {
        let token = self.peek()?;
        self.next += 1;
        Some(token)
    }

    /// The next word; the remedy when there is none.
    pub(super) fn need(&mut self, what: Message, remedy: Message) -> Result<Token<'a>, SyntaxError> {
        match self.advance() {
            Some(token) => Ok(token),
            None => Err(self.fail_at(self.text.len(), message!(missing, what = what), remedy)),
        }
    }

    /// Whether the next word is this one; it is taken when it is.
    pub(super) fn accept(&mut self, word: &str) -> bool {
        let is_it = self.peek().is_some_and(|token| token.raw == word);
        self.next += usize::from(is_it);
        is_it
    }

    /// The next word's content, when it is quoted.
    pub(super) fn string(&mut self, what: Message, remedy: Message) -> Result<String, SyntaxError> {
        let token = self.need(what.clone(), remedy.clone())?;
        match unquoted(token.raw) {
            Some(text) => Ok(text),
            None => Err(self.fail(token, message!(not_quoted, what = what, word = shown(token.raw)), remedy)),
        }
    }

    /// That a word is wrong.
    pub(super) fn fail(&self, token: Token<'_>, what: Message, remedy: Message) -> SyntaxError {
        self.fail_at(token.offset, what, remedy)
    }

    /// Where a word stands.
    pub(super) fn place(&self, token: Token<'_>) -> At {
        self.position(token.offset)
    }

    fn position(&self, offset: usize) -> At {
        let columns = self.text[..offset.min(self.text.len())].chars().count() as u32;
        let column = if self.at.column == 0 { 0 } else { self.at.column + columns };
        At::new(self.at.line, column)
    }

    fn fail_at(&self, offset: usize, what: Message, remedy: Message) -> SyntaxError {
        SyntaxError { at: self.position(offset), what, remedy, nearest: None }
    }
}

/// A word as it is quoted in a message: not longer than a reader wants to see.
pub(super) fn shown(word: &str) -> String {
    const LONGEST: usize = 40;
    match word.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", &word[..end]),
        None => format!("`{word}`"),
    }
}

/// What stands between quotes. `\"` is a quote and `\\` a backslash; any other backslash stands for itself, so that
/// regular expressions need no more of them than elsewhere.
pub(super) fn unquoted(raw: &str) -> Option<String> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some(next @ ('"' | '\\'))) => {
                out.push(*next);
                characters.next();
            }
            // A word like `"a"b"c"`: only its ends look like a string's.
            ('"', _) | ('\\', None) => return None,
            _ => out.push(character),
        }
    }
    Some(out)
}

/// The text in quotes, as [`unquoted`] reads it.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

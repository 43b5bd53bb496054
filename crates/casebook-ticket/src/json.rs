//! JSON with positions, read value by value, so that of a large export only one value is held at a time.

use std::borrow::Cow;

use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::tokens::Token;
use jsonc_parser::{ParseStringErrorKind, Scanner, ScannerOptions};

use crate::message::{Message, message};
use crate::unpacked::Unpacked;
use crate::{At, Places, ReadError};

/// How deep values may be nested. A list in a list takes four levels of an ADF.
const DEEPEST: usize = 200;

/// A text in JSON.
pub(crate) struct Json<'a> {
    file: &'a str,
    pub(crate) text: &'a str,
    places: &'a dyn Places,
}

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    start: usize,
    end: usize,
    pub(crate) value: Value<'a>,
}

#[derive(Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool,
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Json<'a> {
    /// A text, the name of the file for messages, and where the text stands in it.
    pub(crate) fn new(file: &'a str, text: &'a str, places: &'a dyn Places) -> Self {
        Self { file, text, places }
    }

    /// Reads from the beginning.
    pub(crate) fn reader(&'a self) -> Reader<'a> {
        let options = ScannerOptions {
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        Reader { json: self, scanner: Scanner::new(self.text, &options), peeked: None }
    }

    /// The whole text as one value.
    pub(crate) fn value(&'a self) -> Result<Node<'a>, ReadError> {
        let mut reader = self.reader();
        let value = reader.value()?;
        reader.end()?;
        Ok(value)
    }

    /// Where a value begins; of a string, its text.
    pub(crate) fn at(&self, node: &Node<'_>) -> At {
        self.places.at(node.start + usize::from(matches!(node.value, Value::String(_))))
    }

    /// A value as it stands.
    pub(crate) fn source(&self, node: &Node<'_>) -> &'a str {
        &self.text[node.start..node.end]
    }

    /// Where the bytes of a string's text stand.
    pub(crate) fn places(&self, node: &Node<'_>) -> Unpacked<'a> {
        match &node.value {
            Value::String(Cow::Owned(_)) => {
                Unpacked::json(self.places, node.start + 1, &self.text[node.start + 1..node.end - 1])
            }
            _ => Unpacked::plain(self.places, node.start + 1),
        }
    }

    /// That a value is not what it should be.
    pub(crate) fn error(&self, node: &Node<'_>, text: Message) -> ReadError {
        self.error_at(node.start, text)
    }

    fn error_at(&self, offset: usize, text: Message) -> ReadError {
        ReadError { file: self.file.to_owned(), at: self.places.at(offset), text }
    }
}

/// Reads a JSON from its beginning to its end.
pub(crate) struct Reader<'a> {
    json: &'a Json<'a>,
    scanner: Scanner<'a>,
    peeked: Option<Positioned<'a>>,
}

/// A token with where it begins and ends.
type Positioned<'a> = (usize, Token<'a>, usize);

impl<'a> Reader<'a> {
    /// Whether an object comes next.
    pub(crate) fn is_object(&mut self) -> Result<bool, ReadError> {
        Ok(matches!(self.peek()?, Some((_, Token::OpenBrace, _))))
    }

    /// Whether an array comes next.
    pub(crate) fn is_array(&mut self) -> Result<bool, ReadError> {
        Ok(matches!(self.peek()?, Some((_, Token::OpenBracket, _))))
    }

    /// Where the next value begins, for [`Reader::object_from`].
    pub(crate) fn offset(&mut self) -> Result<usize, ReadError> {
        let end = self.json.text.len();
        Ok(self.peek()?.map_or(end, |(start, ..)| *start))
    }

    /// An object that was read property by property, from an offset up to here.
    pub(crate) fn object_from(&self, start: usize, properties: Vec<(Cow<'a, str>, Node<'a>)>) -> Node<'a> {
        Node { start, end: self.scanner.token_end(), value: Value::Object(properties) }
    }

    /// Passes the next value over.
    pub(crate) fn skip(&mut self) -> Result<(), ReadError> {
        let mut depth = 0_usize;
        loop {
            match self.token()?.1 {
                Token::OpenBrace | Token::OpenBracket => depth += 1,
                Token::CloseBrace | Token::CloseBracket => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Reads an array; what reads one element is told its number.
    pub(crate) fn array(
        &mut self,
        element: impl FnMut(&mut Self, usize) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.token()?;
        self.elements(element)
    }

    /// Reads the elements of an array and its end.
    fn elements(
        &mut self,
        mut element: impl FnMut(&mut Self, usize) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut number = 0;
        while self.goes_on(&Token::CloseBracket, number == 0)? {
            element(self, number)?;
            number += 1;
        }
        Ok(())
    }

    /// Reads an object; what reads one value is told its key.
    pub(crate) fn object(
        &mut self,
        property: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.token()?;
        self.properties(property)
    }

    /// Reads the properties of an object and its end.
    fn properties(
        &mut self,
        mut property: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut is_first = true;
        while self.goes_on(&Token::CloseBrace, is_first)? {
            is_first = false;
            let (start, token, _) = self.token()?;
            let Token::String(key) = token else {
                return Err(self.broken(start, message!(key_expected)));
            };
            match self.token()? {
                (_, Token::Colon, _) => property(self, key)?,
                (at, ..) => return Err(self.broken(at, message!(colon_missing))),
            }
        }
        Ok(())
    }

    /// Reads the next value whole.
    pub(crate) fn value(&mut self) -> Result<Node<'a>, ReadError> {
        self.nested(0)
    }

    fn nested(&mut self, depth: usize) -> Result<Node<'a>, ReadError> {
        if self.peek()?.is_none() {
            return Err(self.broken(self.json.text.len(), message!(value_missing)));
        }
        let (start, token, end) = self.token()?;
        if depth > DEEPEST {
            return Err(self.json.error_at(start, message!(too_deep, depth = DEEPEST)));
        }
        let value = match token {
            Token::OpenBracket => {
                let mut elements = Vec::new();
                self.elements(|reader, _| {
                    elements.push(reader.nested(depth + 1)?);
                    Ok(())
                })?;
                return Ok(Node { start, end: self.scanner.token_end(), value: Value::Array(elements) });
            }
            Token::OpenBrace => {
                let mut properties = Vec::new();
                self.properties(|reader, key| {
                    properties.push((key, reader.nested(depth + 1)?));
                    Ok(())
                })?;
                return Ok(self.object_from(start, properties));
            }
            Token::String(text) => Value::String(text),
            Token::Number(number) => Value::Number(number),
            Token::Boolean(_) => Value::Bool,
            Token::Null => Value::Null,
            _ => return Err(self.broken(start, message!(value_expected))),
        };
        Ok(Node { start, end, value })
    }

    /// Sees to it that nothing comes behind.
    pub(crate) fn end(&mut self) -> Result<(), ReadError> {
        match self.peek()? {
            None => Ok(()),
            Some(&(start, ..)) => Err(self.broken(start, message!(behind_the_end))),
        }
    }

    /// Whether another element comes, and not the closing token.
    fn goes_on(&mut self, close: &Token<'a>, is_first: bool) -> Result<bool, ReadError> {
        let wanted = || message!(comma_or, close = if *close == Token::CloseBrace { "}" } else { "]" });
        let Some((start, token, _)) = self.peek()? else {
            return Err(self.broken(self.json.text.len(), message!(ends_without, wanted = wanted())));
        };
        let (start, is_close, is_comma) = (*start, token == close, *token == Token::Comma);
        if is_close {
            self.token()?;
            return Ok(false);
        }
        if is_first {
            return Ok(true);
        }
        if !is_comma {
            return Err(self.broken(start, message!(missing_before, wanted = wanted())));
        }
        self.token()?;
        Ok(true)
    }

    fn peek(&mut self) -> Result<Option<&Positioned<'a>>, ReadError> {
        if self.peeked.is_none() {
            self.peeked = loop {
                match self.scanner.scan() {
                    Ok(None) => break None,
                    Ok(Some(Token::CommentLine(_) | Token::CommentBlock(_))) => {}
                    Ok(Some(token)) => {
                        break Some((self.scanner.token_start(), token, self.scanner.token_end()));
                    }
                    Err(error) => return Err(self.broken(error.range().start, reason(error.kind()))),
                }
            };
        }
        Ok(self.peeked.as_ref())
    }

    fn token(&mut self) -> Result<Positioned<'a>, ReadError> {
        self.peek()?;
        self.peeked.take().ok_or_else(|| self.broken(self.json.text.len(), message!(ends_in_the_middle)))
    }

    fn broken(&self, offset: usize, why: Message) -> ReadError {
        self.json.error_at(offset, message!(no_json, why = why))
    }
}

fn reason(kind: &ParseErrorKind) -> Message {
    match kind {
        ParseErrorKind::String(ParseStringErrorKind::UnterminatedStringLiteral) => {
            message!(string_open)
        }
        ParseErrorKind::SingleQuotedStringsNotAllowed => message!(double_quotes),
        kind => {
            let text = kind.to_string();
            let mut characters = text.chars();
            let first = characters.next().into_iter().flat_map(char::to_lowercase);
            message!(json_error, error = first.chain(characters).collect::<String>())
        }
    }
}

impl<'a> Node<'a> {
    /// The value of a key, unless it is null.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let node = &self.properties().iter().find(|(name, _)| name == key)?.1;
        (!matches!(node.value, Value::Null)).then_some(node)
    }

    /// The value at the end of a chain of keys.
    pub(crate) fn path(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The keys and values of an object; nothing of other values.
    pub(crate) fn properties(&self) -> &[(Cow<'a, str>, Self)] {
        match &self.value {
            Value::Object(properties) => properties,
            _ => &[],
        }
    }

    /// The elements of an array; nothing of other values.
    pub(crate) fn elements(&self) -> &[Self] {
        match &self.value {
            Value::Array(elements) => elements,
            _ => &[],
        }
    }

    /// The text of a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string at a key.
    pub(crate) fn text_at(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// The whole number at a key.
    pub(crate) fn number_at(&self, key: &str) -> Option<u64> {
        match self.get(key)?.value {
            Value::Number(number) => number.parse().ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

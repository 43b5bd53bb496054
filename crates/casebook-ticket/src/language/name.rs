//! Names: of what the environment has, of results, and of test data.

use std::fmt;

use super::path::{self, Segment, is_key, segments};
use crate::message::{Message, message};

/// A name of the environment's, e.g. `$focus`, or of a captured result: lower-case letters, digits and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Variable(String);

/// The name of test data, e.g. `@live`: of a fenced block in the ticket's *Test Data*.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DataName(String);

/// A variable, or a part of it: `$answer.json.job_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Whose part it is.
    pub name: Variable,
    /// Which part; empty for the whole.
    pub path: Vec<Segment>,
}

/// Text with references in it, e.g. `$focus/job/$answer.json.job_id`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(pub Vec<TemplatePart>);

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    /// Text as it is.
    Text(String),
    /// What is put in its place.
    Reference(Reference),
}

/// Whether a text is a name.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| is_in_name(byte.into()))
}

fn is_in_name(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
}

impl Variable {
    /// A variable, when the text without its `$` is a name.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        is_name(name).then(|| Self(name.to_owned()))
    }

    /// The name without its `$`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl DataName {
    /// A name of test data, when the text without its `@` is a name.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        is_name(name).then(|| Self(name.to_owned()))
    }

    /// The name without its `@`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Reference {
    /// Reads `$name.path` as far as it goes; what remains comes back with it.
    pub(super) fn read(text: &str) -> Result<(Self, &str), Message> {
        let shape = || message!(dollar_begins_name);
        let rest = text.strip_prefix('$').ok_or_else(shape)?;
        if let Some(inner) = rest.strip_prefix('{') {
            let (reference, rest) = Self::behind_dollar(inner).ok_or_else(shape)??;
            let rest = rest.strip_prefix('}').ok_or_else(|| message!(brace_open))?;
            return Ok((reference, rest));
        }
        let (reference, rest) = Self::behind_dollar(rest).ok_or_else(shape)??;
        if rest.starts_with(is_key) { Err(shape()) } else { Ok((reference, rest)) }
    }

    fn behind_dollar(text: &str) -> Option<Result<(Self, &str), Message>> {
        let end = text.find(|character| !is_in_name(character)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let name = Variable::new(name)?;
        Some(path::read(rest).map(|(path, rest)| (Self { name, path }, rest)))
    }

    /// A whole text that is one reference.
    pub(super) fn whole(text: &str) -> Option<Self> {
        Self::read(text).ok().filter(|(_, rest)| rest.is_empty()).map(|(reference, _)| reference)
    }
}

impl Template {
    /// Reads text with references in it; the error says what is wrong.
    pub(super) fn read(mut text: &str) -> Result<Self, Message> {
        let mut parts = Vec::new();
        while !text.is_empty() {
            let end = text.find('$').unwrap_or(text.len());
            if end > 0 {
                parts.push(TemplatePart::Text(text[..end].to_owned()));
                text = &text[end..];
            } else {
                let (reference, rest) = Reference::read(text)?;
                parts.push(TemplatePart::Reference(reference));
                text = rest;
            }
        }
        Ok(Self(parts))
    }

    /// The references in it.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.0.iter().filter_map(|part| match part {
            TemplatePart::Reference(reference) => Some(reference),
            TemplatePart::Text(_) => None,
        })
    }

    /// The variable, when it is that and nothing else.
    #[must_use]
    pub fn variable(&self) -> Option<&Variable> {
        match self.0.as_slice() {
            [TemplatePart::Reference(Reference { name, path })] if path.is_empty() => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "${}", self.0)
    }
}

impl fmt::Display for DataName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "@{}", self.0)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(formatter)?;
        segments(&self.path, formatter)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.0.iter().enumerate() {
            match part {
                TemplatePart::Text(text) => formatter.write_str(text)?,
                TemplatePart::Reference(reference) => match self.0.get(number + 1) {
                    Some(TemplatePart::Text(next)) if goes_on(next) => {
                        write!(formatter, "${{{}", reference.name.name())?;
                        segments(&reference.path, formatter)?;
                        formatter.write_str("}")?;
                    }
                    _ => reference.fmt(formatter)?,
                },
            }
        }
        Ok(())
    }
}

/// Whether a text behind a reference would be read as a part of it.
fn goes_on(text: &str) -> bool {
    let mut characters = text.chars();
    match characters.next() {
        Some('[') => true,
        Some('.') => characters.next().is_some_and(is_key),
        Some(first) => is_key(first),
        None => false,
    }
}

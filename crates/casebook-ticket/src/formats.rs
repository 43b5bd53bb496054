//! Tickets out of files and into them, in every format.

pub(crate) mod adf;
mod columns;
mod document;
mod feature;
mod issue;
pub(crate) mod jira_csv;
pub(crate) mod jira_json;
pub(crate) mod markdown;
mod table;
#[cfg(test)]
mod testing;
mod told;
pub(crate) mod wiki;
pub(crate) mod xray_csv;
pub(crate) mod xray_json;

use std::borrow::Cow;

use crate::encoding::{self, Decoded};
use crate::message::{Message, message};
use crate::{At, Format, Found, ReadError, Source, Standard, Ticket};

/// Reads a source ticket by ticket: each is handed on as soon as it is there, so that a large export is never held
/// as a whole.
///
/// # Errors
///
/// When the source as a whole cannot be read; what was found before has been handed on.
pub fn read_each(
    source: Source<'_>,
    standard: &Standard,
    each: &mut dyn FnMut(Found),
) -> Result<(), ReadError> {
    let Decoded { text, notes, is_text } = encoding::decode(source.bytes);
    if !is_text {
        return Err(File { name: source.name, text: "" }.error(At::default(), message!(binary)));
    }
    notes.into_iter().map(Found::Note).for_each(&mut *each);
    let text = with_plain_line_ends(&text);
    let file = File { name: source.name, text: &text };
    match source.format.unwrap_or_else(|| told::by(source.name, &text)) {
        Format::Markdown => markdown::read_each(file, standard, each),
        Format::Adf => adf::read_each(file, standard, each),
        Format::Wiki if feature::is_one(file.name, file.text) => {
            feature::read_each(file, standard, each);
            Ok(())
        }
        Format::Wiki => {
            wiki::read_each(file, standard, each);
            Ok(())
        }
        Format::JiraCsv => jira_csv::read_each(file, standard, each),
        Format::XrayCsv => xray_csv::read_each(file, standard, each),
        Format::JiraJson => jira_json::read_each(file, standard, each),
        Format::XrayJson => xray_json::read_each(file, standard, each),
    }
}

/// The format of a text, told by the file's name and by what stands in it; the name is not believed where the text
/// is clearly something else, e.g. wiki markup that was pasted into a file for Markdown.
#[must_use]
pub fn detect(name: &str, text: &str) -> Format {
    told::by(name, text)
}

/// Writes tickets into one file.
///
/// # Errors
///
/// When the format cannot hold what the tickets say.
pub fn write(tickets: &[Ticket], format: Format, standard: &Standard) -> Result<String, WriteError> {
    match format {
        Format::Markdown => Ok(markdown::write(tickets, standard)),
        Format::Adf => adf::write(tickets, standard),
        Format::Wiki => wiki::write(tickets, standard),
        Format::JiraCsv => jira_csv::write(tickets, standard),
        Format::XrayCsv => xray_csv::write(tickets, standard),
        Format::JiraJson => Ok(jira_json::write(tickets, standard)),
        Format::XrayJson => xray_json::write(tickets, standard),
    }
}

/// A source that is text by now; its lines end in `\n`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File<'a> {
    /// Its name, for messages and origins; empty for a pipe.
    pub(crate) name: &'a str,
    /// All of it.
    pub(crate) text: &'a str,
}

impl File<'_> {
    /// Why it cannot be read.
    pub(crate) fn error(self, at: At, text: Message) -> ReadError {
        ReadError { file: self.name.to_owned(), at, text }
    }
}

/// What a format cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} cannot hold {what}{}; {remedy}", .format.name(), .ticket.as_ref().map(|key| format!(" ({key})")).unwrap_or_default())]
pub struct WriteError {
    /// The format.
    pub format: Format,
    /// The ticket's key or summary, where one is to blame.
    pub ticket: Option<String>,
    /// What it cannot hold, e.g. `several tickets`.
    pub what: String,
    /// What can be done.
    pub remedy: String,
}

impl WriteError {
    /// An error about the tickets as a whole.
    #[must_use]
    pub fn new(format: Format, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { format, ticket: None, what: what.into(), remedy: remedy.into() }
    }

    /// The same about one ticket.
    #[must_use]
    pub fn of(mut self, ticket: &Ticket) -> Self {
        self.ticket = ticket.text(&crate::Field::Key).or_else(|| ticket.text(&crate::Field::Summary));
        self
    }
}

/// Windows' and old Macs' line ends become plain ones: no line or column moves by that.
fn with_plain_line_ends(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_said_with_ticket_and_remedy() {
        let mut ticket = Ticket::default();
        ticket.add(crate::Section {
            name: crate::Name::Field(crate::Field::Key),
            at: At::default(),
            body: vec![crate::markup::Block::paragraph(At::default(), "PZ-1")],
        });
        let error = WriteError::new(Format::XrayCsv, "lists in steps", "use xray-json").of(&ticket);
        assert_eq!(error.to_string(), "xray-csv cannot hold lists in steps (PZ-1); use xray-json");
    }
}

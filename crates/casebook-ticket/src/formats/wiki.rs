//! Tickets in Jira's wiki markup, and in plain text as people paste it.

use super::{File, WriteError, document, issue};
use crate::{At, Format, Found, Lines, Origin, Standard, Ticket, wiki};

/// Any text is wiki markup, and be it a single paragraph.
pub(crate) fn read_each(file: File<'_>, standard: &Standard, each: &mut dyn FnMut(Found)) {
    let mut notes = Vec::new();
    let blocks = wiki::read_noting(file.text, &Lines::new(file.text), &mut notes);
    let origin = Origin { file: file.name.to_owned(), format: Format::Wiki, at: At::new(1, 1), place: None };
    notes.into_iter().map(Found::Note).for_each(&mut *each);
    document::found(blocks, standard, origin).into_iter().for_each(each);
}

/// One ticket, each section under a heading of the second level.
pub(crate) fn write(tickets: &[Ticket], standard: &Standard) -> Result<String, WriteError> {
    let [ticket] = tickets else {
        return Err(WriteError::new(Format::Wiki, "several tickets", "write each to a file of its own"));
    };
    Ok(wiki::write(&document::blocks(ticket, issue::kept_by_wiki, standard)))
}

#[cfg(test)]
mod tests;

//! Tickets in Jira's wiki markup, and in plain text as people paste it.

use crate::formats::{File, WriteError};
use crate::markup::Block;
use crate::{At, Format, Found, Lines, Name, Origin, Standard, Ticket, outline, wiki};

/// Any text is wiki markup, and be it a single paragraph.
pub(crate) fn read_each(file: File<'_>, standard: &Standard, each: &mut dyn FnMut(Found)) {
    let mut notes = Vec::new();
    let blocks = wiki::read_noting(file.text, &Lines::new(file.text), &mut notes);
    let origin = Origin { file: file.name.to_owned(), format: Format::Wiki, at: At::new(1, 1), place: None };
    notes.into_iter().map(Found::Note).for_each(&mut *each);
    outline::tickets(blocks, standard, origin).into_iter().for_each(each);
}

/// One ticket, each section under a heading of the second level.
pub(crate) fn write(tickets: &[Ticket], standard: &Standard) -> Result<String, WriteError> {
    let [ticket] = tickets else {
        return Err(WriteError::new(Format::Wiki, "several tickets", "write each to a file of its own"));
    };
    let mut blocks = Vec::new();
    for section in &ticket.sections {
        let heading = match &section.name {
            Name::Field(field) => standard.rule(field).map_or(field.id(), |rule| &rule.name.en),
            Name::Other(heading) => heading,
        };
        if !heading.is_empty() {
            let text = crate::markup::lines(section.at, heading);
            blocks.push(Block::Heading { at: section.at, level: 2, text });
        }
        blocks.extend(section.body.iter().cloned());
    }
    Ok(wiki::write(&blocks))
}

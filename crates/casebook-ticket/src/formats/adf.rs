//! Tickets as an ADF document, to paste.

use crate::formats::{File, WriteError};
use crate::json::Json;
use crate::markup::{Block, Inline};
use crate::{At, Format, Found, Lines, Name, Origin, ReadError, Standard, Ticket, adf, outline};

pub(crate) fn read_each(
    file: File<'_>,
    standard: &Standard,
    each: &mut dyn FnMut(Found),
) -> Result<(), ReadError> {
    let lines = Lines::new(file.text);
    let json = Json::new(file.name, file.text, &lines);
    let document = json.value()?;
    if !adf::is_document(&document) {
        return Err(json.error(&document, adf::NO_DOCUMENT));
    }
    let origin = Origin { file: file.name.to_owned(), format: Format::Adf, at: At::new(1, 1), place: None };
    outline::tickets(adf::document(&json, &document), standard, origin).into_iter().for_each(each);
    Ok(())
}

/// Writes one ticket: a heading of the second level for each section.
pub(crate) fn write(tickets: &[Ticket], standard: &Standard) -> Result<String, WriteError> {
    let [ticket] = tickets else {
        let remedy = "write each into a file of its own";
        return Err(WriteError::new(Format::Adf, format!("{} tickets", tickets.len()), remedy));
    };
    let mut blocks = Vec::new();
    for section in &ticket.sections {
        let heading = match &section.name {
            Name::Field(field) => standard.rule(field).map_or(field.id(), |rule| &rule.name.en),
            Name::Other(heading) => heading,
        };
        if !heading.is_empty() {
            let text = vec![Inline::Text(heading.to_owned())];
            blocks.push(Block::Heading { at: section.at, level: 2, text });
        }
        blocks.extend(section.body.iter().cloned());
    }
    Ok(format!("{:#}\n", adf::write(&blocks)))
}

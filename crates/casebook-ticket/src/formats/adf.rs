//! Tickets as an ADF document, to paste.

use super::{File, WriteError, document};
use crate::json::Json;
use crate::{At, Format, Found, Lines, Origin, ReadError, Standard, Ticket, adf};

pub(crate) fn read_each(
    file: File<'_>,
    standard: &Standard,
    each: &mut dyn FnMut(Found),
) -> Result<(), ReadError> {
    let lines = Lines::new(file.text);
    let json = Json::new(file.name, file.text, &lines);
    let document = json.value()?;
    if !adf::is_document(&document) {
        return Err(json.error(&document, adf::no_document()));
    }
    let origin = Origin { file: file.name.to_owned(), format: Format::Adf, at: At::new(1, 1), place: None };
    document::found(adf::document(&json, &document), standard, origin).into_iter().for_each(each);
    Ok(())
}

/// Writes one ticket: a heading of the second level for each section.
pub(crate) fn write(tickets: &[Ticket], standard: &Standard) -> Result<String, WriteError> {
    let [ticket] = tickets else {
        let remedy = "write each into a file of its own";
        return Err(WriteError::new(Format::Adf, format!("{} tickets", tickets.len()), remedy));
    };
    Ok(format!("{:#}\n", adf::write(&document::blocks(ticket, adf::fit, standard))))
}

#[cfg(test)]
mod tests;

//! Tickets in Markdown.

use crate::formats::{File, WriteError};
use crate::{At, Format, Found, Lines, Name, Origin, ReadError, Standard, Ticket, markdown, outline};

pub(crate) fn read_each(
    file: File<'_>,
    standard: &Standard,
    each: &mut dyn FnMut(Found),
) -> Result<(), ReadError> {
    let blocks = markdown::read(file.text, &Lines::new(file.text));
    let origin =
        Origin { file: file.name.to_owned(), format: Format::Markdown, at: At::new(1, 1), place: None };
    outline::tickets(blocks, standard, origin).into_iter().for_each(each);
    if file.text.contains('\0') {
        return Err(file.error(At::default(), "this is no text"));
    }
    Ok(())
}

pub(crate) fn write(tickets: &[Ticket], standard: &Standard) -> Result<String, WriteError> {
    let mut out = String::new();
    for section in tickets.iter().flat_map(|ticket| &ticket.sections) {
        let heading = match &section.name {
            Name::Field(field) => standard.rule(field).map_or(field.id(), |rule| &rule.name.en),
            Name::Other(heading) => heading,
        };
        out.extend(["## ", heading, "\n\n", &markdown::write(&section.body), "\n\n"]);
    }
    if tickets.len() > 1 {
        return Err(WriteError::new(Format::Markdown, "several tickets yet", "write them one by one"));
    }
    Ok(out)
}

//! What the tests of all formats need.

use proptest::prelude::*;

use super::{File, Format, Ticket, jira_csv, jira_json, xray_csv, xray_json};
use crate::markup::{Block, Inline};
use crate::wiki::held::held;
use crate::{At, Field, Found, Name, ReadError, Section, Standard, adf};

/// A part of the usual number of cases: whole tickets take long to make.
pub(super) fn fewer(times: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: (usual.cases / times).max(1), ..usual }
}

/// Reads a text past the repair of encodings, which takes hostile text for damaged.
fn read(format: Format, text: &str, each: &mut dyn FnMut(Found)) -> Result<(), ReadError> {
    let (file, standard) = (File { name: "x", text }, Standard::built_in());
    match format {
        Format::JiraCsv => jira_csv::read_each(file, &standard, each),
        Format::XrayCsv => xray_csv::read_each(file, &standard, each),
        Format::XrayJson => xray_json::read_each(file, &standard, each),
        Format::JiraJson => jira_json::read_each(file, &standard, each),
        Format::Markdown => super::markdown::read_each(file, &standard, each),
        Format::Adf => super::adf::read_each(file, &standard, each),
        Format::Wiki => {
            super::wiki::read_each(file, &standard, each);
            Ok(())
        }
    }
}

/// All that a text holds.
pub(super) fn found(format: Format, text: &str) -> Vec<Found> {
    let mut all = Vec::new();
    if let Err(error) = read(format, text, &mut |found| all.push(found)) {
        panic!("{error}: {text}");
    }
    all
}

/// All of it as tickets.
pub(super) fn tickets(format: Format, text: &str) -> Vec<Ticket> {
    only_tickets(found(format, text))
}

/// Everything found is a ticket.
pub(super) fn only_tickets(found: Vec<Found>) -> Vec<Ticket> {
    let ticket = |found| match found {
        Found::Ticket(ticket) => *ticket,
        other => panic!("{other:?}"),
    };
    found.into_iter().map(ticket).collect()
}

/// Why a text cannot be read.
pub(super) fn error(format: Format, text: &str) -> String {
    let result = read(format, text, &mut |_| {});
    result.map_or_else(|error| error.to_string(), |()| String::new())
}

/// That tickets say the same; else the first section that does not.
pub(super) fn same(read: &[Ticket], wanted: &[Ticket], text: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.len(), wanted.len());
    for (read, wanted) in read.iter().zip(wanted) {
        let names =
            |ticket: &Ticket| ticket.sections.iter().map(|section| section.name.clone()).collect::<Vec<_>>();
        prop_assert_eq!(names(read), names(wanted), "{}", text);
        for (read, wanted) in read.sections.iter().zip(&wanted.sections) {
            prop_assert_eq!(&read.body, &wanted.body, "{:?}: {}", &read.name, text);
        }
    }
    Ok(())
}

/// The same ticket with a field, in its place, where it has none.
pub(super) fn with(mut ticket: Ticket, field: Field, text: &str) -> Ticket {
    let standard = Standard::built_in();
    let rank = |field: &Field| {
        let place = standard.fields.iter().position(|rule| rule.id == *field);
        place.map(|place| (!standard.fields[place].front_matter, place))
    };
    let is_before = |section: &Section| match &section.name {
        Name::Field(known) => rank(known) < rank(&field),
        Name::Other(_) => false,
    };
    if ticket.section(&field).is_none() {
        let place = ticket.sections.iter().rposition(is_before).map_or(0, |place| place + 1);
        let body = vec![Block::paragraph(At::default(), text)];
        ticket.sections.insert(place, Section { name: Name::Field(field), at: At::default(), body });
    }
    ticket
}

/// A ticket whose texts are as wiki markup can say them. Where steps stand apart, each of their cells is a text by itself.
pub(super) fn in_wiki(mut ticket: Ticket, steps_apart: bool) -> Ticket {
    for section in &mut ticket.sections {
        match &mut section.body[..] {
            [Block::Table { rows, .. }] if steps_apart && section.name == Name::Field(Field::TestSteps) => {
                rows.iter_mut()
                    .flatten()
                    .for_each(|cell| cell.blocks = held(std::mem::take(&mut cell.blocks)));
            }
            _ => section.body = held(std::mem::take(&mut section.body)),
        }
    }
    ticket
}

/// A ticket for formats that keep no text before any heading but the description, which it would become.
pub(super) fn without_lead(mut ticket: Ticket) -> Ticket {
    ticket.sections.retain(|section| section.name != Name::Other(String::new()));
    ticket
}

/// Whether a ticket can only be refused, because what a format needs as one plain line is none.
pub(super) fn has_plain_summary(ticket: &Ticket) -> bool {
    let summary = ticket.section(&Field::Summary).map(|section| &section.body[..]);
    matches!(summary, Some([Block::Paragraph { text, .. }]) if matches!(text[..], [Inline::Text(_)]))
}

/// A ticket as its texts fit into ADF.
pub(super) fn fitted(mut ticket: Ticket) -> Ticket {
    for section in &mut ticket.sections {
        section.body = adf::fit(&section.body);
    }
    ticket
}

/// A ticket for formats that have no place for a description of which nothing is left.
pub(super) fn without_empty_description(mut ticket: Ticket, was: &Ticket) -> Ticket {
    if was.section(&Field::Description).is_some_and(|was| !was.body.is_empty()) {
        ticket
            .sections
            .retain(|section| section.name != Name::Field(Field::Description) || !section.body.is_empty());
    }
    ticket
}

/// A ticket whose text without heading stands first, as it has to in a document, and is there only where anything is left of it.
pub(super) fn lead_first(mut ticket: Ticket) -> Ticket {
    ticket.sections.retain(|section| section.name != Name::Other(String::new()) || !section.body.is_empty());
    ticket.sections.sort_by_key(|section| section.name != Name::Other(String::new()));
    ticket
}

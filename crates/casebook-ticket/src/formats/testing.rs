//! What the tests of all formats need.

use proptest::prelude::*;

use super::{File, Format, Ticket, jira_csv, jira_json, xray_csv, xray_json};
use crate::arbitrary::Feature;
use crate::markup::{Block, Blocks};
use crate::{At, Field, Found, Lines, Name, ReadError, Section, Standard, wiki};

/// What wiki markup holds wherever it stands.
pub(super) const WIKI: &[Feature] = &[Feature::Tables, Feature::Quotes, Feature::CellBlocks];

/// Reads a text past the repair of encodings, which takes hostile text for damaged.
fn read(format: Format, text: &str, each: &mut dyn FnMut(Found)) -> Result<(), ReadError> {
    let (file, standard) = (File { name: "x", text }, Standard::built_in());
    match format {
        Format::JiraCsv => jira_csv::read_each(file, &standard, each),
        Format::XrayCsv => xray_csv::read_each(file, &standard, each),
        Format::XrayJson => xray_json::read_each(file, &standard, each),
        _ => jira_json::read_each(file, &standard, each),
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
    let ticket = |found| match found {
        Found::Ticket(ticket) => *ticket,
        other => panic!("{other:?}"),
    };
    found(format, text).into_iter().map(ticket).collect()
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

/// A ticket whose texts are as wiki markup can say them.
pub(super) fn in_wiki(mut ticket: Ticket, steps_apart: bool) -> Ticket {
    let standard = Standard::built_in();
    for section in &mut ticket.sections {
        let is_line = match &section.name {
            Name::Field(field) => standard.rule(field).is_some_and(|rule| rule.front_matter),
            Name::Other(_) => false,
        };
        match &mut section.body[..] {
            _ if is_line => {}
            [Block::Table { rows, .. }] if steps_apart && section.name == Name::Field(Field::TestSteps) => {
                rows.iter_mut()
                    .flatten()
                    .for_each(|cell| cell.blocks = settled(std::mem::take(&mut cell.blocks)));
            }
            _ => section.body = settled(std::mem::take(&mut section.body)),
        }
    }
    ticket
}

fn settled(mut blocks: Blocks) -> Blocks {
    for _ in 0..4 {
        let text = wiki::write(&blocks);
        blocks = wiki::read(&text, &Lines::new(&text));
    }
    blocks
}

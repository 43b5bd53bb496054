use proptest::prelude::*;

use super::*;
use crate::arbitrary::{self, Feature};
use crate::formats::testing::{fewer, in_wiki, lead_first, same, tickets};
use crate::{Field, Name, Section};

proptest! {
    #![proptest_config(fewer(16))]

    #[test]
    fn what_is_written_is_read(ticket in arbitrary::whole_ticket(Feature::ALL)) {
        let ticket = lead_first(in_wiki(ticket, false));
        let written = write(std::slice::from_ref(&ticket), &Standard::built_in());
        let written = written.map_err(|error| TestCaseError::fail(error.to_string()))?;
        same(&tickets(Format::Wiki, &written), &[ticket], &written)?;
    }
}

#[test]
fn a_document_says_how_it_is_parted_only_where_it_could_be_mistaken() {
    const PARTED: &str = "\nOnly headings of the second level begin a section of this ticket.\n";
    let text = |words: &str| format!("h2. Description\n\n{words}\n\nh2. Test Type\n\nManual\n");
    let written =
        |ticket: Ticket| write(&[ticket], &Standard::built_in()).unwrap_or_else(|error| panic!("{error}"));
    let read = |text: &str| tickets(Format::Wiki, text).remove(0);
    assert_eq!(written(read(&text("The view survives."))), text("The view survives."));
    assert!(read(&text("Priority: High")).section(&Field::Priority).is_some());
    let ticket = read(&(text("Priority: High") + PARTED));
    assert!(ticket.section(&Field::Priority).is_none(), "{ticket:?}");
    assert_eq!(written(ticket), text("Priority: High") + PARTED);
}

#[test]
fn text_without_heading_stands_first() {
    let section = |name: Name, text: &str| Section {
        name,
        at: At::default(),
        body: vec![crate::markup::Block::paragraph(At::default(), text)],
    };
    let mut ticket = Ticket::default();
    ticket.extend([
        section(Name::Field(Field::Key), "PZ-1"),
        section(Name::Other(String::new()), "None of the key's"),
    ]);
    let written = write(&[ticket], &Standard::built_in()).unwrap_or_else(|error| panic!("{error}"));
    assert!(written.starts_with("None of the key's\n\nh2. "), "{written}");
}

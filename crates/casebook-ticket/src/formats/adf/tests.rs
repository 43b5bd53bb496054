use proptest::prelude::*;

use super::*;
use crate::arbitrary::{self, Feature};
use crate::formats::testing::{fewer, fitted, lead_first, same, tickets};
use crate::markup::Block;
use crate::{Field, Name, Section};

proptest! {
    #![proptest_config(fewer(16))]

    #[test]
    fn what_is_written_is_read(ticket in arbitrary::whole_ticket(Feature::ALL)) {
        let written = write(std::slice::from_ref(&ticket), &Standard::built_in());
        let written = written.map_err(|error| TestCaseError::fail(error.to_string()))?;
        same(&tickets(Format::Adf, &written), &[lead_first(fitted(ticket))], &written)?;
    }
}

#[test]
fn lines_of_an_item_are_its_own_wherever_they_stand_in_the_file() {
    let item = crate::wiki::read("* one\n  Expected Result:\n  none", &Lines::new(""));
    let mut ticket = Ticket::default();
    ticket.add(Section { name: Name::Field(Field::Monitoring), at: At::default(), body: item });
    let written = write(std::slice::from_ref(&ticket), &Standard::built_in());
    let written = written.unwrap_or_else(|error| panic!("{error}"));
    let all = written.replace('\n', "").replace("  ", "").replace("{\"content\"", "\n{\"content\"");
    for text in [&written, &all] {
        assert_eq!(tickets(Format::Adf, text), [ticket.clone()], "{text}");
    }
}

#[test]
fn text_without_heading_of_which_nothing_fits_is_none() {
    let quote = Block::Quote { at: At::default(), blocks: vec![Block::Rule { at: At::default() }] };
    let name = Name::Other(String::new());
    let ticket = Ticket {
        sections: vec![Section { name, at: At::default(), body: vec![quote] }],
        ..Ticket::default()
    };
    let written = write(&[ticket], &Standard::built_in()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(tickets(Format::Adf, &written), [Ticket::default()]);
}

use proptest::prelude::*;

use super::*;
use crate::arbitrary::{self, Feature};
use crate::formats::testing::{error, fewer, has_plain_summary, in_wiki, same, tickets, with, without_lead};
use crate::markup::{Block, plain_blocks};
use crate::wiki;
use crate::{Name, Section};

const IMPORT: &str = "\u{feff}Issue Id;Issue key;Test type;Test Summary;Test Priority;Component;Action;Data;Result;Unstructured definition;Labels\n\
1;;Manual;First;High;web;Open;;;;\"a;b\"\n\
1;;Manual;;;web;\"Enter\nname\";peter;;;\n\
1;;Manual;;;web;Click;;Logged in;;\n\
2;;Generic;Second;Low;web;;;;t.py;\n";

#[test]
fn rows_of_one_id_are_one_test() {
    let all = tickets(Format::XrayCsv, IMPORT);
    let [first, second] = &all[..] else { panic!("{all:?}") };
    let text = |ticket: &Ticket, field: Field| ticket.text(&field).unwrap_or_default();
    assert_eq!(text(first, Field::Summary), "First");
    assert_eq!(text(first, Field::TestType), "Manual");
    assert_eq!(text(first, Field::Labels), "web\na\nb");
    assert_eq!(
        text(first, Field::TestSteps),
        "#\tAction\tData\tExpected Result\n1\tOpen\t\t\n2\tEnter\nname\tpeter\t\n3\tClick\t\tLogged in"
    );
    assert_eq!(second.section(&Field::TestSteps), None);
    assert_eq!(text(second, Field::ExecutionCommand), "t.py");
    assert_eq!(second.origin.place.as_deref(), Some("row 5"));
    let Some(Block::Table { rows, .. }) =
        first.section(&Field::TestSteps).and_then(|section| section.body.first())
    else {
        panic!("{first:?}");
    };
    assert_eq!(format!("{:?} {:?}", rows[1][1].at, rows[1][2].at), "3:18 4:7");
}

#[test]
fn rows_without_an_id_go_on() {
    let all = tickets(Format::XrayCsv, "TCID,Summary,Step,Result\n1,a,x,y\n,,z,\n2,b,x,y\n");
    assert_eq!(all.len(), 2);
    let steps = all[0].text(&Field::TestSteps).unwrap_or_default();
    assert!(steps.ends_with("2\tz"), "{steps}");
    let all = tickets(Format::XrayCsv, "Summary,Action\na,x\n,y\nb,z\n");
    assert_eq!(all.len(), 2);
}

#[test]
fn a_column_with_all_steps_has_what_belongs_to_the_whole_test_beside_it() {
    let all = tickets(
        Format::XrayCsv,
        "ID,Title,Steps,Expected Result,Notes,Rank\nTC-1,a,\"1. Open\n2. Press\",It is red,see Ann first,0|i0z:\n7,b,Look,It is blue,,\n",
    );
    let text = |ticket: &Ticket, field: Field| ticket.text(&field).unwrap_or_default();
    assert_eq!(text(&all[0], Field::Key), "TC-1");
    assert_eq!(text(&all[0], Field::TestSteps), "1. Open\n2. Press");
    assert_eq!(text(&all[0], Field::ExpectedResult), "It is red");
    let others: Vec<_> =
        all[0].sections.iter().filter(|section| matches!(section.name, Name::Other(_))).collect();
    assert_eq!(others.len(), 1);
    assert_eq!(others[0].name, Name::Other("Notes".to_owned()));
    assert_eq!((all[1].section(&Field::Key), text(&all[1], Field::TestSteps)), (None, "Look".to_owned()));
}

#[test]
fn what_a_project_has_for_each_step_is_kept_and_a_part_that_has_no_column_has_a_place() {
    let all = tickets(
        Format::XrayCsv,
        "TCID,Summary,Action,Remark\nSK-1,a,Open,on Mondays\nSK-1,,Press,on Mondays\nSK-1,,Look,at night\n",
    );
    let remarks = all[0].sections.iter().find(|section| section.name == Name::Other("Remark".to_owned()));
    let said: Vec<_> = remarks
        .iter()
        .flat_map(|section| &section.body)
        .map(|block| plain_blocks(std::slice::from_ref(block)))
        .collect();
    assert_eq!(said, ["on Mondays", "at night"]);
    let steps =
        all[0].section(&Field::TestSteps).map(|section| steps::read(&section.body).steps).unwrap_or_default();
    assert_eq!(format!("{:?} {:?}", steps[2].expected_at, steps[2].action_at), "4:1 4:7");
}

#[test]
fn other_csv_is_refused() {
    assert!(error(Format::XrayCsv, "a;b\n1;2\n").starts_with("x:1:1: this is not made for Xray's importer"));
}

#[test]
fn the_mapping_is_the_documented_one() {
    let line = |field: Field, text: &str| Section {
        name: Name::Field(field),
        at: At::default(),
        body: vec![Block::paragraph(At::default(), text)],
    };
    let table = "||#||Action||Data||Expected Result||\n|1|Send|x|a, b|\n|2|Wait| | |\n";
    let mut ticket = Ticket::default();
    for section in [
        line(Field::Key, "PZ-1"),
        line(Field::Summary, "Outage"),
        line(Field::Labels, "live, rabbit"),
        line(Field::TestType, "Manual"),
    ] {
        ticket.add(section);
    }
    ticket.add(Section { body: wiki::read(table, &Lines::new(table)), ..line(Field::TestSteps, "") });
    let text = write(&[ticket], &Standard::built_in()).unwrap_or_else(|error| panic!("{error}"));
    let expected = "Issue ID,Issue key,Test Type,Summary,Priority,Labels,Description,Action,Data,Result,\
                    Gherkin Definition,Unstructured Definition\n\
                    1,PZ-1,Manual,Outage,,\"live;rabbit\",,Send,x,\"a, b\",,\n\
                    1,,,,,,,Wait,,,,\n";
    assert_eq!(text, expected);
}

proptest! {
    #![proptest_config(fewer(16))]

    #[test]
    fn what_is_written_is_read(all in prop::collection::vec(arbitrary::whole_ticket(Feature::ALL), 1..3)) {
        let with_needed = |ticket| with(with(ticket, Field::Summary, "Word"), Field::TestType, "Manual");
        let all: Vec<_> = all.into_iter().map(|ticket| in_wiki(with_needed(without_lead(ticket)), true)).collect();
        let text = write(&all, &Standard::built_in());
        prop_assert_eq!(text.is_ok(), all.iter().all(has_plain_summary), "{:?}", text);
        let Ok(text) = text else { return Ok(()) };
        same(&tickets(Format::XrayCsv, &text), &all, &text)?;
    }
}

use proptest::prelude::*;

use super::*;
use crate::arbitrary::{self, Feature};
use crate::formats::testing::{
    error, fewer, found, has_plain_summary, in_wiki, same, tickets, with, without_lead,
};
use crate::markup::{Block, Item};
use crate::{At, Name, NoTestKind, Section};

const EXPORT: &str = "Summary,Issue key,Issue id,Issue Type,Status,Priority,Reporter,Created,Labels,Labels,Labels,\
Component/s,Description,Environment,Attachment,Attachment,Outward issue link (Tests),Inward issue link (Relates),\
Custom field (Test Type),Custom field (Manual Test Steps),Custom field (Post-Conditions),Custom field (Rank)\n\
\"Broker, lost\",PZ-1,100,Test,Open,High,Dana,05/Oct/25 10:00 AM,live,rabbit,,focus-server,\"Checks \"\"it\"\".\n\nh2. Objective\nFail *fast*.\",\
staging,05/Oct/25 10:00 AM;dana;a.png;https://jira/a.png,,PZ-9,PZ-2,Manual,\
\"[{\"\"id\"\":1,\"\"index\"\":1,\"\"fields\"\":{\"\"Action\"\":\"\"Send\"\",\"\"Data\"\":\"\"x\"\",\"\"Expected Result\"\":\"\"503\"\"}}]\",\
* one,0|i00\n\
All outages,PZ-3,101,Epic\n";

#[test]
fn an_export_is_read_column_by_column() {
    let all = found(Format::JiraCsv, EXPORT);
    let Found::Ticket(ticket) = &all[0] else { panic!("{all:?}") };
    let text = |field: Field| ticket.text(&field).unwrap_or_default();
    assert_eq!(text(Field::Summary), "Broker, lost");
    assert_eq!(text(Field::Key), "PZ-1");
    assert_eq!(text(Field::Labels), "live\nrabbit\nfocus-server");
    assert_eq!(text(Field::Description), "Checks \"it\".");
    assert_eq!(text(Field::Objective), "Fail fast.");
    assert_eq!(text(Field::TestConfiguration), "staging");
    assert_eq!(text(Field::Attachments), "a.png");
    assert_eq!(text(Field::Requirements), "PZ-9");
    assert_eq!(text(Field::RelatedIssues), "PZ-2");
    assert_eq!(text(Field::TestType), "Manual");
    assert_eq!(text(Field::TestSteps), "#\tAction\tData\tExpected Result\n1\tSend\tx\t503");
    assert_eq!(text(Field::PostConditions), "one");
    assert_eq!((text(Field::Status), text(Field::Created)), ("Open".into(), "05/Oct/25 10:00 AM".into()));
    assert_eq!(ticket.origin.place.as_deref(), Some("row 2"));
    let at = |field: Field| ticket.section(&field).map(|section| format!("{:?}", section.body[0].at()));
    assert_eq!(at(Field::Objective).as_deref(), Some("5:1"));
    assert_eq!(at(Field::Summary).as_deref(), Some("2:2"), "behind the quote");
    let Found::NoTest(epic) = &all[1] else { panic!("{all:?}") };
    assert_eq!((epic.kind, epic.title.as_str()), (NoTestKind::Epic, "PZ-3 All outages"));
}

#[test]
fn words_in_fields_of_a_projects_own_are_kept_and_what_is_the_issues_is_let_go() {
    let csv = "Summary,Issue key,Custom field (Test Notes),Custom field (Rank),Remark,Project name,Comment\na,PZ-1,Never at night,0|i0z:,Mind the *gap*,Focus Server,1;ann;said so\n";
    let ticket = &tickets(Format::JiraCsv, csv)[0];
    let others = ticket.sections.iter().filter_map(|section| match &section.name {
        Name::Other(name) => Some(format!("{name}: {}", crate::markup::plain_blocks(&section.body))),
        Name::Field(_) => None,
    });
    assert_eq!(others.collect::<Vec<_>>(), ["Test Notes: Never at night", "Remark: Mind the gap"]);
}

#[test]
fn json_that_is_no_steps_is_text() {
    let csv = "Summary,Issue key,Custom field (Manual Test Steps)\na,PZ-1,[1]\n";
    let ticket = &tickets(Format::JiraCsv, csv)[0];
    assert_eq!(ticket.text(&Field::TestSteps).as_deref(), Some("[1]"));
}

#[test]
fn other_csv_is_refused() {
    assert!(error(Format::JiraCsv, "a,b\n1,2\n").starts_with("x:1:1: this is no export of Jira"));
    assert!(error(Format::JiraCsv, "").contains("nothing in this CSV"));
    assert!(error(Format::JiraCsv, "Summary,Issue key\n\"a,PZ-1\n").starts_with("x:2:1: the quote"));
}

/// A ticket with lines in an item that would begin a section if they were not indented.
const ITEM: &str = "* one\n  Expected Result:\n  none";

#[test]
fn an_item_keeps_its_lines_wherever_its_cell_begins() {
    for text in [ITEM.to_owned(), format!("x\n\n{ITEM}")] {
        let all = tickets(Format::JiraCsv, &format!("Summary,Issue key,Description\na,PZ-1,\"{text}\"\n"));
        assert_eq!(all[0].sections.len(), 3, "{all:?}");
    }
    let all =
        tickets(Format::JiraCsv, "Summary,Issue key,Description\na,PZ-1,\"* one\nExpected Result:\nnone\"\n");
    assert!(all[0].section(&Field::ExpectedResult).is_some(), "{all:?}");
}

#[test]
fn a_label_with_any_kind_of_blank_in_it_stands_in_the_description() {
    for label in ["\u{b}", "\u{2003}a", "a b"] {
        let item = Item { blocks: vec![Block::paragraph(At::default(), label)], ..Item::default() };
        let list = Block::List { at: At::default(), start: None, items: vec![item] };
        let section = Section { name: Name::Field(Field::Labels), at: At::default(), body: vec![list] };
        let mut ticket = Ticket::default();
        ticket.add(section);
        let ticket = with(ticket, Field::Summary, "Word");
        let text = write(std::slice::from_ref(&ticket), &Standard::built_in());
        let text = text.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(tickets(Format::JiraCsv, &text), [ticket], "{text}");
    }
}

proptest! {
    #![proptest_config(fewer(16))]

    #[test]
    fn what_is_written_is_read(all in prop::collection::vec(arbitrary::whole_ticket(Feature::ALL), 1..3)) {
        let with_needed = |ticket| with(without_lead(ticket), Field::Summary, "Word");
        let all: Vec<_> = all.into_iter().map(|ticket| in_wiki(with_needed(ticket), false)).collect();
        let text = write(&all, &Standard::built_in());
        prop_assert_eq!(text.is_ok(), all.iter().all(has_plain_summary), "{:?}", text);
        let Ok(text) = text else { return Ok(()) };
        same(&tickets(Format::JiraCsv, &text), &all, &text)?;
    }
}

use proptest::prelude::*;

use super::*;
use crate::NoTestKind;
use crate::arbitrary;
use crate::formats::testing::{WIKI, error, found, in_wiki, same, tickets, with};

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
fn other_csv_is_refused() {
    assert!(error(Format::JiraCsv, "a,b\n1,2\n").starts_with("x:1:1: this is no export of Jira"));
    assert!(error(Format::JiraCsv, "").contains("nothing in this CSV"));
    assert!(error(Format::JiraCsv, "Summary,Issue key\n\"a,PZ-1\n").starts_with("x:2:1: the quote"));
}

proptest! {
    // Whole tickets take long to make.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(all in prop::collection::vec(arbitrary::ticket(WIKI), 1..3)) {
        let all: Vec<_> = all.into_iter().map(|ticket| in_wiki(with(ticket, Field::Summary, "Word"), false)).collect();
        let text = write(&all, &Standard::built_in());
        let text = text.map_err(|error| TestCaseError::fail(error.to_string()))?;
        same(&tickets(Format::JiraCsv, &text), &all, &text)?;
    }
}

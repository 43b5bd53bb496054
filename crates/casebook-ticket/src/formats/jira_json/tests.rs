use proptest::prelude::*;

use super::*;
use crate::arbitrary::{self, Feature};
use crate::formats::testing::same;
use crate::markup::plain_blocks;
use crate::{Name, NoTestKind, Section};

pub(crate) fn found(text: &str) -> Vec<Found> {
    let mut all = Vec::new();
    let standard = Standard::built_in();
    let file = File { name: "x.json", text };
    if let Err(error) = read_each(file, &standard, &mut |found| all.push(found)) {
        panic!("{error}: {text}");
    }
    all
}

fn tickets(text: &str) -> Vec<Ticket> {
    let ticket = |found| match found {
        Found::Ticket(ticket) => *ticket,
        other => panic!("{other:?}"),
    };
    found(text).into_iter().map(ticket).collect()
}

fn error(text: &str) -> String {
    let result = read_each(File { name: "x.json", text }, &Standard::built_in(), &mut |_| {});
    result.map_or_else(|error| error.to_string(), |()| String::new())
}

const V2: &str = r#"{"startAt": 0, "issues": [
 {"key": "PZ-1", "fields": {
   "summary": "Broker lost", "issuetype": {"name": "Test"},
   "priority": {"name": "High", "id": "2"}, "status": {"name": "Draft"},
   "labels": ["live", "rabbit"], "components": [{"name": "focus-server"}],
   "reporter": {"displayName": "Dana", "name": "dana"}, "assignee": null,
   "created": "2025-10-05T10:00:00.000+0300",
   "environment": "staging",
   "description": "Checks the outage.\r\n\r\nh2. Objective\r\nFail *fast*.",
   "customfield_7": {"value": "Manual"},
   "customfield_8": "* one\n* two",
   "customfield_9": {"steps": [{"index": 1, "fields": {"Action": "Send", "Data": "{{x}}", "Expected Result": "503"}}]},
   "issuelinks": [
     {"type": {"name": "Tests", "outward": "tests"}, "outwardIssue": {"key": "PZ-9", "fields": {"summary": "Outages"}}},
     {"type": {"name": "Relates"}, "inwardIssue": {"key": "PZ-2", "fields": {"summary": "Other"}}}],
   "attachment": [{"filename": "a.png"}, {"filename": "b.log"}]}},
 {"key": "PZ-3", "fields": {"summary": "All outages", "issuetype": {"name": "Epic"}}}],
 "names": {"customfield_7": "Test Type", "customfield_8": "Post-Conditions", "customfield_9": "Manual Test Steps"}}"#;

#[test]
fn version_2_is_read_field_by_field() {
    let all = found(V2);
    let Found::Ticket(ticket) = &all[0] else { panic!("{all:?}") };
    let text = |field: Field| ticket.text(&field).unwrap_or_default();
    assert_eq!(text(Field::Key), "PZ-1");
    assert_eq!(text(Field::Priority), "High");
    assert_eq!(text(Field::Labels), "live\nrabbit\nfocus-server");
    assert_eq!(text(Field::TestType), "Manual");
    assert_eq!(text(Field::Reporter), "Dana");
    assert_eq!(ticket.section(&Field::Assignee), None);
    assert_eq!(text(Field::Description), "Checks the outage.");
    assert_eq!(text(Field::Objective), "Fail fast.");
    assert_eq!(text(Field::TestConfiguration), "staging");
    assert_eq!(text(Field::PostConditions), "one\ntwo");
    assert_eq!(text(Field::TestSteps), "#\tAction\tData\tExpected Result\n1\tSend\tx\t503");
    assert_eq!(text(Field::Requirements), "PZ-9: Outages");
    assert_eq!(text(Field::RelatedIssues), "PZ-2: Other");
    assert_eq!(text(Field::Attachments), "a.png\nb.log");
    let order: Vec<_> = ticket
        .sections
        .iter()
        .map(|section| match &section.name {
            Name::Field(field) => field.id().to_owned(),
            Name::Other(name) => name.clone(),
        })
        .collect();
    let mut standard: Vec<_> =
        Standard::built_in().fields.iter().map(|rule| rule.id.id().to_owned()).collect();
    standard.retain(|id| order.contains(id));
    assert_eq!(order, standard);
}

#[test]
fn places_are_told_inside_of_strings() {
    let all = found(V2);
    let Found::Ticket(ticket) = &all[0] else { panic!("{all:?}") };
    assert_eq!(ticket.origin.place.as_deref(), Some("$.issues[0]"));
    assert_eq!(format!("{:?}", ticket.origin.at), "2:2");
    let objective = ticket.section(&Field::Objective).map(|section| section.body[0].at());
    let line = V2.lines().position(|line| line.contains("h2. Objective")).unwrap_or_default();
    let column = V2.lines().nth(line).and_then(|line| line.find("Fail")).unwrap_or_default();
    assert_eq!(objective.map(|at| (at.line as usize, at.column as usize)), Some((line + 1, column + 1)));
}

#[test]
fn an_epic_is_no_test() {
    let all = found(V2);
    let Found::NoTest(epic) = &all[1] else { panic!("{all:?}") };
    assert_eq!((epic.kind, epic.title.as_str()), (NoTestKind::Epic, "PZ-3 All outages"));
    assert_eq!(epic.reason, "its issue type is Epic");
}

#[test]
fn one_issue_and_an_array_are_read_too() {
    let issue = r#"{"key": "A-1", "fields": {"summary": "x", "description":
        {"type": "doc", "version": 1, "content": [{"type": "heading", "attrs": {"level": 3}, "content":
        [{"type": "text", "text": "Assertions"}]}, {"type": "rule"}]}}}"#;
    for text in [issue.to_owned(), format!("[{issue}]")] {
        let all = tickets(&text);
        assert!(all[0].section(&Field::Assertions).is_some(), "{all:?}");
    }
    assert_eq!(tickets(issue)[0].origin.place.as_deref(), Some("$"));
    assert!(tickets(r#"{"issues": [], "total": 0}"#).is_empty());
}

#[test]
fn what_is_no_issue_is_refused_with_place_and_remedy() {
    assert!(error("{\"a\": 1}").starts_with("x.json:1:1: this is no issue; "));
    assert!(error("{\"issues\": [\n 3]}").starts_with("x.json:2:2: this is no issue; "));
    assert!(error("[{\"key\": \"A-1\", \"fields\": {\n\"summary\": \"x}").starts_with("x.json:2:12: "));
    assert!(error("null").contains("no issue"));
}

/// What ADF holds; marks around code and breaks are taken off.
const HELD: &[Feature] =
    &[Feature::Starts, Feature::AdjacentLists, Feature::Tables, Feature::RaggedTables, Feature::AnyLanguage];

/// A ticket as its text fits into ADF.
fn fitted(mut ticket: Ticket) -> Ticket {
    for section in &mut ticket.sections {
        section.body = adf::fit(&section.body);
    }
    ticket
}

proptest! {
    // Whole tickets take long to make.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(all in prop::collection::vec(arbitrary::ticket(HELD), 1..3)) {
        let written = write(&all, &Standard::built_in());
        let expected: Vec<_> = all.into_iter().map(fitted).collect();
        same(&tickets(&written), &expected, &written)?;
    }

    #[test]
    fn no_word_is_lost(ticket in arbitrary::ticket(Feature::ALL)) {
        let written = write(std::slice::from_ref(&ticket), &Standard::built_in());
        let read = tickets(&written).remove(0);
        prop_assert_eq!(names(&read), names(&ticket));
    }

}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}", inside in arbitrary::source()) {
        let all = [
            text.clone(),
            format!("{{\"issues\": [{text}]}}"),
            json!([{ "key": inside, "fields": { "summary": inside, "description": inside, "labels": [inside] } }]).to_string(),
        ];
        for text in all {
            let _ = error(&text);
        }
    }
}

fn names(ticket: &Ticket) -> Vec<(Name, bool)> {
    let is_said = |section: &Section| !plain_blocks(&section.body).trim().is_empty();
    ticket.sections.iter().map(|section| (section.name.clone(), is_said(section))).collect()
}

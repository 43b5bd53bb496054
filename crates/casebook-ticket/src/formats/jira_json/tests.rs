use proptest::prelude::*;

use super::*;
use crate::arbitrary::{self, Feature};
use crate::formats::testing::{
    self, fewer, fitted, in_wiki, only_tickets, same, without_empty_description, without_lead,
};
use crate::markup::{Block, Inline, plain_blocks};
use crate::{Name, NoTestKind, Section};

pub(crate) fn found(text: &str) -> Vec<Found> {
    testing::found(Format::JiraJson, text)
}

fn tickets(text: &str) -> Vec<Ticket> {
    only_tickets(found(text))
}

fn error(text: &str) -> String {
    let result = read_each(File { name: "x.json", text }, &Standard::built_in(), &mut |_| {});
    result.map_or_else(|error| error.to_string(), |()| String::new())
}

#[test]
fn words_in_fields_of_a_projects_own_are_kept_under_their_names() {
    let text = r#"{"names": {"customfield_1": "Test Notes", "customfield_2": "Agreed", "customfield_3": "Risk", "customfield_4": "Where", "customfield_5": "Rank"},
      "key": "PZ-1", "fields": {"summary": "a", "customfield_1": "Never at *night*", "customfield_5": "0|i000z3:",
      "customfield_2": {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "With Ann"}]}]},
      "customfield_3": {"value": "High", "child": {"value": "money"}}, "customfield_4": [{"value": "Rome"}, {"value": "Oslo"}],
      "customfield_6": [{"displayName": "Dana Levi"}], "customfield_7": 3.5, "customfield_8": "as it is", "duedate": "2024-05-01"}}"#;
    let mut others: Vec<_> = tickets(text)[0]
        .sections
        .iter()
        .filter_map(|section| match &section.name {
            Name::Other(name) => {
                Some(format!("{name}: {}", plain_blocks(&section.body).replace("\n\n", ", ")))
            }
            Name::Field(_) => None,
        })
        .collect();
    others.sort_unstable();
    assert_eq!(
        others,
        [
            "Agreed: With Ann",
            "Risk: High / money",
            "Test Notes: Never at night",
            "Where: Rome, Oslo",
            "customfield_8: as it is"
        ]
    );
}

#[test]
fn what_a_field_says_goes_before_what_the_description_says_of_it() {
    let text = r#"{"key": "PZ-1", "fields": {"summary": "Login", "priority": {"name": "High"}, "description": "*Test ID:* PZ-9\n*Priority:* Low\n\nh2. Objective\nsee"}}"#;
    let ticket = &tickets(text)[0];
    assert_eq!(ticket.text(&Field::Key).as_deref(), Some("PZ-1\n\nPZ-9"));
    assert_eq!(ticket.text(&Field::Priority).as_deref(), Some("High\n\nLow"));
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

/// An issue with a description of several lines, which are one line of its file, the second.
const CODE: &str = r#"{"key": "A-1", "fields": {"summary": "x", "description":
"h2. Test Steps\n{code:gherkin}\nGiven a \"b\"\n  When c\n    \"\"\"\n    d\n    \"\"\"\n{code}\nh2. Test Data\n{{@live}}\n{code:json}\n{\n\t\"e\": 1,}\n{code}"}}"#;

#[test]
fn lines_of_code_in_a_string_stand_in_its_line() {
    let ticket = &tickets(CODE)[0];
    let line = CODE.lines().nth(1).unwrap_or_default();
    let told = |needle: &str| format!("2:{}", line.find(needle).map_or(0, |at| at + 1));
    let body = |field: Field| &ticket.section(&field).expect("it is there").body[..];
    let step = &crate::steps::read(body(Field::TestSteps)).steps[0];
    assert_eq!([step.at, step.data_at].map(|at| format!("{at:?}")), [told("c\\n    \\\""), told("    d")]);
    let [Block::List { items, .. }] = body(Field::PreConditions) else { panic!("{ticket:?}") };
    assert_eq!(format!("{:?}", items[0].at), told("a \\\"b"));
    let [_, Block::Code { at, .. }] = body(Field::TestData) else { panic!("{ticket:?}") };
    let places = [at.at(0, 0), at.at(1, 0), at.at(1, 1), at.at(1, 2)].map(|at| format!("{at:?}"));
    assert_eq!(places, [told("{\\n"), told("\\t\\\"e"), told("\\\"e"), told("e\\\": 1")]);
    let problem = &crate::language::check(ticket).problems[0];
    assert_eq!(format!("{:?}", problem.at), told("}\\n{code}\"}}"));
}

#[test]
fn gherkin_that_stands_in_paragraphs_has_its_places() {
    let text = r#"{"key": "A-1", "fields": {"summary": "x", "description":
"h2. Test Steps\nGiven a\n||b||\n|c|\n\n\nWhen d\n{code}\ne\n{code}\nThen f"}}"#;
    let ticket = &tickets(text)[0];
    let line = text.lines().nth(1).unwrap_or_default();
    let told = |needle: &str| format!("2:{}", line.find(needle).map_or(0, |at| at + 1));
    let body = |field: Field| &ticket.section(&field).expect("it is there").body[..];
    let step = &crate::steps::read(body(Field::TestSteps)).steps[0];
    let places = [step.at, step.data_at, step.expected_at].map(|at| format!("{at:?}"));
    assert_eq!(places, [told("d\\n{code}"), told("e\\n{code}\\nThen"), told("f\"}}")]);
    let [Block::List { items, .. }] = body(Field::PreConditions) else { panic!("{ticket:?}") };
    let [_, Block::Table { at, rows, .. }] = &items[0].blocks[..] else { panic!("{items:?}") };
    let places = [items[0].at, *at, rows[0][0].at].map(|at| format!("{at:?}"));
    assert_eq!(places, [told("a\\n||b"), told("b||"), told("c|")]);
}

#[test]
fn an_epic_is_no_test() {
    let all = found(V2);
    let Found::NoTest(epic) = &all[1] else { panic!("{all:?}") };
    assert_eq!((epic.kind, epic.title.as_str()), (NoTestKind::Epic, "PZ-3 All outages"));
    assert_eq!(epic.reason.to_string(), "its issue type is Epic");
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

#[test]
fn lines_of_a_string_are_no_lines_of_the_file() {
    let all = tickets("{\"key\": \"A-1\", \"fields\": {\"summary\": \"a\\nb\"}}");
    let Some([Block::Paragraph { text, .. }]) =
        all[0].section(&Field::Summary).map(|section| &section.body[..])
    else {
        panic!("{all:?}");
    };
    assert!(matches!(text[1], Inline::Break(at) if !at.is_known()), "{text:?}");
}

proptest! {
    #![proptest_config(fewer(16))]

    #[test]
    fn what_is_written_is_read(all in prop::collection::vec(arbitrary::whole_ticket(Feature::ALL), 1..3)) {
        let all: Vec<_> = all.into_iter().map(without_lead).collect();
        let written = write(&all, &Standard::built_in());
        let expected: Vec<_> = all.into_iter().map(|ticket| without_empty_description(fitted(ticket.clone()), &ticket)).collect();
        same(&tickets(&written), &expected, &written)?;
    }

    #[test]
    fn what_jira_answers_in_version_2_is_read(ticket in arbitrary::whole_ticket(Feature::ALL)) {
        let ticket = in_wiki(without_lead(ticket), false);
        let standard = Standard::built_in();
        let places = PlacesFor { kept: issue::kept_by_wiki, ..PLACES };
        let mut written = issue(&ticket, &standard);
        if let Some(description) = written["fields"].get_mut("description") {
            *description = json!(issue::wiki(&Parts::of(&ticket, places, &standard).description));
        }
        let written = json!({ "names": { TEST_TYPE: "Test Type" }, "issues": [written] }).to_string();
        same(&tickets(&written), &[ticket], &written)?;
    }

    #[test]
    fn no_word_is_lost(ticket in arbitrary::whole_ticket(Feature::ALL)) {
        let ticket = without_lead(ticket);
        let written = write(std::slice::from_ref(&ticket), &Standard::built_in());
        let read = tickets(&written).remove(0);
        // A picture without words becomes a link, which is called by its address: what says nothing may say more then.
        let (read, told) = (said(&read), said(&ticket));
        prop_assert!(told.iter().all(|name| read.contains(name)), "{told:?} became {read:?}");
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

/// The sections that say anything.
fn said(ticket: &Ticket) -> Vec<&Name> {
    let is_said = |section: &&Section| !plain_blocks(&section.body).trim().is_empty();
    ticket.sections.iter().filter(is_said).map(|section| &section.name).collect()
}

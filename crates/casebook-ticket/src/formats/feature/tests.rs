use super::*;
use crate::formats::read_each as read;
use crate::formats::testing::only_tickets;
use crate::markup::plain_blocks;
use crate::{NoTestKind, Source};

fn found(text: &str) -> Vec<Found> {
    let mut all = Vec::new();
    let source = Source { name: "a.feature", bytes: text.as_bytes(), format: None };
    read(source, &Standard::built_in(), &mut |found| all.push(found)).expect("a text");
    all
}

fn tickets(text: &str) -> Vec<Ticket> {
    only_tickets(found(text))
}

/// What a ticket says in its fields but the steps, with where it begins.
fn told(ticket: &Ticket) -> String {
    let fields = ticket.sections.iter().filter_map(|section| match &section.name {
        Name::Field(Field::TestSteps) => None,
        Name::Field(field) => {
            Some(format!("{}: {}", field.id(), plain_blocks(&section.body).replace('\n', " · ")))
        }
        Name::Other(heading) => Some(format!("[{heading}]")),
    });
    format!("{:?} {}", ticket.origin.at, fields.collect::<Vec<_>>().join("; "))
}

fn code(ticket: &Ticket) -> (&SourceMap, &str) {
    match ticket.section(&Field::TestSteps).map(|section| &section.body[..]) {
        Some([Block::Code { at, text, .. }]) => (at, text),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_feature_is_kept_as_it_stands() {
    let text = "# language: en\nFeature: Hooks\n  # why\n  Scenario: A hook\n    Given the hook\n      \"\"\"json\n      {\n        \"a\": [\n          \"- one\",\n          \"# two\"\n      }\n      \"\"\"\n    When it is posted\n    # then\n    Then 204\n    * it is PAID\n\n  Rule: signed\n    Scenario: An unsigned hook\n      When it is posted\n      Then 401\n";
    let [ticket] = &tickets(text)[..] else { panic!("one ticket") };
    assert_eq!(code(ticket).1, text.trim_end());
    assert_eq!(told(ticket).split("; pre").next(), Some("1:1 test_type: Cucumber; summary: Hooks"));
}

#[test]
fn a_tag_is_the_key_of_a_scenario_and_each_is_a_ticket() {
    let text = "@SK-1 @smoke\nFeature: Reset\n  As dana\n\n  Background:\n    Given dana\n\n  @TEST_SK-2 @REQ_SB-7\n  Scenario: A link\n    When she asks\n    Then it works\n\n  # said so\n  @slow\n  Scenario: B link\n    When she waits\n    Then it does not\n\n  Rule: bad ones\n    Background:\n      Given a rule\n\n    @SK-4 @ISO-8601\n    Scenario: C link\n      When she <x>\n      Then no\n\n      @SK-9\n      Examples:\n        | x |\n        | 1 |\n";
    let all = tickets(text);
    assert_eq!(
        all.iter().map(told).collect::<Vec<_>>(),
        [
            "8:3 key: SK-2; labels: smoke; test_type: Cucumber; description: As dana; requirements: SK-1 · SB-7; summary: A link; pre_conditions: dana",
            "13:3 labels: smoke · slow; test_type: Cucumber; description: As dana; requirements: SK-1; summary: B link; pre_conditions: dana",
            "23:5 key: SK-4; labels: smoke · ISO-8601; test_type: Cucumber; description: As dana; requirements: SK-1; summary: C link; pre_conditions: dana · a rule; test_data: x · 1",
        ]
    );
    let (at, code) = code(&all[2]);
    assert!(
        code.starts_with("@SK-1 @smoke\nFeature: Reset\n") && code.contains("\n  Rule: bad ones\n"),
        "{code}"
    );
    assert!(!code.contains("A link") && !code.contains("B link"), "{code}");
    let line = code.lines().position(|line| line.contains("When she <x>")).unwrap_or_default() as u32;
    assert_eq!(format!("{:?}", at.at(line, 6)), "25:7");
}

#[test]
fn a_feature_without_tagged_scenarios_is_one_ticket_with_its_own_key() {
    let text = "@SK-1 @smoke\nFeature: Reset\n  Scenario: A link\n    When x\n    Then y\n  Scenario: B link\n    When x\n    Then z\n";
    let told: Vec<_> = tickets(text).iter().map(told).collect();
    assert_eq!(told, ["1:1 key: SK-1; labels: smoke; test_type: Cucumber; summary: Reset"]);
}

#[test]
fn what_would_be_repeated_beyond_all_measure_is_one_ticket() {
    let scenarios = "@SK-2\nScenario: a\nWhen b\nThen c\n".repeat(400);
    let text = format!("Feature: x\n{}\n{scenarios}", "word ".repeat(10_000));
    assert_eq!(tickets(&text).len(), 1);
}

#[test]
fn a_file_without_any_scenario_is_no_test() {
    for (text, kind) in [("", NoTestKind::Empty), ("Feature: x\n  # y\n  said\n", NoTestKind::Guide)] {
        assert!(matches!(&found(text)[..], [Found::NoTest(no)] if no.kind == kind), "{text}");
    }
}

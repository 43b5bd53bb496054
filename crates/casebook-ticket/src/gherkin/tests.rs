use super::*;
use crate::markup::plain_blocks;

const FEATURE: &str = r#"@PZ-7 @resilience
Feature: Broker outage
  What a live view does without its broker.

  Background:
    Given the server is up

  Scenario Outline: refused at once
    Given the broker is <state>
    And no job is running
    When a live view is asked for
      """
      {"view": 1}
      """
    Then the answer is <status>
    And nothing was launched
    When the broker is back
    Then the same request succeeds

    Examples:
      | state | status |
      | away  | 503    |
      | slow  | 503 \| 504 |
"#;

#[test]
fn given_is_a_pre_condition_when_an_action_and_then_an_expectation() {
    let feature = parse(FEATURE, &At::new(1, 1).into());
    let tags: Vec<_> = feature.tags.iter().map(|tag| format!("{} at {:?}", tag.name, tag.at)).collect();
    assert_eq!(
        (feature.name.as_str(), tags.join(", ").as_str()),
        ("Broker outage", "PZ-7 at 1:1, resilience at 1:7")
    );
    assert_eq!(plain_blocks(&feature.description), "What a live view does without its broker.");
    assert_eq!(
        plain_blocks(&feature.pre_conditions()),
        "the server is up\nthe broker is <state>\nno job is running"
    );
    let steps = feature.steps();
    let said: Vec<_> = steps
        .iter()
        .map(|step| [&step.action, &step.data, &step.expected].map(|blocks| plain_blocks(blocks)))
        .collect();
    assert_eq!(
        said[0],
        ["a live view is asked for", "      {\"view\": 1}", "the answer is <status>\n\nnothing was launched"]
    );
    assert_eq!(said[1], ["the broker is back", "", "the same request succeeds"]);
    assert_eq!(format!("{:?} {:?}", steps[0].at, steps[1].expected_at), "11:10 18:10");
    assert_eq!(plain_blocks(&feature.examples()), "state\tstatus\naway\t503\nslow\t503 | 504");
}

#[test]
fn a_clause_runs_on_in_the_next_line() {
    let feature = parse("Given a server\n  # well,\n  and a broker\nWhen x\nThen y", &At::new(4, 3).into());
    let Block::List { items, .. } = &feature.pre_conditions()[0] else { panic!("a list") };
    let Block::Paragraph { at, text } = &items[0].blocks[0] else { panic!("a paragraph") };
    assert_eq!((plain(text).as_str(), format!("{at:?}")), ("a server\nand a broker", "4:9".to_owned()));
    assert!(matches!(text[1], Inline::Break(at) if format!("{at:?}") == "6:3"), "{text:?}");
}

#[test]
fn what_stands_in_a_doc_string_is_only_text() {
    let text = "When x\n  \"\"\"\n  ```\n  Scenario: y\n\n  \"\"\"\nThen z";
    let steps = parse(text, &At::new(1, 1).into()).steps();
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert_eq!(plain_blocks(&steps[0].data), "  ```\n  Scenario: y\n");
}

#[test]
fn what_describes_a_rule_is_said_by_no_scenario() {
    let text = "Feature: a\nScenario: b\nWhen c\nThen d\nRule: e\nas said\nExample: f\nWhen g\nThen h";
    let feature = parse(text, &At::new(1, 1).into());
    let said: Vec<_> = feature.steps().iter().map(|step| plain_blocks(&step.expected)).collect();
    assert_eq!((said.join(", ").as_str(), feature.scenarios.len()), ("d, h", 2));
    assert!(feature.description.is_empty());
}

#[test]
fn a_feature_by_itself_is_told_from_a_ticket_around_one() {
    let rest = "Feature: a\n  As b\n\n  # c\n  Scenario: d\n    When e\n    * f\n    Then g\n      \"\"\"\n      Key: h\n      \"\"\"\n";
    for before in ["", "\n@A-1 @x # y\n", "# language: en\n"] {
        assert!(is_feature(&format!("{before}{rest}")), "{before}");
    }
    for (before, behind) in
        [("# A-1 Title\n", ""), ("Test ID: A-1\n", ""), ("", "Post-Conditions: none\n"), ("", "and so on\n")]
    {
        assert!(!is_feature(&format!("{before}{rest}{behind}")), "{before}{behind}");
    }
    assert!(!is_feature("Feature: a\nPriority: High\nScenario: b\nWhen c\nThen d\n"));
    assert!(!is_feature("Feature: a\n\nIt has no scenario.\n"));
}

#[test]
fn hebrew_and_fragments_are_read() {
    let feature = parse("בהינתן שהשרת למעלה\nכאשר שולחים בקשה\nאז מקבלים 503", &At::new(4, 3).into());
    assert_eq!(plain_blocks(&feature.pre_conditions()), "שהשרת למעלה");
    assert_eq!(plain_blocks(&feature.steps()[0].expected), "מקבלים 503");
    assert!(is_gherkin("When x\nThen y"));
    for text in ["Given that the server is up, we send.", "Then it works", "Some text\nWhen x\nThen y", ""] {
        assert!(!is_gherkin(text), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in crate::arbitrary::source()) {
        let feature = parse(&text, &At::new(1, 1).into());
        let _ = (feature.steps(), feature.pre_conditions(), parts(&text));
    }
}

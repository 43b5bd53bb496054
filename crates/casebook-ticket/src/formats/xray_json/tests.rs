use proptest::prelude::*;

use super::*;
use crate::arbitrary::{self, Feature};
use crate::formats::testing::{
    error, fewer, found, has_plain_summary, in_wiki, same, tickets, with, without_lead,
};
use crate::markup::Block;
use crate::wiki;
use crate::{At, Name, NoTestKind, Section};

fn read(text: &str) -> Vec<Ticket> {
    tickets(Format::XrayJson, text)
}

fn text(ticket: &Ticket, field: &Field) -> String {
    ticket.text(field).unwrap_or_default()
}

#[test]
fn what_graphql_answers_is_read() {
    let all = read(
        r#"{"data": {"getTests": {"total": 2, "results": [
          {"issueId": "1", "testType": {"name": "Manual", "kind": "Steps"},
           "steps": [{"id": "a", "action": "Send", "data": null, "result": "*503*"}, {"id": "b", "action": "Wait", "data": "5 s"}],
           "preconditions": {"results": [{"definition": "RabbitMQ runs", "jira": {"key": "PZ-30", "summary": "Broker"}}]},
           "folder": {"path": "/live"},
           "jira": {"key": "PZ-1", "summary": "Outage", "labels": ["live"], "priority": {"name": "High"}, "description": null}},
          {"testType": {"name": "Cucumber"}, "gherkin": "Given a\nThen b", "unstructured": null, "steps": null, "jira": {"key": "PZ-2"}}]}}}"#,
    );
    let [first, second] = &all[..] else { panic!("{all:?}") };
    assert_eq!(first.origin.place.as_deref(), Some("$.data.getTests.results[0]"));
    assert_eq!(text(first, &Field::TestType), "Manual");
    assert_eq!(
        text(first, &Field::TestSteps),
        "#\tAction\tData\tExpected Result\n1\tSend\t\t503\n2\tWait\t5 s"
    );
    assert_eq!(text(first, &Field::PreConditions), "PZ-30: Broker\nRabbitMQ runs");
    assert_eq!(text(first, &Field::Labels), "live");
    let steps = second.section(&Field::TestSteps).map(|section| section.body.clone());
    let language = Some("gherkin".to_owned());
    assert_eq!(
        steps,
        Some(vec![Block::Code { at: At::default().into(), language, text: "Given a\nThen b".to_owned() }])
    );
}

#[test]
fn what_the_bulk_import_takes_is_read() {
    let all = read(
        r#"[{"testtype": "Generic", "fields": {"summary": "x", "project": {"key": "PZ"}}, "unstructured_def": "t.py",
             "update": {"issuelinks": [{"add": {"type": {"name": "Tests"}, "outwardIssue": {"key": "PZ-9"}}}]},
             "xray_test_sets": ["PZ-8"], "xray_test_repository_folder": "/live"}]"#,
    );
    assert_eq!(text(&all[0], &Field::ExecutionCommand), "t.py");
    assert_eq!(text(&all[0], &Field::Requirements), "PZ-9");
    let sets = found(Format::XrayJson, r#"[{"xray_issue_type": "testset", "fields": {"summary": "all"}}]"#);
    assert!(matches!(&sets[0], Found::NoTest(no) if no.kind == NoTestKind::Guide), "{sets:?}");
}

#[test]
fn what_the_server_answers_is_read() {
    let all = read(
        r#"[{"key": "C-1", "id": 5, "reporter": "admin", "type": "Manual", "status": "APPROVED",
             "precondition": [{"key": "C-2", "condition": "up"}],
             "definition": {"steps": [{"id": 1, "index": 1, "step": {"raw": "do", "rendered": "<p>do</p>"}, "result": {"raw": "seen"}}]}},
            {"key": "C-3", "type": "Cucumber", "definition": "Given x"},
            {"key": "C-4", "steps": [{"fields": {"Action": {"type": "Wiki", "value": {"raw": "do"}}, "Expected Result": {"value": "ok"}}}]}]"#,
    );
    assert_eq!(text(&all[0], &Field::TestSteps), "#\tAction\tData\tExpected Result\n1\tdo\t\tseen");
    assert_eq!(text(&all[0], &Field::PreConditions), "C-2\nup");
    assert_eq!(text(&all[0], &Field::Reporter), "admin");
    assert_eq!(text(&all[1], &Field::TestSteps), "Given x");
    assert_eq!(text(&all[2], &Field::TestSteps), "#\tAction\tData\tExpected Result\n1\tdo\t\tok");
}

#[test]
fn all_that_a_step_has_is_read() {
    let all = read(
        r#"[{"testtype": "Manual", "fields": {"summary": "x"}, "steps": [
             {"callTestKey": "AU-9"},
             {"action": "Set", "result": "30", "attachments": [{"filename": "shot.png", "data": "aGk="}], "customFields": [{"name": "Owner", "value": "Dana"}]},
             {"action": "Call", "callTestIssueId": "55"}]},
            {"key": "C-1", "testtype": "Manual", "customfield_1": {"steps": [{"fields": {"Action": "do", "Risk": {"value": {"raw": "*high*"}}, "Minutes": 5}}]}}]"#,
    );
    assert_eq!(
        text(&all[0], &Field::TestSteps),
        "#\tAction\tData\tExpected Result\n1\tCall test AU-9\t\t\n2\tSet\tOwner: Dana\t30\n3\tCall\n\nCall test 55"
    );
    assert_eq!(text(&all[0], &Field::Attachments), "shot.png");
    let step = "#\tAction\tData\tExpected Result\n1\tdo\tRisk: high\n\nMinutes: 5";
    assert_eq!(text(&all[1], &Field::TestSteps), step);
}

fn section(field: Field, body: Vec<Block>) -> Section {
    Section { name: Name::Field(field), at: At::default(), body }
}

fn line(field: Field, text: &str) -> Section {
    section(field, vec![Block::paragraph(At::default(), text)])
}

fn ticket(sections: Vec<Section>) -> Ticket {
    Ticket { sections, ..Ticket::default() }
}

fn written(ticket: &Ticket) -> Value {
    let text =
        write(std::slice::from_ref(ticket), &Standard::built_in()).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"))[0].clone()
}

#[test]
fn the_mapping_is_the_documented_one() {
    let table = "||#||Action||Data||Expected Result||\n|1|Send|{{x}}|503|\n|2|Wait| | |\n";
    let ticket = ticket(vec![
        line(Field::Key, "PZ-13602"),
        line(Field::Summary, "Outage"),
        line(Field::Priority, "Medium"),
        line(Field::Labels, "live, rabbit"),
        line(Field::TestType, "Integration Test"),
        line(Field::Status, "Draft"),
        line(Field::Description, "What it checks."),
        section(Field::TestSteps, wiki::read(table, &crate::Lines::new(table))),
        line(Field::Assertions, "503"),
    ]);
    let expected = json!({
        "testtype": "Manual",
        "fields": {
            "summary": "Outage",
            "project": { "key": "PZ" },
            "priority": { "name": "Medium" },
            "labels": ["live", "rabbit"],
            "description": written(&ticket)["fields"]["description"],
        },
        "steps": [
            { "action": "Send", "data": "{{x}}", "result": "503" },
            { "action": "Wait", "data": "", "result": "" },
        ],
    });
    assert_eq!(written(&ticket), expected);
    let description = written(&ticket)["fields"]["description"].as_str().unwrap_or_default().to_owned();
    let headings: Vec<_> = description.lines().filter(|line| line.starts_with("h2. ")).collect();
    assert!(description.starts_with("What it checks."), "{description}");
    assert_eq!(headings, ["h2. Key", "h2. Test Type", "h2. Status", "h2. Assertions"]);
}

#[test]
fn what_is_run_instead_of_steps_has_its_place() {
    let code = |language: Option<&str>| Block::Code {
        at: At::default().into(),
        language: language.map(str::to_owned),
        text: "x".to_owned(),
    };
    let cucumber = ticket(vec![
        line(Field::Summary, "a"),
        line(Field::TestType, "Cucumber"),
        section(Field::TestSteps, vec![code(Some("gherkin"))]),
    ]);
    assert_eq!(written(&cucumber)["gherkin_def"], "x");
    let generic = ticket(vec![
        line(Field::Summary, "a"),
        line(Field::TestType, "Generic"),
        section(Field::ExecutionCommand, vec![code(None)]),
    ]);
    assert_eq!(written(&generic)["unstructured_def"], "x");
    for ticket in [cucumber, generic] {
        let text = format!("[{}]", written(&ticket));
        assert_eq!(read(&text), [ticket]);
    }
}

#[test]
fn prose_around_steps_stays_in_the_description() {
    let text = "Mind the order.\n\n||#||Action||Data||Expected Result||\n|1|Send|x|503|\n";
    let ticket = ticket(vec![
        line(Field::Summary, "a"),
        line(Field::TestType, "Manual"),
        section(Field::TestSteps, wiki::read(text, &crate::Lines::new(text))),
    ]);
    let out = written(&ticket);
    assert_eq!(
        out["fields"]["description"].as_str().map(str::trim_end),
        Some("h2. Test Steps\n\nMind the order.")
    );
    assert_eq!(read(&format!("[{out}]")), [ticket]);
}

/// A ticket with steps in wiki markup.
fn with_steps(text: &str) -> Ticket {
    ticket(vec![
        line(Field::Summary, "a"),
        line(Field::TestType, "Manual"),
        section(Field::TestSteps, wiki::read(text, &crate::Lines::new(text))),
    ])
}

#[test]
fn what_xray_has_no_place_for_in_steps_stays_in_the_description() {
    for table in [
        "||Step||Action||Data||Expected Result||Status||\n|1|Send|x|503|PASS|\n",
        "||#||Action||Description||Expected Result||Verification||\n|1|Send|with F5|503|it is red|\n",
        "||#||Action||Expected Result||Result||\n|1|Send|503|✓|\n",
        "||#||Action||Data||Expected Result||\n|1|Send|x|503|one more|\n",
    ] {
        let ticket = with_steps(table);
        let out = written(&ticket);
        let steps = out["steps"].as_array().map(Vec::len);
        assert_eq!((steps, &out["steps"][0]["action"]), (Some(1), &json!("Send")), "{out:#}");
        let description = out["fields"]["description"].as_str().unwrap_or_default();
        assert!(description.starts_with("h2. Test Steps\n\n||"), "{description}");
        assert_eq!(read(&format!("[{out}]")), [ticket], "{table}");
    }
}

#[test]
fn steps_that_are_said_whole_are_said_once() {
    for steps in [
        "||Step||Action||Test Data||Expected Results||\n|1.|Send a; b|x|503|\n",
        "||#||Action||Data||Expected Result||\n|*Setup*| | | |\n|1|Send|x|503|\n",
        "# Send\n#* Data: x\n#* Expected: 503\n# Wait\n",
        "1) Action: Send | Data: x | Expected Result: 503\n2) Action: Wait | Data: y | Expected Result: none\n",
        "# Send -> 503\n# Wait -> none\n",
        "* a. Action: Send\nb. Data: x\nc. Expected Result: 503\n* a. Action: Wait\nb. Data: y\nc. Expected: none\n",
    ] {
        let out = written(&with_steps(steps));
        assert_eq!(out["fields"].get("description"), None, "{out:#}");
    }
}

#[test]
fn gherkin_without_a_type_of_xrays_is_cucumbers() {
    let text = "@smoke\nFeature: a\nScenario: b\nWhen c\nThen d";
    let code = |language: Option<&str>| Block::Code {
        at: At::default().into(),
        language: language.map(str::to_owned),
        text: text.to_owned(),
    };
    let prose = Block::paragraph(At::default(), "Mind the order.");
    for body in [vec![code(None)], vec![prose, code(Some("gherkin"))]] {
        let out = written(&ticket(vec![line(Field::Summary, "a"), section(Field::TestSteps, body.clone())]));
        assert_eq!((&out["testtype"], &out["gherkin_def"]), (&json!("Cucumber"), &json!(text)));
        assert_eq!(out.get("steps"), None);
        let described = out["fields"].get("description").is_some();
        assert_eq!(described, body.len() > 1, "{out:#}");
    }
    // Where it is said to be another one, nothing of it is lost.
    let out = written(&ticket(vec![
        line(Field::Summary, "a"),
        line(Field::TestType, "Manual"),
        section(Field::TestSteps, vec![code(Some("gherkin"))]),
    ]));
    assert_eq!((&out["testtype"], &out["steps"][0]["action"]), (&json!("Manual"), &json!("c")));
    assert!(out["fields"]["description"].as_str().is_some_and(|text| text.contains("@smoke\nFeature: a")));
}

#[test]
fn what_xray_does_not_take_is_an_error() {
    let standard = Standard::built_in();
    let error = |tickets: &[Ticket]| write(tickets, &standard).unwrap_or_else(|error| error.to_string());
    let nameless = ticket(vec![line(Field::Key, "PZ-1")]);
    assert_eq!(
        error(&[nameless]),
        "xray-json cannot hold a ticket without a summary of one plain line (PZ-1); give it a title, without marks in it"
    );
    let many = vec![ticket(vec![line(Field::Summary, "a")]); 1001];
    assert!(error(&many).ends_with("write them in parts"));
}

#[test]
fn other_json_is_refused() {
    assert!(error(Format::XrayJson, "[\n3]").starts_with("x:2:1: this is no test; "));
    assert!(error(Format::XrayJson, "{\"data\": {\"getTests\": {\"results\": [{}]}}}").contains("no test"));
}

proptest! {
    #![proptest_config(fewer(16))]

    #[test]
    fn what_is_written_is_read(ticket in arbitrary::whole_ticket(Feature::ALL)) {
        let standard = Standard::built_in();
        // One without a test type is one of Xray's manual tests.
        let ticket = with(with(without_lead(ticket), Field::Summary, "Word"), Field::TestType, "Manual");
        let ticket = in_wiki(ticket, true);
        let text = write(std::slice::from_ref(&ticket), &standard);
        prop_assert_eq!(text.is_ok(), has_plain_summary(&ticket), "{:?}", text);
        let Ok(text) = text else { return Ok(()) };
        same(&read(&text), &[ticket], &text)?;
    }
}

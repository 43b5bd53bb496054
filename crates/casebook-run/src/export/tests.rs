//! What other programs get is what they take.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use super::*;
use crate::evidence::Evidence;
use crate::tests::{case, case_of, http_step, run};
use crate::{CaseRecord, Verdict};

const ALL: [Verdict; 5] =
    [Verdict::Passed, Verdict::Failed, Verdict::Inconclusive, Verdict::Error, Verdict::Dirty];
const TICKET: &str = "---\nkey: LAB-1\nsummary: The broker is lost\nlabels:\n  - outage\n  - two words\n---\n\n## Requirements\n\n- REQ-7: survives, see REQ-8 and REQ-7\n\n## Test Steps\n\n| # | Action | Data | Expected Result |\n|---|---|---|---|\n| 1 | End it | `kill $broker` | `applied` |\n";

/// The results of a run that left this evidence; what was done is not what the ticket says, which nobody asks here.
fn results(mut cases: Vec<CaseRecord>) -> Results {
    let directory = tempfile::tempdir().unwrap();
    let evidence = Evidence::begin(directory.path(), "run").unwrap();
    for case in &mut cases {
        (case.ticket, case.ticket_sha256) = evidence.ticket(&case.key, TICKET.as_bytes()).unwrap();
    }
    let record = run(cases);
    let whole = evidence.finish(&record).unwrap();
    Results::of(record, &whole)
}

fn exported(results: &Results, format: Format, options: &Options) -> Value {
    let text = results.export(format, options).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let schema = match format {
        Format::XrayCloud => include_str!("xray-cloud.schema.json"),
        _ => include_str!("xray-server.schema.json"),
    };
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let wrong: Vec<_> =
        schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    value
}

#[test]
fn each_verdict_has_a_word_and_the_true_one_in_the_comment() {
    let results = results(ALL.map(case_of).to_vec());
    let words = |format| {
        let value = exported(&results, format, &Options::default());
        let tests = value["tests"].as_array().unwrap().iter();
        tests
            .map(|test| {
                let comment = test["comment"].as_str().unwrap().split_once([':', ' ']).unwrap().0;
                format!(
                    "{} {} {comment}",
                    test["testKey"].as_str().unwrap(),
                    test["status"].as_str().unwrap()
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        words(Format::XrayCloud),
        [
            "LAB-1 PASSED PASSED",
            "LAB-2 FAILED FAILED",
            "LAB-3 TODO INCONCLUSIVE",
            "LAB-4 TODO ERROR",
            "LAB-5 FAILED DIRTY"
        ]
    );
    assert_eq!(
        words(Format::XrayServer),
        [
            "LAB-1 PASS PASSED",
            "LAB-2 FAIL FAILED",
            "LAB-3 TODO INCONCLUSIVE",
            "LAB-4 TODO ERROR",
            "LAB-5 FAIL DIRTY"
        ]
    );
}

#[test]
fn steps_are_the_tickets_own_with_what_was_seen() {
    let results = results(vec![case_of(Verdict::Failed)]);
    let cloud = exported(&results, Format::XrayCloud, &Options::default());
    let test = &cloud["tests"][0];
    let steps = test["steps"].as_array().unwrap();
    let told: Vec<_> = steps.iter().map(|step| step["status"].as_str().unwrap()).collect();
    assert_eq!(told, ["PASSED", "PASSED", "FAILED", "PASSED", "PASSED"], "the pre-condition is none of them");
    let asked = &steps[2];
    assert_eq!(
        asked["actualResult"],
        "http POST $server/configure @live as answer: status 200\n- status 502 503 DOES NOT HOLD: the status is 200"
    );
    let files = asked["evidence"].as_array().unwrap();
    let names: Vec<_> = files.iter().map(|file| file["filename"].as_str().unwrap()).collect();
    assert_eq!(names, ["04-3-request.txt", "04-3-response.txt"]);
    let data = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        files[1]["data"].as_str().unwrap(),
    );
    assert!(String::from_utf8(data.unwrap()).unwrap().ends_with("\n\n{\"error\": \"broker unavailable\"}"));
    assert_eq!(test["evidence"][0]["filename"], "LAB-2.html");
    assert_eq!(cloud["info"]["project"], "LAB");
    assert_eq!(cloud["info"]["testEnvironments"][0], "lab_one");
    assert!(test["comment"].as_str().unwrap().contains("pre-conditions 1: holds: The same request succeeds"));
    let server = exported(&results, Format::XrayServer, &Options::default());
    assert_eq!(server["tests"][0]["evidences"][0]["filename"], "LAB-2.html");
    assert!(server["tests"][0].get("evidence").is_none());
    let of_step = &server["tests"][0]["steps"][2];
    assert_eq!(
        (of_step["evidences"][0]["filename"].as_str(), of_step.get("evidence")),
        (Some("04-3-request.txt"), None)
    );
    assert!(asked.get("evidences").is_none());
}

#[test]
fn results_go_where_they_are_told_to() {
    let known = results(vec![case()]);
    let options = Options { execution: Some("LAB-90".into()), ..Options::default() };
    let value = exported(&known, Format::XrayCloud, &options);
    assert_eq!((&value["testExecutionKey"], value.get("info")), (&"LAB-90".into(), None));
    let options =
        Options { test_plan: Some("PLAN-1".into()), project: Some("QA".into()), ..Options::default() };
    let value = exported(&known, Format::XrayServer, &options);
    assert_eq!((&value["info"]["testPlanKey"], &value["info"]["project"]), (&"PLAN-1".into(), &"QA".into()));
    assert!(value["tests"][0].get("testInfo").is_none(), "a test that Jira has is left as it is");

    let unknown = results(vec![CaseRecord { key: "no key".into(), ..case() }]);
    let told = unknown.export(Format::XrayCloud, &Options::default()).unwrap_err().to_string();
    assert!(told.starts_with("no key is no key of Jira's") && told.contains("--project"), "{told}");
    let value = exported(&unknown, Format::XrayCloud, &options);
    let info = &value["tests"][0]["testInfo"];
    assert_eq!((&info["type"], &info["projectKey"]), (&"Manual".into(), &"QA".into()));
    assert_eq!(info["requirementKeys"], serde_json::json!(["REQ-7", "REQ-8"]));
    assert_eq!(info["labels"], serde_json::json!(["outage", "two_words"]));
    assert_eq!(info["steps"][0]["data"], "kill $broker");
    let value = exported(&unknown, Format::XrayServer, &options);
    assert_eq!(value["tests"][0]["testInfo"]["testType"], "Manual");
    let none = Options { without_files: true, ..options };
    let value = exported(&unknown, Format::XrayServer, &none);
    assert!(value["tests"][0].get("evidences").is_none());
    assert!(value["tests"][0]["comment"].as_str().unwrap().contains("7 files are not attached"));
}

#[test]
fn there_is_an_end_to_what_is_attached_and_what_failed_comes_first() {
    let large = |number: usize| {
        let mut step = http_step(&number.to_string(), "x".repeat(300 << 10));
        if number == 39 {
            step.statements[0].judged[0].holds = Some(false);
        }
        step
    };
    let mut big = CaseRecord { steps: (1..40).map(large).collect(), assertions: Vec::new(), ..case() };
    (big.verdict, big.reason) = crate::case_verdict(&big);
    let unsound = big.clone();
    // It was not judged as is claimed; only its size matters here.
    let results = Results { record: run(vec![unsound]), about: vec![About::default()] };
    let text = results.export(Format::XrayCloud, &Options::default()).unwrap();
    assert!(text.len() < material::MOST + (1 << 20), "{}", text.len());
    let value: Value = serde_json::from_str(&text).unwrap();
    let steps = value["tests"][0]["steps"].as_array().unwrap();
    assert_eq!(steps[38]["evidence"].as_array().unwrap().len(), 2);
    assert!(value["tests"][0]["comment"].as_str().unwrap().contains(" files are not attached; they are in"));
}

#[test]
fn what_is_not_sound_is_not_passed_on() {
    let directory = tempfile::tempdir().unwrap();
    let none = Results::read(directory.path()).unwrap_err().to_string();
    assert!(none.contains("is no evidence of a run") && none.contains("SHA256SUMS"), "{none}");
    let evidence = Evidence::begin(directory.path(), "run").unwrap();
    let mut case = case();
    (case.ticket, case.ticket_sha256) = evidence.ticket("LAB-1", b"x").unwrap();
    let whole = evidence.finish(&run(vec![case])).unwrap();
    std::fs::write(whole.join("steps/LAB-1/04-3-response.txt"), "another").unwrap();
    let told = Results::read(&whole).unwrap_err().to_string();
    assert!(told.contains("casebook verify") && told.contains("04-3-response.txt was changed"), "{told}");
    // Whoever changes the sums too is found out by the record.
    let sums = std::fs::read_to_string(whole.join("SHA256SUMS")).unwrap();
    let sums = sums.lines().map(|line| match line.split_once("  ") {
        Some((_, file)) if file.ends_with("04-3-response.txt") => {
            format!("{}  {file}\n", crate::evidence::sum(b"another"))
        }
        _ => format!("{line}\n"),
    });
    std::fs::write(whole.join("SHA256SUMS"), sums.collect::<String>()).unwrap();
    let told = Results::read(&whole).unwrap_err().to_string();
    assert!(told.contains("04-3-response.txt is not what run.json says of it"), "{told}");
}

/// An element of an XML document.
#[derive(Clone, Debug, Default)]
struct Element {
    depth: usize,
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Element {
    fn get(&self, name: &str) -> &str {
        self.attributes.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// The elements of an XML document, in order.
fn elements(xml: &str) -> Vec<Element> {
    let mut reader = Reader::from_str(xml);
    let (mut found, mut open): (Vec<Element>, Vec<usize>) = Default::default();
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap();
                    (attribute.key.as_ref().to_owned(), value.into_owned())
                });
                found.push(Element {
                    depth: open.len(),
                    name: start.name().as_ref().to_owned(),
                    attributes: attributes.collect(),
                    text: String::new(),
                });
                if matches!(event, Event::Start(_)) {
                    open.push(found.len() - 1);
                }
            }
            Event::Text(text) => {
                if let Some(place) = open.last() {
                    found[*place].text.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                let character = match reference.as_ref() {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "quot" => '"',
                    "apos" => '\'',
                    other => panic!("{other}"),
                };
                found[*open.last().unwrap()].text.push(character);
            }
            Event::End(_) => drop(open.pop()),
            Event::Eof => break,
            _ => {}
        }
    }
    found
}

#[test]
fn junit_says_the_same_to_build_servers() {
    let mut cases = ALL.map(case_of).to_vec();
    cases[0].summary = "a <b> & \"c\" \u{1b}[31m\u{0}]]> ü".into();
    let xml = results(cases).export(Format::Junit, &Options::default()).unwrap();
    let found = elements(&xml);
    let of = |name: &str| found.iter().filter(|element| element.name == name).collect::<Vec<_>>();
    let suite = of("testsuite")[0];
    let numbers = ["tests", "failures", "errors", "skipped", "time"].map(|name| suite.get(name));
    assert_eq!(numbers, ["5", "1", "2", "1", "7.000"]);
    let inside = |place: usize| {
        let behind = found[place + 1..].iter().take_while(|element| element.depth > found[place].depth);
        let children = behind.filter(|element| element.depth == found[place].depth + 1);
        children.map(|element| element.name.as_str()).collect::<Vec<_>>().join(" ")
    };
    let places = (0..found.len()).filter(|place| found[*place].name == "testcase");
    assert_eq!(
        places.map(inside).collect::<Vec<_>>(),
        [
            "system-out properties",
            "failure system-out properties",
            "skipped system-out properties",
            "error system-out properties",
            "error system-out properties",
        ]
    );
    assert_eq!(of("testcase")[0].get("name"), "LAB-1 a <b> & \"c\" [31m]]> ü");
    assert_eq!(of("error")[1].get("type"), "DIRTY");
    assert!(of("failure")[0].text.contains("the status is 200"));
    let named = |name: &str| {
        of("property").into_iter().filter(|property| property.get("name") == name).collect::<Vec<_>>()
    };
    let keys: Vec<_> = named("test_key").into_iter().map(|property| property.get("value")).collect();
    assert_eq!(keys, ["LAB-1", "LAB-2", "LAB-3", "LAB-4", "LAB-5"]);
    assert_eq!(named("requirements")[0].get("value"), "REQ-7,REQ-8");
    assert_eq!(named("tags")[0].get("value"), "outage,two_words");
    assert!(named("testrun_comment")[0].text.starts_with("PASSED: all that the ticket claims was seen"));
    assert!(of("item").iter().any(|item| item.get("name") == "05-4-log.txt"));
    assert!(of("system-out")[0].text.contains("[holds] 4: It was logged"));
}

#[test]
fn the_schemas_tell_the_two_apart() {
    let results = results(vec![case()]);
    let (cloud, server) = (
        exported(&results, Format::XrayCloud, &Options::default()),
        exported(&results, Format::XrayServer, &Options::default()),
    );
    let schema = |text: &str| jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap();
    assert!(!schema(include_str!("xray-cloud.schema.json")).is_valid(&server));
    assert!(!schema(include_str!("xray-server.schema.json")).is_valid(&cloud));
}

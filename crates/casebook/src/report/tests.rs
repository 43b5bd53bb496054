//! Every form of report, in both languages, for one ticket and for many; of hand-made audits.

use casebook_ticket::{At, Field, Format, Found, Language, Origin, Source, Standard, formats};

use super::*;
use crate::audit::{FieldState, Finding, Gate, Grade, Severity, State, Verdict};
use crate::collection::Collection;

fn standard() -> Standard {
    Standard::built_in()
}

fn style(standard: &Standard, language: Language) -> Style<'_> {
    Style { standard, language, each: false }
}

fn origin(file: &str, line: u32) -> Origin {
    Origin { file: file.to_owned(), format: Format::Markdown, at: At::new(line, 1), place: None }
}

/// A ticket of which half is there.
fn half() -> Audit {
    let standard = standard();
    let state = |field: &Field| match field {
        Field::Objective | Field::Assertions | Field::Monitoring | Field::ExecutionCommand => State::Absent,
        Field::PostConditions => State::Placeholder,
        Field::TestSteps | Field::TestData => State::Inadequate,
        Field::TestType => State::Executable,
        _ => State::Adequate,
    };
    let fields = standard.fields.iter().filter(|rule| !rule.metadata);
    let findings = vec![
        Finding::new("steps-too-few", At::new(14, 1)).about(&Field::TestSteps).with("count", "2"),
        Finding::new("filler-cell", At::new(17, 9))
            .about(&Field::TestSteps)
            .in_words("field", "Test Steps", "צעדי בדיקה")
            .with("text", "N/A <script>"),
        Finding::new("secret", At::new(21, 12))
            .severity(Severity::Blocker)
            .in_words("kind", "a password", "סיסמה")
            .with("text", "`amqp://…`"),
    ];
    Audit {
        key: Some("SRV-101".to_owned()),
        summary: Some("Server – a queue that is full <b>refuses</b> politely".to_owned()),
        origin: origin("tickets/full queue.md", 1),
        fields: fields
            .map(|rule| FieldState { field: rule.id.clone(), state: state(&rule.id), at: At::default() })
            .collect(),
        findings,
        verdict: Verdict { gate: Some(Gate::Parses), points: 52, grade: Grade::D, blockers: 1 },
        named: Vec::new(),
    }
}

/// A ticket of which all is there, with a Hebrew summary and no key.
fn whole() -> Audit {
    let mut audit = half();
    audit.key = None;
    audit.summary = Some("תור מלא (queue) דוחה בנימוס".to_owned());
    audit.origin = origin("tickets/whole.md", 3);
    audit.findings.clear();
    audit.fields.iter_mut().for_each(|field| field.state = State::Executable);
    audit.verdict = Verdict { gate: Some(Gate::Executable), points: 100, grade: Grade::A, blockers: 0 };
    audit
}

fn material(audits: Vec<Audit>) -> Material {
    let mut collection = Collection::new();
    for audit in &audits {
        collection.add(audit);
    }
    Material { summary: collection.finish(Vec::new()), audits, ..Material::default() }
}

fn one() -> Material {
    material(vec![half()])
}

fn many() -> Material {
    let mut material = material(vec![half(), whole()]);
    let sources = [
        ("tickets/guide.md", "# How we write tests | a guide\n\n## Installation\n\nRead this first.\n"),
        ("tickets/export.json", "{\n  \"key\": \"SRV-7\"\n  \"fields\": {}\n}\n"),
        ("tickets/whole.md", "# Queue â€“ a note\n"),
    ];
    for (file, text) in sources {
        let source = Source { name: file, bytes: text.as_bytes(), format: None };
        let read = formats::read_each(source, &standard(), &mut |found| match found {
            Found::NoTest(found) if file == "tickets/guide.md" => {
                material.refused.push(In { file: file.to_owned(), found });
            }
            Found::Note(found) => material.notes.push(In { file: file.to_owned(), found }),
            Found::NoTest(_) | Found::Ticket(_) => {}
        });
        material.unreadable.extend(read.err());
    }
    material
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn text(material: &Material, language: Language, bidi: Bidi) -> String {
    plain(&material.text(style(&standard(), language), Layout { width: 90, bidi }))
}

fn json_of(material: &Material, style: Style) -> String {
    let mut out = Vec::new();
    material.json(style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn text_of_one() {
    insta::assert_snapshot!("one-en.txt", text(&one(), Language::En, Bidi::Logical));
    insta::assert_snapshot!("one-he-visual.txt", text(&one(), Language::He, Bidi::Visual));
    insta::assert_snapshot!("one-he-logical.txt", text(&one(), Language::He, Bidi::Logical).escape_marks());
}

#[test]
fn text_of_many() {
    insta::assert_snapshot!("many-en.txt", text(&many(), Language::En, Bidi::Logical));
    insta::assert_snapshot!("many-he-visual.txt", text(&many(), Language::He, Bidi::Visual));
}

#[test]
fn markdown() {
    let standard = standard();
    for (name, language) in [("en", Language::En), ("he", Language::He)] {
        insta::assert_snapshot!(format!("one-{name}.md"), one().markdown(style(&standard, language)));
        insta::assert_snapshot!(format!("many-{name}.md"), many().markdown(style(&standard, language)));
    }
}

#[test]
fn html() {
    let standard = standard();
    for (name, language) in [("en", Language::En), ("he", Language::He)] {
        for (what, material) in [("one", one()), ("many", many())] {
            let page = material.html(style(&standard, language));
            // Style and script have files of their own.
            let page =
                page.replace(include_str!("html/style.css"), "…").replace(include_str!("html/table.js"), "…");
            insta::assert_snapshot!(format!("{what}-{name}.html"), page.replace("><", ">\n<"));
        }
    }
}

#[test]
fn json() {
    let standard = standard();
    for (name, language) in [("en", Language::En), ("he", Language::He)] {
        insta::assert_snapshot!(format!("many-{name}.json"), json_of(&many(), style(&standard, language)));
    }
}

#[test]
fn json_is_as_its_schema_says() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let standard = standard();
    for material in [Material::default(), one(), many()] {
        let report: serde_json::Value =
            serde_json::from_str(&json_of(&material, style(&standard, Language::En))).unwrap();
        let errors: Vec<_> = schema.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let mut report: serde_json::Value =
        serde_json::from_str(&json_of(&one(), style(&standard, Language::En))).unwrap();
    report["tickets"][0]["verdict"]["points"] = serde_json::json!(101);
    assert!(!schema.is_valid(&report), "the schema refuses what is wrong");
}

#[test]
fn sarif() {
    let standard = standard();
    for (name, language) in [("en", Language::En), ("he", Language::He)] {
        insta::assert_snapshot!(format!("many-{name}.sarif"), many().sarif(style(&standard, language)));
    }
}

#[test]
fn sarif_has_what_its_schema_requires() {
    let schema =
        jsonschema::validator_for(&serde_json::from_str(include_str!("sarif/required.json")).unwrap())
            .unwrap();
    let standard = standard();
    for material in [Material::default(), one(), many()] {
        let log: serde_json::Value =
            serde_json::from_str(&material.sarif(style(&standard, Language::He))).unwrap();
        let errors: Vec<_> =
            schema.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let run = &log["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
        }
    }
}

#[test]
fn fingerprints_stay_when_lines_move_and_differ_between_findings() {
    let fingerprints = |audits| {
        let standard = standard();
        let log = material(audits).sarif(style(&standard, Language::En));
        let log: serde_json::Value = serde_json::from_str(&log).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let of = |result: &serde_json::Value| {
            result["partialFingerprints"]["casebook/v1"].as_str().unwrap().to_owned()
        };
        results.iter().map(of).collect::<Vec<_>>()
    };
    let mut moved = half();
    moved.findings.iter_mut().for_each(|finding| finding.at.line += 100);
    let mut twice = half();
    twice.findings.push(twice.findings[0].clone());
    assert_eq!(fingerprints(vec![half()]), fingerprints(vec![moved]));
    let mut all = fingerprints(vec![twice, whole()]);
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn a_line_that_a_terminal_would_wrap_is_wrapped_before_it_is_turned() {
    let lines = |width| lint_lines(&one(), Language::He, Layout { width, bidi: Bidi::Visual });
    let (whole, wrapped) = (lines(usize::MAX), lines(60));
    assert!(whole.iter().all(|line| !line.text.contains('\n')));
    let line = wrapped.iter().find(|line| line.text.contains('\n')).expect("one is longer than 60");
    let same = whole.iter().find(|other| other.rule == line.rule).unwrap();
    // The sentence begins at the right end of its first line.
    let begin = |text: &str| text.lines().next().unwrap().chars().rev().take(8).collect::<String>();
    assert_eq!(begin(&line.text), begin(&same.text));
}

#[test]
fn a_hostile_ticket_is_only_shown() {
    let evil = "</title><script>alert(1)</script>\u{1b}[2J\u{202E}|`x`\n# h\r\"'&";
    let mut audit = half();
    audit.key = Some(evil.to_owned());
    audit.summary = Some(evil.to_owned());
    audit.origin = origin(evil, 1);
    audit.origin.place = Some(evil.to_owned());
    for finding in &mut audit.findings {
        finding.arguments.iter_mut().for_each(|(_, value)| value.en = evil.into());
    }
    let standard = standard();
    for language in [Language::En, Language::He] {
        for audits in [vec![audit.clone()], vec![audit.clone(), audit.clone()]] {
            let material = material(audits);
            let style = Style { standard: &standard, language, each: true };
            let html = material.html(style);
            assert_eq!(html.matches("<script").count(), 1, "only ours");
            assert_eq!(html.matches("</title>").count(), 1);
            let markdown = material.markdown(style);
            assert!(!outside_of_code(&markdown).contains("<script"));
            for bidi in [Bidi::Logical, Bidi::Visual] {
                let text = plain(&material.text(style, Layout { width: 40, bidi }));
                assert!(!text.contains('\u{1b}') && !text.contains('\u{202E}') && !text.contains('\r'));
            }
            for json in [json_of(&material, style), material.sarif(style)] {
                serde_json::from_str::<serde_json::Value>(&json).unwrap();
            }
        }
    }
}

/// Markdown without what stands between runs of backticks of the same length.
fn outside_of_code(markdown: &str) -> String {
    let mut out = String::new();
    let mut rest = markdown.replace("\\`", "");
    while let Some(start) = rest.find('`') {
        out.push_str(&rest[..start]);
        let run = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        let fence = "`".repeat(run);
        let behind = &rest[start + run..];
        rest = match behind.find(&fence) {
            Some(end) => behind[end + run..].to_owned(),
            None => behind.to_owned(),
        };
    }
    out + &rest
}

/// Marks of direction as what they are called: unseen in a snapshot, nobody would miss them.
trait EscapeMarks {
    fn escape_marks(&self) -> String;
}

impl EscapeMarks for String {
    fn escape_marks(&self) -> String {
        let marks =
            [('\u{2066}', "⟨LRI⟩"), ('\u{2068}', "⟨FSI⟩"), ('\u{2069}', "⟨PDI⟩"), ('\u{200F}', "⟨RLM⟩")];
        marks.iter().fold(self.clone(), |text, (mark, name)| text.replace(*mark, name))
    }
}

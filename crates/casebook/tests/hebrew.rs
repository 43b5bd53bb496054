//! A Hebrew report is Hebrew: whatever is wrong with tickets and files, no English sentence of ours stands in it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use casebook::audit::{Context, audit, rules};
use casebook::collection::Collection;
use casebook::comparison::Comparison;
use casebook::report::{Bidi, In, Layout, Material, Style, lint_lines};
use casebook_ticket::{Found, Language, Source, Standard, formats};
use regex::Regex;

/// A ticket that lacks nothing.
const ADEQUATE: &str = include_str!("../src/audit/tests/adequate.md");
/// Its summary, which reports show as it stands.
const SUMMARY: &str = "payment provider outage while an order is placed";
/// Sections that each rule finds something in.
const SNIPPETS: &str = include_str!("../src/audit/tests/snippets.txt");

/// Bindings that cannot be run, a step for each.
const BINDINGS: &[(&str, &str)] = &[
    ("`http post $focus/configure`", "`status 200`"),
    ("`http POST $focus/configure @nothing`", "`status 200 and`"),
    ("`wait until http GET $focus/health status 200 within 5`", "`statsu 200`"),
    ("`block $rabbit from $focus for 5x`", "`applied`"),
    ("`shell \"rm -r x\"`", "`exit = 0`"),
    ("`k8s diff before`", "`added = 0`"),
    ("`$answer`", "`json error exists`"),
    ("`logs $focus since step 99`", "`status 200`"),
    ("`undo step 1`", "`elapsed < never`"),
    ("", "`status 200 404`"),
];

/// Files that cannot be read, that are no tests, or that were damaged on their way.
const FILES: &[(&str, &[u8])] = &[
    ("encoding-repaired.md", "## Key\nX-1\n## Summary\nRabbitMQ â€“ outage\n".as_bytes()),
    ("encoding-damaged.md", "## Key\nX-2\n## Summary\nThe j\u{FFFD}b\n".as_bytes()),
    (
        "encoding-not-utf8.md",
        b"## Key\nX-3\n## Summary\n\xf9\xec\xe5\xed \xf2\xe5\xec\xed \xe5\xf2\xe5\xe3\n",
    ),
    ("macro.wiki", b"h2. Key\nX-4\nh2. Description\n{code}\nnever closed\n"),
    ("front.md", b"---\nkey: a: b\n---\n## Summary\nx\n"),
    ("guide.md", b"# How to install\n\n## Installation\n\nRun the installer and wait.\n"),
    (
        "epic.md",
        b"# Epic: outages\n\n## User Stories\n\nAs an operator I want to see outages.\n\n## Scope\n\nAll.\n",
    ),
    ("bug.md", b"# Bug: crash\n\n## Steps to Reproduce\n\nStart it.\n\n## Actual Result\n\nIt crashes.\n"),
    ("template.md", b"## Summary\nTBD\n## Test Steps\n...\n## Expected Result\nTBD\n"),
    ("empty.md", b""),
    ("cut.json", b"{\"key\": \"X-5\", "),
    ("quote.json", b"{\"key\": \"X-5"),
    ("other.json", b"{\"a\": [1, 2]}"),
    ("typed.json", b"{\"issues\": [{\"key\": \"X-6\", \"fields\": {\"issuetype\": {\"name\": \"Epic\"}}}]}"),
    ("header.csv", b"a,b,c\n1,2,3\n"),
    ("long.csv", b"Issue key,Summary\nX-7,x,y\n"),
    ("open.csv", b"Issue key,Summary\nX-7,\"x\n"),
    ("picture.md", &[1; 100]),
];

/// The adequate ticket with some sections written otherwise, or taken out (`-##`).
fn replaced(sections: &str) -> String {
    let headings: Vec<_> = sections.lines().map(|line| line.trim_start_matches(['+', '-'])).collect();
    let mut is_kept = true;
    let kept = ADEQUATE.lines().filter(|line| {
        is_kept = if line.starts_with("## ") { !headings.contains(line) } else { is_kept };
        is_kept
    });
    let added =
        sections.lines().filter(|line| !line.starts_with("-## ")).map(|line| line.trim_start_matches('+'));
    kept.chain([""]).chain(added).collect::<Vec<_>>().join("\n").replace(SUMMARY, "outage")
}

fn material(standard: &Standard) -> Material {
    let mut material = Material::default();
    let mut tickets = Vec::new();
    let mut read = |name: &str, bytes: &[u8]| {
        let read =
            formats::read_each(Source { name, bytes, format: None }, standard, &mut |found| match found {
                Found::Ticket(ticket) => tickets.push(*ticket),
                Found::NoTest(found) => material.refused.push(In { file: name.to_owned(), found }),
                Found::Note(found) => material.notes.push(In { file: name.to_owned(), found }),
            });
        material.unreadable.extend(read.err());
    };
    for (number, snippet) in SNIPPETS.split("\n=== ").enumerate() {
        let (_, sections) = snippet.split_once('\n').unwrap_or_default();
        read(&format!("snippet-{number}.md"), replaced(sections).as_bytes());
    }
    read("again.md", ADEQUATE.replace("SHOP-210", "SHOP-211").replace(SUMMARY, "outage").as_bytes());
    let row = |(number, (data, expected)): (usize, &(&str, &str))| {
        format!("| {} | x | {data} | {expected} |\n", number + 1)
    };
    let rows: String = BINDINGS.iter().enumerate().map(row).collect();
    let steps = format!(
        "## Key\nSHOP-900\n\n## Test Steps\n| # | Action | Data | Expected Result |\n|---|---|---|---|\n{rows}"
    );
    read("bindings.md", steps.as_bytes());
    for (name, bytes) in FILES {
        read(name, bytes);
    }

    let mut comparison = Comparison::default();
    for ticket in &tickets {
        comparison.add(ticket);
    }
    let mut audits: Vec<_> =
        tickets.iter().map(|ticket| audit(ticket, standard, &Context::default())).collect();
    let pairs = comparison.finish(&mut audits, standard);
    let mut collection = Collection::new();
    for audit in &audits {
        collection.add(audit);
    }
    material.summary = collection.finish(pairs);
    material.audits = audits;
    material
}

/// What is quoted, or code.
static APART: LazyLock<Regex> = LazyLock::new(|| Regex::new("(?s)```.*?```|`[^`\n]*`|\"[^\"\n]*\"").unwrap());
static WORDS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z][A-Za-z'’]*(?: +[A-Za-z][A-Za-z'’]*){3,}").unwrap());

/// The first sentence of English that is neither quoted nor code.
fn english(text: &str) -> Option<String> {
    let text = APART.replace_all(text, "`…`");
    WORDS.find(&text).map(|found| found.as_str().to_owned())
}

/// A page without its tags, and what keeps its own direction without its content.
fn without_tags(page: &str) -> String {
    let apart = Regex::new(
        r#"(?s)<(style|script|pre)\b.*?</(style|script|pre)>|<(code|bdi|span) dir="ltr">.*?</(code|bdi|span)>"#,
    );
    let text = apart.unwrap().replace_all(page, " … ");
    let text = Regex::new("<[^>]*>").unwrap().replace_all(&text, " | ");
    text.replace("&quot;", "\"").replace("&#39;", "'")
}

#[test]
fn english_is_told_from_what_is_quoted() {
    assert_eq!(english("כתבו write what stands there").as_deref(), Some("write what stands there"));
    assert_eq!(english("כתבו `write what stands there` \"as it is here\" JSON, CSV"), None);
    assert_eq!(
        without_tags("<p>א <code dir=\"ltr\">a b c d</code></p>"),
        " | א  … | ".replace("… |", "…  |")
    );
}

#[test]
fn no_english_sentence_stands_in_a_hebrew_report() {
    let standard = Standard::built_in();
    let mut material = material(&standard);
    let style = Style { standard: &standard, language: Language::He, each: true };

    let broken: BTreeSet<_> =
        material.audits.iter().flat_map(|audit| &audit.findings).map(|finding| finding.rule).collect();
    let noted: BTreeSet<_> = material.notes.iter().map(|note| note.found.rule).collect();
    let all: BTreeSet<_> = rules().iter().map(|rule| rule.id.as_str()).collect();
    let unseen: Vec<_> = all.iter().filter(|id| !broken.contains(*id) && !noted.contains(*id)).collect();
    assert!(unseen.len() < 9, "too much is not looked at: {unseen:?}");
    let bindings =
        material.audits.iter().flat_map(|audit| &audit.findings).filter(|it| it.rule == "binding-wrong");
    assert!(bindings.count() >= BINDINGS.len(), "each of the bindings is found to be wrong");
    assert!(material.unreadable.len() >= 6 && material.refused.len() >= 5 && noted.len() >= 3, "{noted:?}");

    let mut found = BTreeSet::new();
    for finding in material.audits.iter().flat_map(|audit| &audit.findings) {
        for text in [finding.text(Language::He), finding.remedy(Language::He)] {
            found.extend(english(&text).map(|english| format!("{}: {english}: {text}", finding.rule)));
        }
    }
    let mut json = Vec::new();
    material.json(style, &mut json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    for (list, text) in [("notes", "text"), ("no_tests", "reason"), ("unreadable", "text")] {
        for told in json[list].as_array().unwrap() {
            let text = told[text].as_str().unwrap();
            assert!(
                english(text).is_none() && text.contains(|letter| ('א'..='ת').contains(&letter)),
                "{list}: {text}"
            );
        }
    }
    for line in lint_lines(&material, Language::He, Layout { width: usize::MAX, bidi: Bidi::Logical }) {
        found.extend(
            english(&line.text.replace('\'', "`")).map(|english| format!("lint: {english}: {}", line.text)),
        );
    }
    // What is said of each rule has been looked at; the rest of a page is the same for all.
    material.audits.truncate(20);
    for (name, page) in [("markdown", material.markdown(style)), ("html", material.html(style))] {
        for line in APART.replace_all(&without_tags(&page), "…").lines() {
            found.extend(english(line).map(|english| format!("{name}: {english}: {line}")));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

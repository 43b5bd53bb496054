//! Sections that a rule finds something in, and sections in which it finds nothing.

use super::{ADEQUATE, audited, ids, ticket, told};

/// All of them, as one text.
pub(super) const ALL: &str = include_str!("snippets.txt");

/// One snippet: what must be found of the rule, and the sections that take the place of the adequate ones.
#[test]
fn each_rule_finds_what_is_bad_and_leaves_what_is_good() {
    let mut seen = std::collections::BTreeSet::new();
    let mut failures = String::new();
    for snippet in ALL.split("\n=== ").filter(|snippet| !snippet.trim().is_empty()) {
        let (title, text) = snippet.split_once('\n').unwrap_or((snippet, ""));
        let title = title.trim_start_matches("=== ");
        let (verb, rule) = title.split_once(' ').expect("bad RULE, or good RULE");
        let rule = rule.split(' ').next().unwrap_or(rule);
        let audit = audited(&ticket(&replaced(text)));
        let found = ids(&audit);
        let is_right = match verb {
            // The rule finds it, once, and no other rule says it too.
            "bad" => found == [rule],
            "good" => found.is_empty(),
            // The rule finds it; others may find more.
            "among" => found.contains(&rule),
            _ => panic!("{title}"),
        };
        if !is_right {
            failures.extend(["=== ", title, "\n", text, "\n--> ", &told(&audit), "\n"]);
        }
        if verb != "good" {
            seen.insert(rule.to_owned());
        }
    }
    assert!(failures.is_empty(), "{failures}");
    let is_elsewhere = |id: &str| ELSEWHERE.iter().any(|begin| id.starts_with(begin));
    let ids = crate::audit::rules().iter().map(|rule| rule.id.as_str());
    let unseen: Vec<_> = ids.filter(|id| !seen.contains(*id) && !is_elsewhere(id)).collect();
    assert!(unseen.is_empty(), "no snippet is bad by {unseen:?}");
}

/// How rules begin whose findings need more than one ticket, or are made elsewhere.
const ELSEWHERE: &[&str] = &[
    "encoding-",
    "duplicate-",
    "near-",
    "binding-",
    "automated-test-not-found",
    "related-issue-title-untrue",
    "test-data-pasted",
    "precondition-id-reused",
];

/// The adequate ticket with some sections written otherwise, or added (`+##`), or taken out (`-##`).
fn replaced(text: &str) -> String {
    let mut out = String::new();
    let headings: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
    let mut is_kept = true;
    for line in ADEQUATE.lines() {
        if line.starts_with("## ") {
            is_kept = !headings.contains(&line) && !text.contains(&format!("-{line}"));
        }
        if is_kept {
            out += line;
            out.push('\n');
        }
    }
    let added = text.lines().filter(|line| !line.starts_with("-## "));
    out + "\n" + &added.map(|line| line.trim_start_matches('+')).collect::<Vec<_>>().join("\n")
}

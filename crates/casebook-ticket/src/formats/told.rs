//! Tells a format by the file's name and by what stands in it.

use super::issue::PARTED;
use super::markdown::behind_front_matter;
use crate::Format;
use crate::gherkin::is_feature;

/// How much of a text is looked at, in bytes.
const LOOKED_AT: usize = 64 * 1024;

pub(super) fn by(name: &str, text: &str) -> Format {
    let text = beginning(text.trim_start());
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("csv" | "tsv") => csv(text),
        Some("json") => json(text),
        Some("wiki" | "jira" | "feature") => Format::Wiki,
        _ if is_feature(text) => Format::Wiki,
        // What is below front matter may be in another markup.
        None | Some("md" | "markdown" | "txt") if behind_front_matter(text).is_some() => Format::Markdown,
        Some("md" | "markdown") if wiki(text) <= markdown(text) => Format::Markdown,
        _ if text.starts_with('{')
            && !text.starts_with("{code")
            && !text.starts_with("{noformat")
            && text[1..].trim_start().starts_with(['"', '}']) =>
        {
            json(text)
        }
        _ if text.starts_with('[') && text[1..].trim_start().starts_with(['{', ']']) => json(text),
        _ if is_csv(text) => csv(text),
        _ if markdown(text) > wiki(text) => Format::Markdown,
        _ => Format::Wiki,
    }
}

fn beginning(text: &str) -> &str {
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// By the names of members, wherever they stand: those of Xray are its own.
fn json(text: &str) -> Format {
    let has = |name: &str| text.contains(&format!("\"{name}\""));
    if text.starts_with('{') && document(text) {
        Format::Adf
    } else if ["testtype", "testType", "getTests", "getExpandedTests", "xray_test_sets", "definition"]
        .into_iter()
        .any(has)
    {
        Format::XrayJson
    } else {
        Format::JiraJson
    }
}

/// Whether the first member but `version` is the type of an ADF document.
fn document(text: &str) -> bool {
    let compact: String = text.chars().take(200).filter(|character| !character.is_whitespace()).collect();
    let compact = compact.strip_prefix("{\"version\":1,").unwrap_or(compact.trim_start_matches('{'));
    compact.starts_with("\"type\":\"doc\"")
}

/// By the header: the columns of Xray's importer hold steps, a row each.
fn csv(text: &str) -> Format {
    let header = text.lines().next().unwrap_or_default().to_lowercase();
    let columns: Vec<_> = columns(&header).collect();
    let has = |names: &[&str]| columns.iter().any(|column| names.contains(column));
    let is_row_a_step = has(&["action", "step"]) && has(&["data", "result", "expected result"]);
    let has_steps = has(&["action", "step", "expected result", "result", "tcid", "test id"]);
    if is_row_a_step || (has_steps && !has(&["issue key"])) { Format::XrayCsv } else { Format::JiraCsv }
}

fn is_csv(text: &str) -> bool {
    let header = text.lines().next().unwrap_or_default().to_lowercase();
    let known = |column: &str| {
        matches!(
            column,
            "summary"
                | "issue key"
                | "issue type"
                | "issue id"
                | "description"
                | "action"
                | "tcid"
                | "test id"
                | "test type"
        )
    };
    columns(&header).filter(|column| known(column)).count() >= 2
}

fn columns(header: &str) -> impl Iterator<Item = &str> {
    header.split([',', ';', '\t']).map(|column| column.trim().trim_matches('"'))
}

/// Whether a text below front matter is wiki markup. A heading of the canonical form is one of Markdown's, whatever lines stand
/// below it; and so is the sentence that says how a text is parted.
pub(super) fn is_wiki(text: &str) -> bool {
    let text = beginning(text);
    let mut is_behind_blank = true;
    let is_heading = |line: &str| {
        let is_one = is_behind_blank && line.starts_with("## ");
        is_behind_blank = line.trim().is_empty();
        is_one
    };
    !text.trim_end().ends_with(PARTED) && !unfenced(text).any(is_heading) && wiki(text) > markdown(text)
}

/// How many lines are written as only Markdown is.
fn markdown(text: &str) -> usize {
    let headings = unfenced(text).filter(|line| has_hash(line)).count() - numbered(text);
    let lines = unfenced(text).filter(|line| {
        let line = line.trim_start();
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        (2..=6).contains(&hashes) && line[hashes..].starts_with(' ')
            || line.starts_with("```")
            || line.starts_with("- [")
            || is_delimiter_row(line)
            || line.contains("**")
            || line.contains("](")
    });
    headings + lines.count()
}

/// Whether a line is a heading in Markdown, and a numbered item in wiki markup.
fn has_hash(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("# ") && !line.starts_with("# #")
}

/// How many lines of those are numbered items: as headings do not, they follow each other, or what ends with a colon,
/// with nothing between.
fn numbered(text: &str) -> usize {
    let lines: Vec<_> = unfenced(text).collect();
    let announces = |line: &&str| line.trim_end_matches([' ', '*', '_']).ends_with(':');
    let is_item = |number: &usize| {
        let before = number.checked_sub(1).and_then(|before| lines.get(before));
        has_hash(lines[*number])
            && (before.is_some_and(|line| has_hash(line) || announces(line))
                || lines.get(number + 1).is_some_and(|line| has_hash(line)))
    };
    (0..lines.len()).filter(is_item).count()
}

fn is_delimiter_row(line: &str) -> bool {
    line.contains('|') && line.contains("--") && line.chars().all(|character| "|-: \t".contains(character))
}

/// How many lines are written as only Jira's wiki markup is.
fn wiki(text: &str) -> usize {
    let lines = unfenced(text).filter(|line| {
        let line = line.trim_start();
        let bytes = line.as_bytes();
        bytes.len() > 3 && bytes[0] == b'h' && (b'1'..=b'6').contains(&bytes[1]) && &bytes[2..4] == b". "
            || line.starts_with("||")
            || ["{code", "{noformat", "{panel", "{quote}", "{color", "bq. ", "*# ", "#* ", "## *", "** "]
                .into_iter()
                .any(|start| line.starts_with(start))
            || is_bold_key(line)
            || line.contains("{{") && line.contains("}}")
    });
    numbered(text) + lines.count()
}

/// `*Key:*` or `*Key*:`, with one star.
fn is_bold_key(line: &str) -> bool {
    let Some((words, rest)) = line.strip_prefix('*').and_then(|rest| rest.split_once('*')) else {
        return false;
    };
    !words.is_empty() && !words.starts_with(' ') && (words.ends_with(':') || rest.starts_with(':'))
}

/// The lines outside of what Markdown fences; of a fence only its own lines.
fn unfenced(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        is_fence || !inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content_and_name() {
        for (name, text, format) in [
            ("a.md", "h2. Objective\n\n*Priority:* High\n", Format::Wiki),
            ("a.md", "# Title\n\n*Priority:* High\n\ntext\n", Format::Markdown),
            ("a.md", "", Format::Markdown),
            ("", "", Format::Wiki),
            ("", "Summary: x\nPriority: High\n", Format::Wiki),
            ("", "## Objective\n- a\n", Format::Markdown),
            ("", "---\nkey: A-1\n---\n", Format::Markdown),
            (
                "a.md",
                "---\nkey: A-1\n---\n\n*Priority:* Low\n\nh2. Steps\n# Open\n# Look\n",
                Format::Markdown,
            ),
            ("", "---\n\n*Priority:* Low\n\nh2. Steps\n", Format::Wiki),
            ("x.txt", "**Objective:** see\n", Format::Markdown),
            ("", "||Step||Data||\n|a|b|\n", Format::Wiki),
            ("", "# first\n# #second\n*Goal:* x\n*Steps:* y\n", Format::Wiki),
            ("", "{code:json}\n{}\n{code}\n", Format::Wiki),
            ("", "{\"issues\": [{\"key\": \"A-1\"}]}", Format::JiraJson),
            ("a.json", "[{\"key\": \"A-1\", \"fields\": {}}]", Format::JiraJson),
            ("a.json", "[{\"testtype\": \"Manual\", \"fields\": {}}]", Format::XrayJson),
            ("", "{ \"version\": 1, \"type\": \"doc\", \"content\": [] }", Format::Adf),
            ("", "{\"type\":\"doc\",\"version\":1}", Format::Adf),
            ("", "[TBD]\nSummary: x\n", Format::Wiki),
            ("", "Summary,Issue key,Issue Type\nx,A-1,Test\n", Format::JiraCsv),
            ("", "TCID;Test Summary;Action;Data;Expected Result\n", Format::XrayCsv),
            ("a.csv", "Summary,Description\n", Format::JiraCsv),
            ("a.csv", "Issue ID,Issue key,Test Summary,Action,Data,Result\n", Format::XrayCsv),
            ("", "Summary: x\nSteps:\n# Open\n# Look\n", Format::Wiki),
            ("a.txt", "*Steps:*\n# Open\n_Expected:_ x\n# Look\n_Expected:_ y\n", Format::Wiki),
            ("a.txt", "# Open\n*Expected:* x\n# Look\n*Expected:* y\n", Format::Wiki),
            ("", "# Title\n\ntext\n\n# Steps\n\n1. a\n", Format::Markdown),
            ("a.wiki", "# Title\n", Format::Wiki),
            ("a.feature", "# language: en\nFeature: x\n## y\n- [ ] z\n", Format::Wiki),
            ("a.md", "@A-1\nFeature: x\n  # why\n  Scenario: y\n    When z\n    Then a\n", Format::Wiki),
            ("a.md", "# Title\n\nFeature: x\nScenario: y\nWhen z\nThen a\n", Format::Markdown),
        ] {
            assert_eq!(by(name, text), format, "{name}: {text}");
        }
    }
}

//! What all exports are made of: what the tickets say, and the files that go along.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use casebook_ticket::markup::plain_blocks;
use casebook_ticket::{Field, Found, Source, Standard, Ticket, formats, steps};
use regex::Regex;

use super::{Options, Results};
use crate::seen::{self, SeenFile, cut};
use crate::{CaseRecord, FaultState, RunRecord, StepRecord, StepState, report};

/// All files in an export together have at most so many bytes, as they stand in it. What is more is left out and told.
pub(super) const MOST: usize = 8 << 20;
/// So many bytes of a text for people; Jira's own fields take not much more.
const LONGEST: usize = 16 << 10;

/// A key of Jira's.
static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b[A-Z][A-Z0-9_]+-[1-9][0-9]*\b").ok());

/// What a ticket says about itself.
#[derive(Debug, Default)]
pub(super) struct About {
    /// The keys of the requirements that it covers.
    pub(super) requirements: Vec<String>,
    /// Its labels.
    pub(super) labels: Vec<String>,
    /// Action, data and expected result of each step.
    pub(super) steps: Vec<[String; 3]>,
}

impl About {
    /// Reads the ticket of a case as it was run; one that cannot be read says nothing.
    pub(super) fn read(directory: &Path, case: &CaseRecord) -> Self {
        let Ok(bytes) = fs::read(directory.join(&case.ticket)) else { return Self::default() };
        let source = Source { name: &case.ticket, bytes: &bytes, format: None };
        let mut about = Self::default();
        let read = formats::read_each(source, &Standard::built_in(), &mut |found| {
            if let Found::Ticket(ticket) = found {
                about = Self::of(&ticket);
            }
        });
        // What cannot be read says nothing.
        drop(read);
        about
    }

    fn of(ticket: &Ticket) -> Self {
        let text = |field| ticket.text(&field).unwrap_or_default();
        let body =
            ticket.section(&Field::TestSteps).map(|section| section.body.as_slice()).unwrap_or_default();
        let step =
            |step: steps::Step| [&step.action, &step.data, &step.expected].map(|cell| plain_blocks(cell));
        // Xray takes no label with a space in it.
        let labels = text(Field::Labels);
        let labels =
            labels.split([',', '\n', ';']).map(|label| label.trim().replace(char::is_whitespace, "_"));
        Self {
            requirements: keys(&text(Field::Requirements), project(&text(Field::Key))),
            labels: labels.filter(|label| !label.is_empty()).collect(),
            steps: steps::read(body).steps.into_iter().map(step).collect(),
        }
    }
}

/// What looks like a key's project and is a standard's name.
const STANDARDS: &[&str] = &[
    "AES", "ANSI", "BASE", "CP", "CRC", "CVE", "CWE", "DIN", "ECMA", "FIPS", "HTTP", "IEC", "IEEE", "ISO",
    "LATIN", "MD", "OWASP", "PKCS", "RFC", "RSA", "SHA", "SSL", "TLS", "UCS", "UTF", "WINDOWS",
];

/// All keys in a text, each once: those of the ticket's own project, and of projects that a key at the beginning of a line
/// is of. `UTF-8` is none.
fn keys(text: &str, own: Option<&str>) -> Vec<String> {
    let found = |text| KEY.iter().flat_map(move |pattern| pattern.find_iter(text));
    let first = |line| {
        let line: &str = str::trim_start_matches(line, |character: char| !character.is_alphanumeric());
        found(line).next().filter(|key| key.start() == 0).and_then(|key| project(key.as_str()))
    };
    let named = text.lines().filter_map(first).filter(|project| !STANDARDS.contains(project));
    let projects: HashSet<&str> = named.chain(own).collect();
    let mut keys: Vec<String> = Vec::new();
    for key in found(text).map(|found| found.as_str()) {
        if project(key).is_some_and(|project| projects.contains(project))
            && !keys.iter().any(|known| known == key)
        {
            keys.push(key.to_owned());
        }
    }
    keys
}

/// The project of a key of Jira's; none for what is no such key.
pub(super) fn project(key: &str) -> Option<&str> {
    let is_key =
        KEY.as_ref().and_then(|pattern| pattern.find(key)).is_some_and(|found| found.len() == key.len());
    key.rsplit_once('-').filter(|_| is_key).map(|(project, _)| project)
}

/// A file that goes along.
pub(super) struct Attached {
    pub(super) name: String,
    pub(super) content_type: &'static str,
    /// In base64.
    pub(super) data: String,
}

/// The files of one case.
pub(super) struct Attachments {
    /// Of the whole test.
    pub(super) test: Vec<Attached>,
    /// Of each of its steps.
    pub(super) steps: Vec<Vec<Attached>>,
    /// How many more there are in the evidence.
    pub(super) left_out: usize,
}

/// The files of all cases, as many as an export may have: pages for people first, then what did not hold.
pub(super) fn attachments(results: &Results, options: &Options) -> Vec<Attachments> {
    let cases = &results.record.cases;
    let files: Vec<Vec<SeenFile>> = cases.iter().map(seen::files).collect();
    let mut room = if options.without_files { 0 } else { MOST };
    let mut fits = |bytes: usize| {
        let needed = bytes.div_ceil(3) * 4;
        let fits = needed <= room;
        if fits {
            room -= needed;
        }
        fits
    };
    let pages: Vec<Option<String>> =
        cases.iter().map(|case| Some(page(&results.record, case)).filter(|page| fits(page.len()))).collect();
    let mut order: Vec<(usize, &SeenFile)> = files
        .iter()
        .enumerate()
        .flat_map(|(case, files)| files.iter().map(move |file| (case, file)))
        .collect();
    order.sort_by_key(|(case, file)| holds(&cases[*case].steps[file.step]));
    let chosen: HashSet<&str> = order
        .into_iter()
        .filter(|(_, file)| fits(file.text.len()))
        .map(|(_, file)| file.path.as_str())
        .collect();
    cases
        .iter()
        .zip(pages)
        .zip(&files)
        .map(|((case, page), files)| {
            let of_step = |step: usize| {
                let files = seen::of_step(files, step).filter(|file| chosen.contains(file.path.as_str()));
                files.map(|file| attached(file.name(), "text/plain", &file.text)).collect()
            };
            let left_out = files.iter().filter(|file| !chosen.contains(file.path.as_str())).count()
                + usize::from(page.is_none());
            Attachments {
                test: page
                    .iter()
                    .map(|page| attached(&format!("{}.html", seen::plain(&case.key)), "text/html", page))
                    .collect(),
                steps: (0..case.steps.len()).map(of_step).collect(),
                left_out,
            }
        })
        .collect()
}

/// The report of one case alone.
fn page(run: &RunRecord, case: &CaseRecord) -> String {
    report::html(&RunRecord { cases: vec![case.clone()], verdict: case.verdict, ..run.clone() })
}

fn holds(step: &StepRecord) -> bool {
    step.came_to() == StepState::Holds
}

fn attached(name: &str, content_type: &'static str, text: &str) -> Attached {
    Attached { name: name.to_owned(), content_type, data: STANDARD.encode(text) }
}

/// What was seen in a step, for people.
pub(super) fn actual(step: &StepRecord) -> String {
    let mut lines = Vec::new();
    for done in &step.statements {
        lines.push(format!("{}: {}", done.statement, done.seen.in_short()));
        for judged in &done.judged {
            let mark = match judged.holds {
                Some(true) => "holds",
                Some(false) => "DOES NOT HOLD",
                None => "cannot be told",
            };
            let why = if judged.why.is_empty() { String::new() } else { format!(": {}", judged.why) };
            lines.push(format!("- {} {mark}{why}", judged.predicate));
        }
    }
    if lines.is_empty() {
        lines.push(step.came_to().words().to_owned());
    }
    bounded(&lines.join("\n"))
}

/// What a test came to, for people: its true verdict first.
pub(super) fn comment(run: &RunRecord, case: &CaseRecord, word: &str, left_out: usize) -> String {
    let verdict = case.verdict.to_string();
    let told = if verdict.starts_with(word) {
        String::new()
    } else {
        format!(" (told as {word}: there is no such word here)")
    };
    let mut lines = vec![format!("{verdict}{told}: {}", case.reason)];
    let made = case.made.iter().filter(|made| made.state != FaultState::Verified);
    for (word, fault) in
        case.faults.iter().map(|fault| ("Broken", fault)).chain(made.map(|made| ("Left", made)))
    {
        let until = fault
            .verified
            .map_or_else(|| "NOT SEEN TO BE GONE".to_owned(), |at| format!("seen to be gone {at:.0}"));
        let from = fault.applied.map_or_else(|| "not made".to_owned(), |at| format!("made {at:.0}"));
        lines.push(format!("{word} in step {}: {}; {from}, {until}", fault.step, fault.fault.what));
    }
    for step in case.steps.iter().filter(|step| !step.is_test_step()) {
        let first = step.action.lines().next().unwrap_or_default();
        lines.push(format!("{}: {}: {first}", step.number, step.came_to().words()));
    }
    for assertion in &case.assertions {
        for judged in assertion.judged.iter().filter(|judged| judged.holds != Some(true)) {
            lines.push(format!(
                "Assertion on step {}: {} does not hold: {}",
                assertion.step, judged.predicate, judged.why
            ));
        }
    }
    if left_out > 0 {
        lines.push(format!("{left_out} files are not attached; they are in the evidence of the run."));
    }
    let tools: Vec<_> = run.tools.iter().map(|tool| format!("{} {}", tool.name, tool.version)).collect();
    lines.push(format!(
        "Run {} on {}, by {}. Ticket SHA-256 {}",
        run.id,
        run.environment,
        tools.join(", "),
        case.ticket_sha256
    ));
    bounded(&lines.join("\n"))
}

/// A text that Jira takes, which says what it lacks.
pub(super) fn bounded(text: &str) -> String {
    match cut(text, LONGEST) {
        (text, 0) => text.to_owned(),
        (text, more) => format!("{text}\n[{more} bytes more are in the evidence]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_those_of_projects_that_the_ticket_names() {
        for (text, wanted) in [
            ("- REQ-7: survives, see REQ-8 and REQ-7", "REQ-7 REQ-8"),
            ("- Names are in UTF-8, sums are SHA-256, as PZ-9 says", "PZ-9"),
            ("- UTF-8 is taken\n- ISO-8601 is given\n- REQ-1", "REQ-1"),
            ("It serves, see OPS-3 for AES-256", ""),
            ("SHA-1, REQ-2", ""),
        ] {
            assert_eq!(keys(text, Some("PZ")).join(" "), wanted, "{text}");
        }
        assert_eq!(keys("see SHA-1", Some("SHA")), ["SHA-1"], "a project may be called so");
    }
}

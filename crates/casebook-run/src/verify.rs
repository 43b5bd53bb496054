//! Whether evidence says what it claims to say: its files are those that were written, and what was seen leads to its
//! verdicts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use casebook_ticket::At;
use casebook_ticket::language::{Action, parse_predicate, parse_statement};
use serde::Deserialize;

use crate::evaluate::judge;
use crate::evidence::{RECORD, SUMS, files, sum};
use crate::names::Names;
use crate::seen;
use crate::{CaseRecord, Judged, Observation, RunRecord, case_verdict, run_verdict};

/// What verifying comes to.
#[derive(Debug)]
pub struct Verified {
    /// The record.
    pub record: RunRecord,
    /// What does not agree; none when the evidence is sound.
    pub contradictions: Vec<String>,
}

/// What all records have, of whatever version.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// Verifies the evidence in a directory.
///
/// # Errors
///
/// A sentence, when there is no evidence that could be read.
pub fn verify(directory: &Path) -> Result<Verified, String> {
    let read =
        |name: &str| fs::read_to_string(directory.join(name)).map_err(|error| format!("{name}: {error}"));
    let sums = read(SUMS)?;
    let text = read(RECORD)?;
    let wrong = |error: serde_json::Error| format!("{RECORD}: {error}");
    let Version { version } = serde_json::from_str(&text).map_err(wrong)?;
    if version != RunRecord::VERSION {
        return Err(format!("{RECORD} is of version {version}; this program reads {}", RunRecord::VERSION));
    }
    let record: RunRecord = serde_json::from_str(&text).map_err(wrong)?;
    let mut contradictions = Vec::new();
    files_agree(directory, &sums, &mut contradictions)?;
    for case in &record.cases {
        let ticket =
            sums.lines().find_map(|line| line.split_once("  ").filter(|(_, file)| *file == case.ticket));
        if ticket.is_none_or(|(sum, _)| sum != case.ticket_sha256) {
            contradictions.push(format!("{}: the ticket is not the one that was run", case.key));
        }
        judged_again(case, &record, &mut contradictions);
        for file in seen::files(case) {
            if fs::read_to_string(directory.join(&file.path)).ok().as_ref() != Some(&file.text) {
                contradictions.push(format!("{} is not what {RECORD} says of it", file.path));
            }
        }
        let (verdict, reason) = case_verdict(case);
        if (verdict, &reason) != (case.verdict, &case.reason) {
            contradictions.push(format!(
                "{}: what was seen comes to {verdict}, not {}: {reason}",
                case.key, case.verdict
            ));
        }
    }
    let verdict = run_verdict(&record.cases);
    if verdict != record.verdict {
        contradictions.push(format!("the run comes to {verdict}, not {}", record.verdict));
    }
    Ok(Verified { record, contradictions })
}

fn files_agree(directory: &Path, sums: &str, contradictions: &mut Vec<String>) -> Result<(), String> {
    let mut there = files(directory).map_err(|error| error.to_string())?;
    for line in sums.lines() {
        let Some((wanted, file)) = line.split_once("  ") else {
            contradictions.push(format!("{SUMS}: `{line}` is no line of it"));
            continue;
        };
        let Some(place) = there.iter().position(|known| known == file) else {
            contradictions.push(format!("{file} is missing"));
            continue;
        };
        there.swap_remove(place);
        let bytes = fs::read(directory.join(file)).map_err(|error| format!("{file}: {error}"))?;
        if sum(&bytes) != wanted {
            contradictions.push(format!("{file} was changed after the run"));
        }
    }
    contradictions.extend(there.iter().map(|file| format!("{file} was added after the run")));
    Ok(())
}

/// Holds every predicate of a case again against what was seen.
fn judged_again(case: &CaseRecord, record: &RunRecord, contradictions: &mut Vec<String>) {
    let mut names = Names::new(record.values.clone());
    let mut by_step: BTreeMap<&str, &Observation> = BTreeMap::new();
    for step in &case.steps {
        for done in &step.statements {
            let statement = match parse_statement(&done.statement, At::default()) {
                Ok(statement) => statement,
                Err(error) => {
                    contradictions
                        .push(format!("{} step {}: `{}`: {error}", case.key, step.number, done.statement));
                    continue;
                }
            };
            if let Action::Recall(name) = &statement.action
                && names.captured(name) != Some(&done.seen)
            {
                contradictions
                    .push(format!("{} step {}: {name} is not what was seen then", case.key, step.number));
            }
            if let Some(name) = &statement.capture {
                names.capture(name, done.seen.clone());
            }
            by_step.insert(&step.number, &done.seen);
            let place = format!("{} step {}", case.key, step.number);
            again(&place, &done.judged, Some(&done.seen), &names, contradictions);
        }
    }
    for assertion in &case.assertions {
        let place = format!("{} assertion on step {}", case.key, assertion.step);
        again(
            &place,
            &assertion.judged,
            by_step.get(assertion.step.as_str()).copied(),
            &names,
            contradictions,
        );
    }
}

fn again(
    place: &str,
    judged: &[Judged],
    seen: Option<&Observation>,
    names: &Names,
    contradictions: &mut Vec<String>,
) {
    for known in judged {
        let now = parse_predicate(&known.predicate, At::default()).ok().zip(seen);
        let now = now.map(|(predicate, seen)| judge(&predicate, seen, &|name| names.resolve(name)).holds);
        if now.unwrap_or(None) != known.holds {
            contradictions.push(format!("{place}: `{}` is not what is claimed of it", known.predicate));
        }
    }
}

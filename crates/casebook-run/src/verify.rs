//! Whether evidence says what it claims to say: its files are those that were written, and what was seen leads to its
//! verdicts.

mod again;
mod claimed;
mod faults;
mod kept;
mod text;
mod times;

use std::fs;
use std::path::Path;

use casebook_ticket::Standard;
use serde::Deserialize;

use crate::evidence::{RECORD, REPORT, STANDARD, SUMS};
use crate::{RunRecord, case_verdict, report, run_verdict, seen};

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
    kept::agree(directory, &sums, &mut contradictions)?;
    kept::belong(&sums, &record, &mut contradictions);
    let standard = match read(STANDARD) {
        Ok(text) => Standard::parse(&text).map_err(|error| format!("{STANDARD}: {error}"))?,
        Err(_) => Standard::built_in(),
    };
    for (place, case) in record.cases.iter().enumerate() {
        let ticket =
            sums.lines().find_map(|line| line.split_once("  ").filter(|(_, file)| *file == case.ticket));
        if ticket.is_none_or(|(sum, _)| sum != case.ticket_sha256) {
            contradictions.push(format!("{}: the ticket is not the one that was run", case.key));
        }
        let claimed = read(&case.ticket).and_then(|ticket| claimed::plan(&case.ticket, &ticket, &standard));
        match claimed {
            Ok(plan) if !case.steps.is_empty() => claimed::agree(case, &plan, &mut contradictions),
            Err(why) if !case.steps.is_empty() => contradictions.push(format!("{}: {why}", case.ticket)),
            _ => {}
        }
        if let Some(journal) = kept::journal(&record, place) {
            // One that is not there was told of already.
            faults::agree(case, &read(&journal).unwrap_or_default(), &mut contradictions);
        }
        again::agree(case, &record, &mut contradictions);
        if let Some(place) = times::out_of_order(case, &record) {
            contradictions.push(format!("{}: {place} is earlier than what came before", case.key));
        }
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
    if read(REPORT).ok().as_ref() != Some(&report::html(&record)) {
        contradictions.push(format!("{REPORT} is not what {RECORD} says"));
    }
    let verdict = run_verdict(&record.cases);
    if verdict != record.verdict {
        contradictions.push(format!("the run comes to {verdict}, not {}", record.verdict));
    }
    Ok(Verified { record, contradictions })
}

//! The files of evidence: those that were written, and no others.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::evidence::{RECORD, REPORT, STANDARD, SUMS, files, sum};
use crate::{RunRecord, seen};

/// Whether the files are those that the sums were made of.
pub(super) fn agree(directory: &Path, sums: &str, contradictions: &mut Vec<String>) -> Result<(), String> {
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

/// Whether each of the files belongs to a case, and each case has its own.
pub(super) fn belong(sums: &str, record: &RunRecord, contradictions: &mut Vec<String>) {
    let mut owned: HashSet<String> = [RECORD, REPORT, STANDARD].map(str::to_owned).into();
    let summed: HashSet<&str> = sums.lines().filter_map(|line| Some(line.split_once("  ")?.1)).collect();
    for (place, case) in record.cases.iter().enumerate() {
        if !owned.insert(case.ticket.clone()) {
            contradictions.push(format!("{} is the ticket of two cases", case.ticket));
        }
        if let Some(journal) = journal(record, place) {
            if !summed.contains(journal.as_str()) {
                contradictions.push(format!("{}: {journal} is missing", case.key));
            }
            owned.insert(journal);
        }
        owned.extend(seen::files(case).into_iter().map(|file| file.path));
    }
    let mut strange: Vec<_> = summed.into_iter().filter(|file| !owned.contains(*file)).collect();
    strange.sort_unstable();
    contradictions.extend(strange.iter().map(|file| format!("{file} belongs to no case of {RECORD}")));
}

/// The journal of a case by its place in the run; none when it was not begun.
pub(super) fn journal(record: &RunRecord, place: usize) -> Option<String> {
    let case = record.cases.get(place).filter(|case| !case.steps.is_empty());
    case.map(|_| format!("journals/{}-{}.journal", record.id, place + 1))
}

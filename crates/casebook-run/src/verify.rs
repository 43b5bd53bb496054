//! Whether evidence says what it claims to say: its files are those that were written, and what was seen leads to its
//! verdicts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use casebook_ticket::language::{self, Action, parse_predicate, parse_statement};
use casebook_ticket::{At, Standard};
use jiff::Timestamp;
use regex::Regex;
use serde::Deserialize;

use crate::evaluate::judge;
use crate::evidence::{RECORD, REPORT, STANDARD, SUMS, files, sum};
use crate::names::Names;
use crate::plan::{Plan, PlannedStep, claims};
use crate::session::one_ticket;
use crate::{
    CaseRecord, FaultRecord, Judged, Observation, RunRecord, StepRecord, case_verdict, report, run_verdict,
    seen,
};

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
    let standard = match read(STANDARD) {
        Ok(text) => Standard::parse(&text).map_err(|error| format!("{STANDARD}: {error}"))?,
        Err(_) => Standard::built_in(),
    };
    for case in &record.cases {
        let ticket =
            sums.lines().find_map(|line| line.split_once("  ").filter(|(_, file)| *file == case.ticket));
        if ticket.is_none_or(|(sum, _)| sum != case.ticket_sha256) {
            contradictions.push(format!("{}: the ticket is not the one that was run", case.key));
        }
        let claimed = read(&case.ticket).and_then(|ticket| claimed(&case.ticket, &ticket, &standard));
        match claimed {
            Ok(plan) if !case.steps.is_empty() => as_claimed(case, &plan, &mut contradictions),
            Err(why) if !case.steps.is_empty() => contradictions.push(format!("{}: {why}", case.ticket)),
            _ => {}
        }
        judged_again(case, &record, &mut contradictions);
        if let Some(place) = out_of_order(case, &record) {
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

/// What the ticket in the evidence says that is done and must hold.
fn claimed(file: &str, text: &str, standard: &Standard) -> Result<Plan, String> {
    let ticket = one_ticket(file, text.as_bytes(), standard)?;
    let checked = language::check(&ticket);
    Ok(claims(&ticket, checked))
}

/// Whether a case did, and held against what it saw, what its ticket says: nothing less and nothing else. A run that did
/// not come to its end has done less.
fn as_claimed(case: &CaseRecord, plan: &Plan, contradictions: &mut Vec<String>) {
    let mut differs =
        |place: &str| contradictions.push(format!("{}: {place} is not as the ticket has it", case.key));
    if case.steps.len() != plan.steps.len() {
        return differs("the number of steps");
    }
    let is_whole = case.error.is_none();
    for (step, planned) in case.steps.iter().zip(&plan.steps) {
        if !is_step(step, planned, is_whole) {
            differs(&format!("step {}", planned.number));
        }
    }
    let asserted: Vec<_> =
        case.assertions.iter().map(|it| (it.step.as_str(), it.judged.as_slice())).collect();
    let is_asserted = plan.assertions.iter().zip(&asserted).all(|(planned, (step, judged))| {
        planned.step.0 == *step && are_same(&[planned.predicate.to_string()], judged)
    });
    if !is_asserted || asserted.len() != plan.assertions.len() {
        differs("what it asserts");
    }
}

fn is_step(step: &StepRecord, planned: &PlannedStep, is_whole: bool) -> bool {
    let is_begun = !step.statements.is_empty();
    let last = planned.statements.len().saturating_sub(1);
    let is_statement = |(number, done): (usize, &crate::StatementRecord)| {
        planned.statements.get(number).is_some_and(|statement| {
            let waited = match &statement.action {
                Action::Wait(wait) => wait.until.as_slice(),
                _ => &[],
            };
            let expected = if number == last { planned.predicates.as_slice() } else { &[] };
            let predicates: Vec<_> = waited.iter().chain(expected).map(ToString::to_string).collect();
            done.statement == statement.to_string() && are_same(&predicates, &done.judged)
        })
    };
    (&step.number, step.kind, step.section.as_str())
        == (&planned.number, planned.kind, planned.part.field().id())
        && step.statements.iter().enumerate().all(is_statement)
        && (!is_begun || !is_whole || step.statements.len() == planned.statements.len())
}

/// Whether these predicates were held against something; what is hidden in evidence is hidden in them too.
fn are_same(predicates: &[String], judged: &[Judged]) -> bool {
    predicates.len() == judged.len()
        && predicates.iter().zip(judged).all(|(predicate, judged)| {
            *predicate == judged.predicate || is_hidden_in(predicate, &judged.predicate)
        })
}

/// Whether a text is another one in which secrets and addresses were replaced.
fn is_hidden_in(text: &str, hidden: &str) -> bool {
    static REPLACED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\*\*\*|\$\{[^}]+\}|\$[a-z_][a-z0-9_]*").expect("it is tested"));
    let mut rest = text;
    let mut pieces = REPLACED.split(hidden);
    let Some(after) = pieces.next().and_then(|first| rest.strip_prefix(first)) else { return false };
    rest = after;
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    REPLACED.is_match(hidden) && (rest.is_empty() || hidden.ends_with(|end| "*}".contains(end)))
}

/// What has a time before that of something earlier: whether a fault was there when something was seen follows from times.
fn out_of_order(case: &CaseRecord, record: &RunRecord) -> Option<String> {
    let step = |step: &StepRecord| format!("step {}", step.number);
    let steps = case.steps.iter().flat_map(|it| {
        let done = it.statements.iter().map(move |done| (done.began, step(it)));
        std::iter::once((it.began, step(it))).chain(done)
    });
    let (began, ended) = ((case.began, "its beginning".to_owned()), (case.ended, "its end".to_owned()));
    let in_run: Vec<_> = std::iter::once(began).chain(steps).chain([ended]).collect();
    let out = |times: &[(Timestamp, String)]| {
        times.windows(2).find(|pair| pair[1].0 < pair[0].0).map(|pair| pair[1].1.clone())
    };
    let of_fault = |fault: &FaultRecord| {
        let known = [Some(case.began), fault.applied, fault.verified, Some(case.ended)];
        let what = format!("`{}` of step {}", fault.fault.what, fault.step);
        out(&known.into_iter().flatten().map(|at| (at, what.clone())).collect::<Vec<_>>())
    };
    let run = [record.began, case.began, case.ended, record.ended].map(|at| (at, "the run".to_owned()));
    out(&in_run).or_else(|| out(&run)).or_else(|| case.faults.iter().chain(&case.made).find_map(of_fault))
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

//! What was broken and made, held against the journal that was written at that time.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

use super::text::is_same;
use crate::{CaseRecord, Fault, FaultRecord, FaultState, StepRecord};

/// A line of a journal, as far as it can be read when what is secret in it is hidden.
#[derive(Deserialize)]
struct Line {
    fault: u32,
    state: FaultState,
    intended: Option<Intended>,
}

#[derive(Deserialize)]
struct Intended {
    case: String,
    step: String,
    fault: Fault,
    injection: Json,
}

pub(super) fn agree(case: &CaseRecord, journal: &str, contradictions: &mut Vec<String>) {
    let mut written = states(journal);
    for fault in case.faults.iter().chain(&case.made) {
        let place = written.iter().position(|(intended, state)| is_of(fault, case, intended, *state));
        match place {
            Some(place) => drop(written.swap_remove(place)),
            None => contradictions.push(format!(
                "{} step {}: `{}` is not what its journal says of it",
                case.key, fault.step, fault.fault.what
            )),
        }
    }
    for (intended, _) in written {
        contradictions.push(format!(
            "{} step {}: `{}` stands in its journal only",
            intended.case, intended.step, intended.fault.what
        ));
    }
    for step in &case.steps {
        if broken(step) != recorded(step, case) {
            contradictions
                .push(format!("{} step {}: what it broke is told otherwise", case.key, step.number));
        }
    }
}

/// How far each fault came, by the last line about it. What was intended and is gone without having been applied is a
/// request that was refused.
fn states(journal: &str) -> Vec<(Intended, FaultState)> {
    let mut faults: BTreeMap<u32, (Intended, FaultState)> = BTreeMap::new();
    for line in journal.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()) {
        match (faults.get_mut(&line.fault), line.intended) {
            (Some((_, FaultState::Intended)), None) if line.state == FaultState::Verified => {
                faults.remove(&line.fault);
            }
            (Some(known), Some(intended)) => *known = (intended, line.state),
            (Some((_, state)), None) => *state = line.state,
            (None, Some(intended)) => drop(faults.insert(line.fault, (intended, line.state))),
            (None, None) => {}
        }
    }
    faults.into_values().collect()
}

fn is_of(fault: &FaultRecord, case: &CaseRecord, intended: &Intended, state: FaultState) -> bool {
    (&fault.step, &case.key, fault.state) == (&intended.step, &intended.case, state)
        && is_same(&fault.fault.what, &intended.fault.what)
        && is_same(&fault.fault.inverse, &intended.fault.inverse)
        && fault.ends == ends(fault.applied, &intended.injection)
}

/// When a fault ends by itself.
fn ends(applied: Option<Timestamp>, injection: &Json) -> Option<Timestamp> {
    let after = injection["blocked"]["expiry"].as_u64()?;
    applied.map(|applied| applied + Duration::from_secs(after))
}

/// What a step has broken, as was seen when it was done.
fn broken(step: &StepRecord) -> Vec<&str> {
    let is_applied = |number: Option<&f64>| number.is_some_and(|applied| *applied > 0.0);
    let done = step.statements.iter().filter(|done| is_applied(done.seen.numbers.get("applied")));
    let mut broken: Vec<_> = done.map(|done| done.statement.as_str()).collect();
    broken.sort_unstable();
    broken
}

/// The same, as the case has it.
fn recorded<'a>(step: &StepRecord, case: &'a CaseRecord) -> Vec<&'a str> {
    let of_step = case.faults.iter().filter(|fault| fault.step == step.number && fault.applied.is_some());
    let mut broken: Vec<_> = of_step.map(|fault| fault.statement.as_str()).collect();
    broken.sort_unstable();
    broken
}

//! Every predicate of a case, held again against what was seen.

use std::collections::BTreeMap;

use casebook_ticket::At;
use casebook_ticket::language::{Action, Statement, parse_predicate, parse_statement};

use super::text::{has_hidden, is_same};
use crate::evaluate::{DECIDED_BY_HIDDEN, HIDDEN_IN_PREDICATE, NOT_REACHED, judge};
use crate::names::Names;
use crate::perform::asks;
use crate::{CaseRecord, Judged, Observation, RunRecord, StatementRecord};

pub(super) fn agree(case: &CaseRecord, record: &RunRecord, contradictions: &mut Vec<String>) {
    let mut names = Names::new(record.values.clone());
    let mut by_step: BTreeMap<&str, &Observation> = BTreeMap::new();
    for step in &case.steps {
        let place = format!("{} step {}", case.key, step.number);
        for (done, is_before) in step
            .before
            .iter()
            .map(|done| (done, true))
            .chain(step.statements.iter().map(|done| (done, false)))
        {
            let statement = match parse_statement(&done.statement, At::default()) {
                Ok(statement) => statement,
                Err(error) => {
                    contradictions.push(format!("{place}: `{}`: {error}", done.statement));
                    continue;
                }
            };
            if let Some(why) = unlike(&statement, done, &names) {
                contradictions.push(format!("{place}: {why}"));
            }
            if let Some(name) = &statement.capture {
                names.capture(name, done.seen.clone());
            }
            if !is_before {
                by_step.insert(&step.number, &done.seen);
            }
            judged(&place, &done.judged, Some(&done.seen), &names, contradictions);
        }
    }
    for assertion in &case.assertions {
        let place = format!("{} assertion on step {}", case.key, assertion.step);
        let seen = by_step.get(assertion.step.as_str()).copied();
        judged(&place, &assertion.judged, seen, &names, contradictions);
    }
}

/// Why what was seen cannot be what came of a statement.
fn unlike(statement: &Statement, done: &StatementRecord, names: &Names) -> Option<String> {
    match &statement.action {
        Action::Recall(name) => {
            // As they are written: a number that is none is not equal to itself.
            let written = |seen: &Observation| serde_json::to_string(seen).unwrap_or_default();
            let known = names.captured(name);
            let is_other = known.is_some_and(|known| written(known) != written(&done.seen));
            is_other.then(|| format!("{name} is not what was seen then"))
        }
        action => {
            (done.seen.asked != asks(action)).then(|| format!("`{}` has no such result", done.statement))
        }
    }
}

fn judged(
    place: &str,
    judged: &[Judged],
    seen: Option<&Observation>,
    names: &Names,
    contradictions: &mut Vec<String>,
) {
    for known in judged {
        if !is_so(known, seen, names) {
            contradictions.push(format!("{place}: `{}` is not what is claimed of it", known.predicate));
        }
    }
}

/// Whether a predicate comes to what is claimed of it, for the reason that is claimed.
fn is_so(known: &Judged, seen: Option<&Observation>, names: &Names) -> bool {
    let Some(seen) = seen else {
        return (known.holds, known.why.as_str()) == (None, NOT_REACHED);
    };
    // Whoever saw what is hidden could not tell by what is written.
    if known.holds.is_none() && [DECIDED_BY_HIDDEN, HIDDEN_IN_PREDICATE].contains(&known.why.as_str()) {
        return has_hidden(&known.predicate)
            || serde_json::to_string(seen).is_ok_and(|seen| has_hidden(&seen));
    }
    let Ok(predicate) = parse_predicate(&known.predicate, At::default()) else { return false };
    let now = judge(&predicate, seen, &|name| names.resolve(name));
    now.holds == known.holds && is_same(&now.why, &known.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_step_that_saw_nothing_nothing_else_can_be_claimed() {
        let names = Names::new(BTreeMap::new());
        let claimed = |holds, why: &str| {
            is_so(&Judged { predicate: "status 200".into(), holds, why: why.into() }, None, &names)
        };
        assert!(claimed(None, NOT_REACHED));
        assert!(!claimed(Some(true), NOT_REACHED) && !claimed(Some(true), "") && !claimed(None, ""));
    }
}

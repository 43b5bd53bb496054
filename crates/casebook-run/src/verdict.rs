//! What a case comes to. Pure, from its record alone: a run and whoever verifies its evidence come to the same.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::{
    AssertionRecord, CaseRecord, FaultRecord, FaultState, Judged, Outcome, StepKind, StepRecord, Verdict,
};

/// What a case comes to, and one sentence that says why.
#[must_use]
pub fn case_verdict(case: &CaseRecord) -> (Verdict, String) {
    if let Some(fault) =
        case.faults.iter().chain(&case.made).find(|fault| fault.state != FaultState::Verified)
    {
        return (
            Verdict::Dirty,
            format!("`{}` of step {} was not seen to be undone", fault.fault.what, fault.step),
        );
    }
    if let Some(error) = &case.error {
        return (Verdict::Error, error.clone());
    }
    if case.steps.iter().all(|step| step.statements.is_empty()) {
        return (Verdict::Error, "nothing was carried out: the ticket has no bindings".to_owned());
    }
    // What nothing follows from comes before what follows from it.
    let (baseline, others): (Vec<_>, Vec<_>) = case
        .steps
        .iter()
        .filter(|step| step.kind.matters_first())
        .partition(|step| step.kind == StepKind::Baseline);
    for step in baseline.into_iter().chain(others) {
        if let Some(why) = shown_before(step).or_else(|| shortcoming(step)).or_else(|| unmet_by(step, case)) {
            let what = match step.kind {
                StepKind::Proof => "the fault is not proven to have taken hold",
                StepKind::Fault => "the fault was not put in place",
                _ => "the baseline does not hold",
            };
            return (
                Verdict::Inconclusive,
                format!("{what}, so nothing follows: step {}: {why}", step.number),
            );
        }
    }
    if let Some(why) = case.faults.iter().find_map(|fault| lost(fault).or_else(|| outlived(fault, case))) {
        return (Verdict::Inconclusive, why);
    }
    let steps = case.steps.iter().flat_map(|step| judgements(step).map(|judged| (&step.number, judged)));
    let asserted = case.assertions.iter().flat_map(|assertion| {
        let AssertionRecord { step, judged, .. } = assertion;
        judged.iter().map(move |judged| (step, judged))
    });
    let all: Vec<(&String, &Judged)> = steps.chain(asserted).collect();
    if let Some((step, judged)) = all.iter().find(|(_, judged)| judged.holds == Some(false)) {
        return (
            Verdict::Failed,
            format!("step {step}: `{}` does not hold: {}", judged.predicate, judged.why),
        );
    }
    if let Some((step, judged)) = all.iter().find(|(_, judged)| judged.holds.is_none()) {
        return (
            Verdict::Inconclusive,
            format!("step {step}: `{}` cannot be told: {}", judged.predicate, judged.why),
        );
    }
    if let Some(why) = case.steps.iter().find_map(failure) {
        return (Verdict::Inconclusive, why);
    }
    if let Some(step) = case.steps.iter().find(|step| step.kind == StepKind::Manual) {
        return (Verdict::Inconclusive, format!("step {} is left to a person", step.number));
    }
    if let Some(step) = case.steps.iter().find(|step| step.statements.is_empty()) {
        return (Verdict::Inconclusive, format!("step {} was not reached", step.number));
    }
    if all.is_empty() {
        return (Verdict::Error, "nothing was checked: the ticket has no predicates".to_owned());
    }
    (Verdict::Passed, "all that the ticket claims was seen".to_owned())
}

/// What a run comes to: the worst of its cases; one without any case is an error.
#[must_use]
pub fn run_verdict(cases: &[CaseRecord]) -> Verdict {
    cases.iter().map(|case| case.verdict).max().unwrap_or(Verdict::Error)
}

fn judgements(step: &StepRecord) -> impl Iterator<Item = &Judged> {
    step.statements.iter().flat_map(|statement| &statement.judged)
}

/// That all which is to show a step's faults was so just before them: it would show nothing.
pub(crate) fn shown_before(step: &StepRecord) -> Option<String> {
    let mut judged = step.before.iter().flat_map(|look| &look.judged);
    let look = step.before.first().filter(|_| judged.all(|judged| judged.holds == Some(true)))?;
    let symptoms: Vec<_> = look.judged.iter().map(|judged| format!("`{}`", judged.predicate)).collect();
    Some(format!(
        "what is to show the fault was so before it: {} of `{}`",
        symptoms.join(" and "),
        look.statement
    ))
}

/// What an assertion says of a step that something depends on, where it does not hold.
fn unmet_by(step: &StepRecord, case: &CaseRecord) -> Option<String> {
    let asserted = case.assertions.iter().filter(|assertion| {
        assertion.kind.matters_first() && step.is_test_step() && assertion.step == step.number
    });
    asserted.flat_map(|assertion| &assertion.judged).find(|judged| judged.holds != Some(true)).map(unmet)
}

/// That somebody else ended a fault, nobody knows when.
fn lost(fault: &FaultRecord) -> Option<String> {
    let FaultRecord { fault: what, step, .. } = fault;
    fault.lost.then(|| {
        format!(
            "`{}` of step {step} was gone before it was undone: somebody else has put it back, so nothing follows",
            what.what
        )
    })
}

/// That a fault ended by itself before all had been looked at that was to be seen under it.
fn outlived(fault: &FaultRecord, case: &CaseRecord) -> Option<String> {
    let (ends, gone) = (fault.ends?, fault.verified?);
    let is_late = |step: &&StepRecord| {
        matches!(step.kind, StepKind::Proof | StepKind::Check)
            && step.began < gone
            && step.statements.iter().any(|done| {
                Duration::try_from_secs_f64(done.seen.elapsed).is_ok_and(|took| done.began + took > ends)
            })
    };
    let step = case.steps.iter().find(is_late)?;
    let (number, what) = (&step.number, &fault.fault.what);
    let bare = what.split_once(" for ").map_or(what.as_str(), |(bare, _)| bare);
    Some(format!(
        "`{what}` of step {} ended by itself before step {number} had looked; give it more time, as in `{bare} for 10m`",
        fault.step
    ))
}

/// What a step lacks of what it must show: something that does not hold, or cannot be told, or was not carried out.
fn shortcoming(step: &StepRecord) -> Option<String> {
    let unmet = judgements(step).find(|judged| judged.holds != Some(true)).map(unmet);
    let not_reached = || step.statements.is_empty().then(|| "it was not reached".to_owned());
    unmet.or_else(|| failure(step)).or_else(not_reached)
}

fn unmet(judged: &Judged) -> String {
    match judged.holds {
        Some(_) => format!("`{}` does not hold: {}", judged.predicate, judged.why),
        None => format!("`{}` cannot be told: {}", judged.predicate, judged.why),
    }
}

/// A statement that could not be carried out.
fn failure(step: &StepRecord) -> Option<String> {
    step.statements.iter().find_map(|statement| match &statement.seen.outcome {
        Outcome::Failed(why) => {
            Some(format!("step {}: `{}` could not be carried out: {why}", step.number, statement.statement))
        }
        _ => None,
    })
}

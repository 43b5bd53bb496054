//! What a case comes to. Pure, from its record alone: a run and whoever verifies its evidence come to the same.

#[cfg(test)]
mod tests;

use crate::{AssertionRecord, CaseRecord, FaultState, Judged, Outcome, StepKind, StepRecord, Verdict};

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
    for step in case.steps.iter().filter(|step| matters_first(step.kind)) {
        if let Some(why) = shortcoming(step) {
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

fn matters_first(kind: StepKind) -> bool {
    matches!(kind, StepKind::Baseline | StepKind::Fault | StepKind::Proof)
}

fn judgements(step: &StepRecord) -> impl Iterator<Item = &Judged> {
    step.statements.iter().flat_map(|statement| &statement.judged)
}

/// What a step lacks of what it must show: something that does not hold, or cannot be told, or was not carried out.
fn shortcoming(step: &StepRecord) -> Option<String> {
    let unmet = judgements(step).find(|judged| judged.holds != Some(true));
    let unmet = unmet.map(|judged| match judged.holds {
        Some(_) => format!("`{}` does not hold: {}", judged.predicate, judged.why),
        None => format!("`{}` cannot be told: {}", judged.predicate, judged.why),
    });
    let not_reached = || step.statements.is_empty().then(|| "it was not reached".to_owned());
    unmet.or_else(|| failure(step)).or_else(not_reached)
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

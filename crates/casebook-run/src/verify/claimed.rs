//! Whether a case did, and held against what it saw, what its ticket says: nothing less and nothing else. A run that did
//! not come to its end has done less.

use casebook_ticket::Standard;
use casebook_ticket::language::{self, Action};

use super::text::is_same;
use crate::plan::{Plan, PlannedStep, claims};
use crate::session::one_ticket;
use crate::{AssertionRecord, CaseRecord, Judged, StatementRecord, StepRecord};

/// What the ticket in the evidence says that is done and must hold.
pub(super) fn plan(file: &str, text: &str, standard: &Standard) -> Result<Plan, String> {
    let ticket = one_ticket(file, text.as_bytes(), standard)?;
    let checked = language::check(&ticket);
    Ok(claims(&ticket, checked))
}

pub(super) fn agree(case: &CaseRecord, plan: &Plan, contradictions: &mut Vec<String>) {
    let mut differs =
        |place: &str| contradictions.push(format!("{}: {place} is not as the ticket has it", case.key));
    if (&case.key, &case.summary) != (&plan.key, &plan.summary) {
        differs("what it is called");
    }
    if case.steps.len() != plan.steps.len() {
        return differs("the number of steps");
    }
    let is_whole = case.error.is_none();
    for (step, planned) in case.steps.iter().zip(&plan.steps) {
        if !is_step(step, planned, is_whole) {
            differs(&format!("step {}", planned.number));
        }
    }
    let is_asserted = plan.assertions.iter().zip(&case.assertions).all(|(planned, asserted)| {
        let AssertionRecord { text, step, kind, judged } = asserted;
        (&planned.step.0, planned.kind) == (step, *kind)
            && *text == format!("step {step}: {}", planned.predicate)
            && are_same(&[planned.predicate.to_string()], judged)
    });
    if !is_asserted || case.assertions.len() != plan.assertions.len() {
        differs("what it asserts");
    }
}

fn is_step(step: &StepRecord, planned: &PlannedStep, is_whole: bool) -> bool {
    let is_begun = !step.statements.is_empty();
    let last = planned.statements.len().saturating_sub(1);
    let is_statement = |(number, done): (usize, &StatementRecord)| {
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
        && (&step.action, &step.expected) == (&planned.action, &planned.expected)
        && is_looked_at_before(step, planned)
        && step.statements.iter().enumerate().all(is_statement)
        && (!is_begun || !is_whole || step.statements.len() == planned.statements.len())
}

/// Whether what is to show a step's faults was looked at before anything was broken.
fn is_looked_at_before(step: &StepRecord, planned: &PlannedStep) -> bool {
    let breaks = |(number, _): (usize, &StatementRecord)| {
        planned.statements.get(number).is_some_and(|statement| statement.action.mutation().is_some())
    };
    let has_broken = step.statements.iter().enumerate().any(breaks);
    let is_look = |(done, look): (&StatementRecord, &crate::plan::Look)| {
        let symptoms: Vec<_> = look.symptoms.iter().map(ToString::to_string).collect();
        done.statement == look.statement.to_string() && are_same(&symptoms, &done.judged)
    };
    (step.before.is_empty() && !has_broken)
        || (step.before.len() == planned.before.len() && step.before.iter().zip(&planned.before).all(is_look))
}

/// Whether these predicates were held against something; what is hidden in evidence is hidden in them too.
fn are_same(predicates: &[String], judged: &[Judged]) -> bool {
    predicates.len() == judged.len()
        && predicates.iter().zip(judged).all(|(predicate, judged)| is_same(predicate, &judged.predicate))
}

//! Predicates fit the results that they are held against, and snapshots what they are compared with.

use std::collections::HashMap;

use super::super::{Action, Outcome, Predicate, StepId, Variable, World};
use super::{Checked, Problem, ProblemKind};
use crate::message::message;
use crate::{At, Field};

pub(super) fn check(checked: &mut Checked) {
    let mut problems = Vec::new();
    let mut captured: HashMap<&Variable, Option<Outcome>> = HashMap::new();
    let mut snapshots: HashMap<&Variable, &'static str> = HashMap::new();
    let mut by_step: HashMap<&StepId, Option<Outcome>> = HashMap::new();
    for step in &checked.steps {
        let mut last = None;
        for statement in &step.statements {
            last = outcome(&statement.action, &captured);
            let place = (statement.at, step.part.field());
            match &statement.action {
                Action::Diff { world, before, .. } => {
                    problems.extend(compared(world, before, &snapshots, place));
                }
                Action::Wait(wait) => {
                    if let Action::Diff { world, before, .. } = &wait.action {
                        problems.extend(compared(world, before, &snapshots, place.clone()));
                    }
                    for predicate in &wait.until {
                        problems.extend(fits(predicate, last, place.clone()));
                    }
                }
                Action::Snapshot(world) => {
                    let world = match world {
                        World::Kubernetes(_) => "k8s",
                        World::Process(_) => "process",
                        World::Queue(_) => "queue",
                    };
                    snapshots.extend(statement.capture.as_ref().map(|name| (name, world)));
                }
                _ => {}
            }
            captured.extend(statement.capture.as_ref().map(|name| (name, last)));
        }
        if step.statements.is_empty() {
            if let Some((at, _)) = step.predicates.first() {
                problems.push(Problem::new(
                    ProblemKind::Misplaced,
                    (*at, step.part.field()),
                    message!(expects_without_statement),
                    message!(statement_or_earlier_result),
                ));
            }
        } else {
            for (at, predicate) in &step.predicates {
                problems.extend(fits(predicate, last, (*at, step.part.field())));
            }
        }
        by_step.extend(step.id.as_ref().map(|id| (id, last)));
    }
    for assertion in &checked.assertions {
        let place = (assertion.at, assertion.field.clone());
        match by_step.get(&assertion.step) {
            Some(outcome) => problems.extend(fits(&assertion.predicate, *outcome, place)),
            None => problems.push(Problem::new(
                ProblemKind::UnknownStep,
                place,
                message!(no_such_step, step = &assertion.step.0),
                message!(step_meant),
            )),
        }
    }
    checked.problems.extend(problems);
}

fn outcome(action: &Action, captured: &HashMap<&Variable, Option<Outcome>>) -> Option<Outcome> {
    match action {
        Action::Recall(name) => captured.get(name).copied().flatten(),
        other => other.outcome(),
    }
}

fn fits(predicate: &Predicate, outcome: Option<Outcome>, place: (At, Field)) -> Option<Problem> {
    let Some(outcome) = outcome else {
        let what = message!(nothing_to_hold_against, word = predicate.word());
        return Some(Problem::new(ProblemKind::Mismatch, place, what, message!(leave_out_or_result)));
    };
    if predicate.fits(outcome) {
        return None;
    }
    let what = message!(says_nothing_about, word = predicate.word(), what = outcome.description());
    let remedy = message!(write_one_of, words = outcome.predicates().join(", "));
    Some(Problem::new(ProblemKind::Mismatch, place, what, remedy))
}

fn compared(
    world: &str,
    before: &Variable,
    snapshots: &HashMap<&Variable, &'static str>,
    place: (At, Field),
) -> Option<Problem> {
    let name = before.name();
    let what = match snapshots.get(before) {
        Some(made) if *made == world => return None,
        Some(made) => message!(snapshot_of_other, name = name, made = *made, world = world),
        None => message!(no_snapshot, name = name),
    };
    let remedy = match world {
        "k8s" => message!(snapshot_k8s, name = name),
        _ => message!(snapshot_other, world = world, name = name),
    };
    Some(Problem::new(ProblemKind::NoSnapshot, place, what, remedy))
}

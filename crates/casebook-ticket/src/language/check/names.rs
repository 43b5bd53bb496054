//! Names are known before they are used: those of the environment by `use`, results by `as`, data by its block, steps by
//! their first column.

use std::collections::{HashMap, HashSet};

use super::super::names::Uses;
use super::super::{Action, Http, Reference, Segment, StepId, Template, Undo, Variable};
use super::{BoundStep, Checked, Part, Problem, ProblemKind};
use crate::{At, Field};

/// What names stand for, as far as the ticket was followed.
#[derive(Default)]
struct Known<'a> {
    declared: HashSet<&'a Variable>,
    captured: HashSet<&'a Variable>,
    /// Every name that is captured anywhere, to tell what comes too late from what never comes.
    ever: HashSet<&'a Variable>,
    /// The steps that began, and those that broke something.
    begun: HashSet<&'a StepId>,
    broke: HashSet<&'a StepId>,
    /// Names that were already complained about.
    told: HashSet<&'a Variable>,
    data: HashMap<&'a str, &'a [Reference]>,
    problems: Vec<Problem>,
}

pub(super) fn check(checked: &mut Checked) {
    let problems = {
        let mut known = Known {
            data: checked.data.iter().map(|datum| (datum.name.name(), &*datum.references)).collect(),
            ..Known::default()
        };
        known.ever.extend(
            checked.steps.iter().flat_map(|step| &step.statements).filter_map(|it| it.capture.as_ref()),
        );
        checked.steps.iter().for_each(|step| known.step(step));
        for assertion in &checked.assertions {
            let uses = Uses::of_predicate(&assertion.predicate);
            known.uses(uses, &(assertion.at, assertion.field.clone()));
        }
        known.problems
    };
    checked.problems.extend(problems);
}

impl<'a> Known<'a> {
    fn step(&mut self, step: &'a BoundStep) {
        if let Some(id) = &step.id
            && !self.begun.insert(id)
        {
            let what = format!("There are two steps {}", id.0);
            self.problem(
                ProblemKind::NameTwice,
                (step.at, step.part.field()),
                what,
                "number the steps one after the other",
            );
        }
        for statement in &step.statements {
            let place = (statement.at, step.part.field());
            self.uses(Uses::of_action(&statement.action), &place);
            match &statement.action {
                Action::Use(names) => self.declare(names, step.part, &place),
                Action::Undo(Undo::Step(id)) if self.begun.contains(id) && !self.broke.contains(id) => {
                    let what = format!("Step {} breaks nothing that could be undone", id.0);
                    self.problem(
                        ProblemKind::UnknownStep,
                        place.clone(),
                        what,
                        "name the step that holds the fault",
                    );
                }
                Action::Recall(name) if !self.captured.contains(name) && !self.declared.contains(name) => {
                    self.unknown(name, &place);
                }
                Action::Http(Http { headers, .. }) => self.secrets(headers, &place),
                _ => {}
            }
            if let Some(id) = step.id.as_ref().filter(|_| statement.action.mutation().is_some()) {
                self.broke.insert(id);
            }
            if let Some(name) = &statement.capture
                && (!self.captured.insert(name) || self.declared.contains(name))
            {
                let what = format!("`{}` already is the name of something else", name.name());
                self.problem(ProblemKind::NameTwice, place, what, "take a name that nothing else has");
            }
        }
        for (at, predicate) in &step.predicates {
            self.uses(Uses::of_predicate(predicate), &(*at, step.part.field()));
        }
    }

    fn declare(&mut self, names: &'a [Variable], part: Part, place: &(At, Field)) {
        if part != Part::PreConditions {
            let what = "`use` stands in the middle of the run";
            let remedy =
                "write it into the Pre-Conditions, so that what is needed is known before anything begins";
            self.problem(ProblemKind::Misplaced, place.clone(), what, remedy);
        }
        self.declared.extend(names);
    }

    fn uses(&mut self, uses: Uses<'a>, place: &(At, Field)) {
        for (name, reference) in uses.references {
            self.reference(name, reference, place);
        }
        for name in uses.data {
            let references = self.data.get(name.name()).copied();
            if let Some(references) = references {
                for reference in references {
                    self.reference(&reference.name, Some(reference), place);
                }
            } else {
                let remedy = match nearest(name.name(), self.data.keys().copied()) {
                    Some(near) => format!("write `@{near}`, if that is what is meant"),
                    None => format!("write it into Test Data as a fenced block ```json {}", name.name()),
                };
                let what = format!("There is no test data `{name}`");
                self.problem(ProblemKind::UnknownData, place.clone(), what, remedy);
            }
        }
        for step in uses.steps {
            if !self.begun.contains(step) {
                let what = format!("No step {} was begun before", step.0);
                let remedy = "write what stands in the first column of an earlier step that has a statement";
                self.problem(ProblemKind::UnknownStep, place.clone(), what, remedy);
            }
        }
    }

    fn reference(&mut self, name: &'a Variable, reference: Option<&Reference>, place: &(At, Field)) {
        if self.captured.contains(name) {
            // A result has parts; which ones they are is known when it is there, but for the first.
            const PARTS: &[&str] =
                &["json", "status", "header", "text", "elapsed", "count", "rows", "ready", "value"];
            let part = reference.and_then(|reference| reference.path.first());
            let is_part = matches!(part, Some(Segment::Key(key)) if PARTS.contains(&key.as_str()));
            if !is_part {
                let what = format!("`{name}` is a result, and which part of it is meant is not said");
                let remedy = format!("write the part, e.g. `{name}.json.job_id` or `{name}.value`");
                self.problem(ProblemKind::UnknownName, place.clone(), what, remedy);
            }
        } else if !self.declared.contains(name) {
            self.unknown(name, place);
        }
    }

    fn unknown(&mut self, name: &'a Variable, place: &(At, Field)) {
        if !self.told.insert(name) {
            return;
        }
        if self.ever.contains(name) {
            let what = format!("`{name}` is captured only later");
            self.problem(
                ProblemKind::UnknownName,
                place.clone(),
                what,
                "move the step that captures it before this one",
            );
            return;
        }
        let known = self.declared.iter().chain(&self.captured).map(|known| known.name());
        let remedy = match nearest(name.name(), known) {
            Some(near) => format!(
                "write `${near}`, if that is what is meant, or declare it: `use {name}` in the Pre-Conditions"
            ),
            None => format!("declare it: `use {name}` in the Pre-Conditions"),
        };
        let what = format!("Nothing says what `{name}` is");
        self.problem(ProblemKind::UnknownName, place.clone(), what, remedy);
    }

    fn secrets(&mut self, headers: &[(String, Template)], place: &(At, Field)) {
        const SECRET: &[&str] =
            &["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"];
        for (name, value) in headers {
            if SECRET.contains(&name.to_ascii_lowercase().as_str()) && value.references().next().is_none() {
                let what = format!("The header {name} has its secret written out");
                let remedy = format!(
                    "put it into the environment's file and write its name: `with \"{name}: $token\"`"
                );
                self.problem(ProblemKind::Secret, place.clone(), what, remedy);
            }
        }
    }

    fn problem(
        &mut self,
        kind: ProblemKind,
        place: (At, Field),
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.problems.push(Problem::new(kind, place, what, remedy));
    }
}

/// The name that was probably meant.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const LONGEST: usize = 40;
    if name.len() > LONGEST {
        return None;
    }
    let distance = |other: &'n str| (strsim::damerau_levenshtein(name, other), other);
    let near = known.filter(|other| other.len() <= LONGEST).map(distance).min();
    near.filter(|(wrong, _)| *wrong <= 2.min(name.len() / 2)).map(|(_, other)| other)
}

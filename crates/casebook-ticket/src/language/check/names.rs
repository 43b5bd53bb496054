//! Names are known before they are used: those of the environment by `use`, results by `as`, data by its block, steps by
//! their first column.

use std::collections::{HashMap, HashSet};

use super::super::names::Uses;
use super::super::{Action, Http, Reference, Segment, StepId, Undo, Variable};
use super::{BoundStep, Checked, Part, Problem, ProblemKind, credentials};
use crate::message::{Message, message};
use crate::{At, Field};

/// What names stand for, as far as the ticket was followed.
#[derive(Default)]
struct Known<'a> {
    declared: HashSet<&'a Variable>,
    captured: HashSet<&'a Variable>,
    /// Every name that is captured anywhere, to tell what comes too late from what never comes.
    ever: HashSet<&'a Variable>,
    /// The steps that began, and those that broke or made something.
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
            let place = (step.at, step.part.field());
            let what = message!(two_steps, step = &id.0);
            self.problem(ProblemKind::NameTwice, place, what, message!(number_steps));
        }
        for statement in &step.statements {
            let place = (statement.at, step.part.field());
            self.uses(Uses::of_action(&statement.action), &place);
            match &statement.action {
                Action::Use(names) => self.declare(names, step.part, &place),
                Action::Undo(Undo::Step(id)) if self.begun.contains(id) && !self.broke.contains(id) => {
                    let what = message!(breaks_nothing, step = &id.0);
                    let remedy = message!(name_step_with_fault);
                    self.problem(ProblemKind::UnknownStep, place.clone(), what, remedy);
                }
                Action::Recall(name) if !self.captured.contains(name) && !self.declared.contains(name) => {
                    self.unknown(name, &place);
                }
                _ => {}
            }
            if let Action::Http(request) = statement.action.inner() {
                self.secrets(request, &place);
            }
            let undo = statement.action.undone_by();
            let breaks = statement.action.mutation().is_some() || undo.is_some();
            if let Some(id) = step.id.as_ref().filter(|_| breaks) {
                self.broke.insert(id);
            }
            if let Some(name) = &statement.capture
                && (!self.captured.insert(name) || self.declared.contains(name))
            {
                let what = message!(name_taken, name = name.name());
                self.problem(ProblemKind::NameTwice, place.clone(), what, message!(take_new_name));
            }
            // It is known when there is an answer, which it may name.
            if let Some(undo) = undo {
                self.uses(Uses::of_request(undo), &place);
                self.secrets(undo, &place);
            }
        }
        for (at, predicate) in &step.predicates {
            self.uses(Uses::of_predicate(predicate), &(*at, step.part.field()));
        }
    }

    fn declare(&mut self, names: &'a [Variable], part: Part, place: &(At, Field)) {
        if part != Part::PreConditions {
            let (what, remedy) = (message!(use_in_the_middle), message!(use_first));
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
                    Some(near) => message!(write_nearest, word = format!("@{near}")),
                    None => message!(write_data, name = name.name()),
                };
                let what = message!(no_such_data, name = name.to_string());
                self.problem(ProblemKind::UnknownData, place.clone(), what, remedy);
            }
        }
        for step in uses.steps {
            if !self.begun.contains(step) {
                let what = message!(step_not_begun, step = &step.0);
                let remedy = message!(step_with_statement);
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
                let what = message!(which_part, name = name.to_string());
                let remedy = message!(write_part, name = name.to_string());
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
            let what = message!(captured_later, name = name.to_string());
            self.problem(ProblemKind::UnknownName, place.clone(), what, message!(move_capture));
            return;
        }
        let known = self.declared.iter().chain(&self.captured).map(|known| known.name());
        let remedy = match nearest(name.name(), known) {
            Some(near) => message!(nearest_or_declare, near = near, name = name.to_string()),
            None => message!(declare, name = name.to_string()),
        };
        let what = message!(nothing_says, name = name.to_string());
        self.problem(ProblemKind::UnknownName, place.clone(), what, remedy);
    }

    /// A request's credentials are written by their names.
    fn secrets(&mut self, request: &Http, place: &(At, Field)) {
        for name in credentials::in_headers(&request.headers) {
            let (what, remedy) =
                (message!(secret_in_header, name = name), message!(secret_into_environment, name = name));
            self.problem(ProblemKind::Secret, place.clone(), what, remedy);
        }
        for name in credentials::in_query(&request.target) {
            let what = message!(secret_in_query, name = &name);
            self.problem(
                ProblemKind::Secret,
                place.clone(),
                what,
                message!(query_into_environment, name = &name),
            );
        }
    }

    fn problem(&mut self, kind: ProblemKind, place: (At, Field), what: Message, remedy: Message) {
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

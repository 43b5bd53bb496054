//! What each step and each assertion is for: it decides what follows when one does not hold.

use std::collections::{HashMap, HashSet};

use casebook_ticket::language::{
    Action, BoundStep, Checked, Mutation, Part, Predicate, Statement, StepId, Undo, Variable,
};

use super::{Look, mutations};
use crate::StepKind;

/// What all steps and assertions of a ticket are for, in their order.
pub(super) struct Kinds {
    pub(super) steps: Vec<StepKind>,
    pub(super) assertions: Vec<StepKind>,
    /// What is to show each step's faults.
    pub(super) before: Vec<Vec<Look>>,
}

impl Kinds {
    /// The pre-conditions, and all before the first fault, are baseline, and so is what is said of it later. From a fault
    /// to its undo, what shows it is proof, until the first request, or once behind it; when nothing is broken any more,
    /// what follows is recovery. Without any fault all steps are checks.
    pub(super) fn of(checked: &Checked) -> Self {
        let mut walk = Walk::new(checked);
        for (place, step) in checked.steps.iter().enumerate() {
            let kind = walk.step(place, step);
            walk.steps.push(kind);
        }
        let assertions = checked.assertions.iter().map(|assertion| {
            let is_of = |step: &&BoundStep| step.id.as_ref() == Some(&assertion.step);
            let of = checked.steps.iter().zip(&walk.steps).find(|(step, _)| is_of(step));
            match of.map(|(_, kind)| *kind) {
                Some(StepKind::Baseline) if !walk.is_early(&assertion.predicate) => StepKind::Check,
                kind => kind.unwrap_or(StepKind::Check),
            }
        });
        Self { assertions: assertions.collect(), before: walk.before, steps: walk.steps }
    }
}

/// A fault that is not undone yet.
struct Broken<'a> {
    /// The place of its step.
    place: usize,
    step: Option<&'a StepId>,
    mutation: &'a Mutation,
    /// Whether its target was whole when it was broken, so that the looks which show the fault have to differ.
    is_first: bool,
}

struct Walk<'a> {
    checked: &'a Checked,
    has_faults: bool,
    broken: Vec<Broken<'a>>,
    /// Whether something was asked or undone since the last fault, and whether that fault was shown.
    is_past: bool,
    is_shown: bool,
    captured: HashMap<&'a Variable, &'a Statement>,
    /// All that is captured anywhere, and what is before the first fault.
    ever: HashSet<&'a Variable>,
    early: HashSet<&'a Variable>,
    steps: Vec<StepKind>,
    before: Vec<Vec<Look>>,
}

impl<'a> Walk<'a> {
    fn new(checked: &'a Checked) -> Self {
        let statements = || checked.steps.iter().flat_map(|step| &step.statements);
        Self {
            checked,
            has_faults: statements().any(|statement| statement.action.mutation().is_some()),
            broken: Vec::new(),
            is_past: false,
            is_shown: false,
            captured: HashMap::new(),
            ever: statements().filter_map(|statement| statement.capture.as_ref()).collect(),
            early: HashSet::new(),
            steps: Vec::new(),
            before: vec![Vec::new(); checked.steps.len()],
        }
    }

    fn step(&mut self, place: usize, step: &'a BoundStep) -> StepKind {
        let captured = step.statements.iter().filter_map(|it| Some((it.capture.as_ref()?, it)));
        self.captured.extend(captured.clone());
        self.is_past |= !self.broken.is_empty() && step.statements.iter().any(is_request);
        if mutations(&step.statements).next().is_some() {
            self.breaks(place, step);
            return StepKind::Fault;
        }
        if self.undoes(step) {
            return StepKind::Undo;
        }
        if (self.has_faults && !self.steps.contains(&StepKind::Fault)) || step.part == Part::PreConditions {
            self.early.extend(captured.map(|(name, _)| name));
            return StepKind::Baseline;
        }
        if !self.has_faults {
            return StepKind::Check;
        }
        if self.looks_back(step) {
            return StepKind::Baseline;
        }
        if self.broken.is_empty() || step.part != Part::Steps {
            return StepKind::Recovery;
        }
        if self.shows(step) { StepKind::Proof } else { StepKind::Check }
    }

    fn breaks(&mut self, place: usize, step: &'a BoundStep) {
        for mutation in mutations(&step.statements) {
            let is_broken = self.broken.iter().any(|known| known.mutation.target() == mutation.target());
            self.broken.push(Broken { place, step: step.id.as_ref(), mutation, is_first: !is_broken });
        }
        (self.is_past, self.is_shown) = (false, false);
    }

    /// Whether it puts something back.
    fn undoes(&mut self, step: &BoundStep) -> bool {
        let mut undoes = false;
        for statement in &step.statements {
            match &statement.action {
                Action::Undo(Undo::All) => self.broken.clear(),
                Action::Undo(Undo::Step(id)) => self.broken.retain(|broken| broken.step != Some(id)),
                _ => continue,
            }
            undoes = true;
        }
        self.is_past |= undoes;
        undoes
    }

    /// Whether all it does is to look again at what was seen before the first fault.
    fn looks_back(&self, step: &BoundStep) -> bool {
        let is_early = |statement: &Statement| matches!(&statement.action, Action::Recall(name) if self.early.contains(name));
        step.statements.iter().all(is_early)
            && !step.predicates.is_empty()
            && step.predicates.iter().all(|(_, predicate)| self.is_early(predicate))
    }

    /// Whether a predicate says nothing of what came after the first fault.
    fn is_early(&self, predicate: &Predicate) -> bool {
        predicate.names().all(|name| self.early.contains(name) || !self.ever.contains(name))
    }

    /// Whether it shows that something took hold that is broken; where it does, it is looked at before, too.
    fn shows(&mut self, step: &'a BoundStep) -> bool {
        let Some(last) = step.last() else { return false };
        let look = match &last.action {
            Action::Recall(name) => self.captured.get(name).copied().unwrap_or(last),
            _ => last,
        };
        let expected = self.expected(step, look);
        let may_be_late = |mutation: &Mutation| mutation.target().is_some() && !self.is_shown;
        let shown: Vec<_> = self
            .broken
            .iter()
            .filter(|broken| !self.is_past || may_be_late(broken.mutation))
            .filter(|broken| broken.mutation.is_proven_by(&look.action, &expected))
            .map(|broken| (broken.place, broken.mutation, broken.is_first))
            .collect();
        for (place, mutation, is_first) in &shown {
            let symptoms: Vec<_> =
                expected.iter().filter(|it| mutation.has_symptom(it)).map(|it| (*it).clone()).collect();
            if *is_first && mutation.target().is_some() {
                let statement = Statement { at: look.at, action: look.action.inner().clone(), capture: None };
                self.before[*place].push(Look { statement, symptoms });
            }
        }
        self.is_shown |= !shown.is_empty();
        !shown.is_empty()
    }

    /// All that is expected of a step's look, wherever that is said.
    fn expected(&self, step: &'a BoundStep, look: &'a Statement) -> Vec<&'a Predicate> {
        let waited = match &look.action {
            Action::Wait(wait) => wait.until.as_slice(),
            _ => &[],
        };
        let said = step.predicates.iter().map(|(_, predicate)| predicate);
        let asserted = self.checked.assertions.iter().filter(|it| step.id.as_ref() == Some(&it.step));
        waited.iter().chain(said).chain(asserted.map(|it| &it.predicate)).collect()
    }
}

fn is_request(statement: &Statement) -> bool {
    matches!(statement.action.inner(), Action::Http(_) | Action::Grpc(_))
}

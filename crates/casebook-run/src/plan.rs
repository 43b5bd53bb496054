//! What a run will do, known before anything is touched.

mod kinds;
mod possible;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use casebook_ticket::language::{
    self, Action, BoundStep, Checked, Datum, Mutation, Part, Predicate, Since, Statement, StepId, Variable,
};
use casebook_ticket::markup::plain_blocks;
use casebook_ticket::{At, Field, Ticket, steps};

use crate::environment::Environment;
use crate::inject::{in_words, makes};
use crate::{Fault, StepKind};
use kinds::Kinds;
use possible::possible;

/// What a run of one ticket will do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The ticket's key.
    pub key: String,
    /// Its summary.
    pub summary: String,
    /// In the order in which it is done.
    pub steps: Vec<PlannedStep>,
    /// What is held against the steps' results afterwards: as the ticket says it, the step, and what must hold.
    pub assertions: Vec<PlannedAssertion>,
    /// The test data that is sent.
    pub data: Vec<Datum>,
}

/// One step of a plan.
#[derive(Clone, Debug)]
pub struct PlannedStep {
    /// Its number; one of another section is called by that and its place, e.g. `pre-conditions 2`.
    pub number: String,
    /// How statements call it.
    pub id: Option<StepId>,
    /// The part of the run.
    pub part: Part,
    /// What it is for.
    pub kind: StepKind,
    /// What the ticket says is done.
    pub action: String,
    /// What the ticket says must be seen.
    pub expected: String,
    /// What is done.
    pub statements: Vec<Statement>,
    /// What must hold of the last result.
    pub predicates: Vec<Predicate>,
    /// What is to show that its faults took hold, looked at just before them: what is so already would show nothing.
    pub before: Vec<Look>,
}

/// A look, and what shows in it that something is broken.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// What is looked at.
    pub statement: Statement,
    /// What cannot hold of it while all is well.
    pub symptoms: Vec<Predicate>,
}

/// One assertion of a plan.
#[derive(Clone, Debug)]
pub struct PlannedAssertion {
    /// The step that it is about.
    pub step: StepId,
    /// What must hold.
    pub predicate: Predicate,
    /// What it is for: that of its step, unless it says something of what came later.
    pub kind: StepKind,
}

/// Why a ticket cannot be run here. Each is a sentence with its remedy, and where it stands in the ticket's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// Where.
    pub at: At,
    /// What is wrong, and what to do.
    pub text: String,
}

/// Plans the run of a ticket.
///
/// # Errors
///
/// All that stands in the way, at once.
pub fn plan(ticket: &Ticket, environment: &Environment, allow_shell: bool) -> Result<Plan, Vec<Obstacle>> {
    let checked = language::check(ticket);
    let mut obstacles: Vec<Obstacle> = checked
        .problems
        .iter()
        .map(|problem| Obstacle { at: problem.at, text: format!("{}; {}", problem.what, problem.remedy) })
        .collect();
    if !checked.steps.iter().any(|step| step.part == Part::Steps) {
        let at = ticket.section(&Field::TestSteps).map_or(ticket.origin.at, |section| section.at);
        let text = "there is nothing to run: no step has a binding; see docs/casebook/language.md".to_owned();
        obstacles.push(Obstacle { at, text });
    }
    for step in &checked.steps {
        for statement in &step.statements {
            if let Err(text) = possible(statement, environment, allow_shell) {
                obstacles.push(Obstacle { at: statement.at, text });
            }
        }
    }
    if obstacles.is_empty() { Ok(claims(ticket, checked)) } else { Err(obstacles) }
}

/// What a ticket says that is done and must hold, wherever it is run.
pub(crate) fn claims(ticket: &Ticket, checked: Checked) -> Plan {
    let Kinds { steps: kinds, assertions: asserted, before } = Kinds::of(&checked);
    let prose = Prose::of(ticket);
    let mut places = [0; 4];
    let mut steps: Vec<(At, PlannedStep)> = Vec::new();
    for ((bound, kind), before) in checked.steps.into_iter().zip(kinds).zip(before) {
        places[bound.part as usize] += 1;
        let number = match &bound.id {
            Some(id) => id.0.clone(),
            None => format!("{} {}", bound.part.field().id().replace('_', "-"), places[bound.part as usize]),
        };
        let (action, expected) = prose.of_step(&bound);
        let predicates = bound.predicates.into_iter().map(|(_, predicate)| predicate).collect();
        let BoundStep { part, id, at, statements, .. } = bound;
        let planned =
            PlannedStep { number, id, part, kind, action, expected, statements, predicates, before };
        steps.push((at, planned));
    }
    for manual in checked.manual {
        let part = [Part::PreConditions, Part::Recovery, Part::PostConditions];
        let part = part.into_iter().find(|part| part.field() == manual.field).unwrap_or(Part::Steps);
        let planned = PlannedStep {
            number: manual
                .step
                .as_ref()
                .map_or_else(|| format!("{} (manual)", manual.field), |step| step.0.clone()),
            id: manual.step,
            part,
            kind: StepKind::Manual,
            action: manual.text,
            expected: String::new(),
            statements: Vec::new(),
            predicates: Vec::new(),
            before: Vec::new(),
        };
        steps.push((manual.at, planned));
    }
    steps.sort_by_key(|(at, step)| (step.part, at.line, at.column));
    let assertion = |(assertion, kind): (language::Assertion, StepKind)| PlannedAssertion {
        step: assertion.step,
        predicate: assertion.predicate,
        kind,
    };
    Plan {
        key: ticket.text(&Field::Key).unwrap_or_else(|| "(no key)".to_owned()),
        summary: ticket.text(&Field::Summary).unwrap_or_default(),
        steps: steps.into_iter().map(|(_, step)| step).collect(),
        assertions: checked.assertions.into_iter().zip(asserted).map(assertion).collect(),
        data: checked.data,
    }
}

impl Plan {
    /// All that will be broken, with the step and with what puts it back.
    pub fn faults(&self) -> impl Iterator<Item = (&PlannedStep, Fault)> {
        self.steps
            .iter()
            .flat_map(|step| mutations(&step.statements).map(move |mutation| (step, in_words(mutation))))
    }

    /// All that requests may make, with the step and with what undoes it.
    pub fn made(&self) -> impl Iterator<Item = (&PlannedStep, Fault)> {
        let statements = self.steps.iter().flat_map(|step| step.statements.iter().map(move |it| (step, it)));
        statements.filter_map(|(step, statement)| {
            let Action::Http(request) = statement.action.inner() else { return None };
            Some((step, makes(request)?))
        })
    }

    /// What it says that it uses.
    pub fn uses(&self) -> impl Iterator<Item = &Variable> {
        let statements = self.steps.iter().flat_map(|step| &step.statements);
        statements.flat_map(|statement| match &statement.action {
            Action::Use(names) => names.as_slice(),
            _ => &[],
        })
    }

    /// Targets whose pods are looked at then, because what becomes of them is asked for later.
    #[must_use]
    pub fn noted(&self, when: &Since) -> Vec<&Variable> {
        let statements = self.steps.iter().flat_map(|step| &step.statements);
        let asked = statements.filter_map(|statement| match statement.action.inner() {
            Action::Restarts { world: "k8s", of, since } if since == when => Some(of),
            // Also at the beginning, because it may not be possible then.
            Action::Logs { of, since } if since == when || *when == Since::Start => Some(of),
            _ => None,
        });
        asked.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn mutations(statements: &[Statement]) -> impl Iterator<Item = &Mutation> {
    statements.iter().filter_map(|statement| statement.action.mutation())
}

/// What the ticket says about its steps, for people.
struct Prose(Vec<(String, String, String)>);

impl Prose {
    fn of(ticket: &Ticket) -> Self {
        let body =
            ticket.section(&Field::TestSteps).map(|section| section.body.as_slice()).unwrap_or_default();
        let step = |(place, step): (usize, steps::Step)| {
            let number = step.number.unwrap_or_else(|| (place + 1).to_string());
            (number, plain_blocks(&step.action), plain_blocks(&step.expected))
        };
        Self(steps::read(body).steps.into_iter().enumerate().map(step).collect())
    }

    /// The action and the expectation of a step; of an item of another section what it says before its bindings.
    fn of_step(&self, bound: &BoundStep) -> (String, String) {
        let known = bound.id.as_ref().and_then(|id| self.0.iter().find(|(number, ..)| *number == id.0));
        if let Some((_, action, expected)) = known {
            return (action.clone(), expected.clone());
        }
        let statements: Vec<_> = bound.statements.iter().map(ToString::to_string).collect();
        let predicates: Vec<_> =
            bound.predicates.iter().map(|(_, predicate)| predicate.to_string()).collect();
        let before = statements.first().and_then(|statement| bound.text.split_once(statement.as_str()));
        let words = before.map_or(bound.text.as_str(), |(before, _)| before);
        let words =
            words.trim_matches(|end: char| end.is_whitespace() || [':', ',', '-', '–'].contains(&end));
        (if words.is_empty() { statements.join(", ") } else { words.to_owned() }, predicates.join(", "))
    }
}

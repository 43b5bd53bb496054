//! Whether the bindings of a whole ticket can be run, told before anything is touched.

mod collect;
mod credentials;
mod data;
mod faults;
mod names;
mod problem;
mod types;

use super::{Predicate, Statement, StepId};
use crate::steps::{self, Steps};
use crate::{At, Field, Ticket};

pub use data::Datum;
pub use problem::{Problem, ProblemKind};

/// The part of a run that a binding belongs to, in the order in which they are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// *Pre-Conditions*.
    PreConditions,
    /// *Test Steps*. After the last one, whatever is still broken is put back.
    Steps,
    /// *Recovery Validation*.
    Recovery,
    /// *Post-Conditions*.
    PostConditions,
}

/// A step, or an item of another section, with what its code spans say.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundStep {
    /// The part of the run that it belongs to.
    pub part: Part,
    /// Its name; of steps only. One without number is called by its place in the table.
    pub id: Option<StepId>,
    /// Where it begins.
    pub at: At,
    /// What it says, bindings included; of a step what is done.
    pub text: String,
    /// What is done, in order.
    pub statements: Vec<Statement>,
    /// What must hold of the last statement's result, and where each stands.
    pub predicates: Vec<(At, Predicate)>,
}

/// A predicate that is held against a step's result when all steps are done.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// Where it stands.
    pub at: At,
    /// The section that it stands in.
    pub field: Field,
    /// The step.
    pub step: StepId,
    /// What must hold.
    pub predicate: Predicate,
}

/// A step or an item that only a person can do or check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manual {
    /// Where it begins.
    pub at: At,
    /// The section that it stands in.
    pub field: Field,
    /// A step's name.
    pub step: Option<StepId>,
    /// What it says.
    pub text: String,
}

/// What the bindings of a ticket are, and what is wrong with them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// What is run, in order.
    pub steps: Vec<BoundStep>,
    /// What is held against the steps' results afterwards.
    pub assertions: Vec<Assertion>,
    /// The test data that has a name.
    pub data: Vec<Datum>,
    /// What is left to a person: a run in which there is any cannot be PASSED.
    pub manual: Vec<Manual>,
    /// What is wrong, in the order in which it stands.
    pub problems: Vec<Problem>,
}

impl Checked {
    /// Whether there is something to run, all of it by a program, and nothing wrong with it.
    #[must_use]
    pub fn is_executable(&self) -> bool {
        self.steps.iter().any(|step| step.part == Part::Steps)
            && self.manual.is_empty()
            && self.problems.is_empty()
    }
}

/// Reads and checks all bindings of a ticket. Nothing is looked up anywhere: whether an environment has the names and
/// allows the faults is known only where there is one.
#[must_use]
pub fn check(ticket: &Ticket) -> Checked {
    let steps = ticket.section(&Field::TestSteps).map(|section| steps::read(&section.body));
    check_with(ticket, &steps.unwrap_or_default())
}

/// The same of a ticket whose steps have been read.
#[must_use]
pub fn check_with(ticket: &Ticket, steps: &Steps) -> Checked {
    let mut checked = Checked::default();
    collect::bindings(ticket, &steps.steps, &mut checked);
    data::named(ticket, &mut checked);
    names::check(&mut checked);
    types::check(&mut checked);
    faults::check(&mut checked);
    checked.problems.sort_by_key(|problem| (problem.at.line, problem.at.column));
    checked
}

impl Part {
    /// The field of the standard that it stands in.
    #[must_use]
    pub fn field(self) -> Field {
        match self {
            Self::PreConditions => Field::PreConditions,
            Self::Steps => Field::TestSteps,
            Self::Recovery => Field::RecoveryValidation,
            Self::PostConditions => Field::PostConditions,
        }
    }
}

impl BoundStep {
    /// What the predicates are held against.
    #[must_use]
    pub fn last(&self) -> Option<&Statement> {
        self.statements.last()
    }
}

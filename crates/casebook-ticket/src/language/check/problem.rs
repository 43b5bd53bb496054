//! What can be wrong with bindings.

use super::super::SyntaxError;
use crate::message::Message;
use crate::{At, Field};

/// One thing that is wrong with a ticket's bindings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub at: At,
    /// The section that it stands in, or is missing from.
    pub field: Field,
    /// Which kind of mistake.
    pub kind: ProblemKind,
    /// What is wrong: one sentence without its stop.
    pub what: Message,
    /// What to do, without a stop.
    pub remedy: Message,
}

/// The kinds of mistakes in bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// It is meant for the language and cannot be read.
    Syntax,
    /// It can be read, and stands where it cannot be.
    Misplaced,
    /// The predicate says nothing about such a result.
    Mismatch,
    /// A name that nobody declared, or that only comes to be later.
    UnknownName,
    /// A name that stands for two things.
    NameTwice,
    /// Test data that is not there, or there twice.
    UnknownData,
    /// Test data that cannot be read as what it says it is.
    BadData,
    /// A step that is not there, or not yet done.
    UnknownStep,
    /// Something is compared with a snapshot that was not made before.
    NoSnapshot,
    /// It may change or make something, and nobody says how that is put back.
    NoInverse,
    /// Nothing shows that the system served before it was broken.
    NoBaseline,
    /// Nothing shows that the fault took hold.
    NoProof,
    /// Nothing shows that the system serves again.
    NoRecovery,
    /// A secret stands in the ticket.
    Secret,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, (at, field): (At, Field), what: Message, remedy: Message) -> Self {
        Self { at, field, kind, what, remedy }
    }

    pub(super) fn syntax(error: SyntaxError, field: Field) -> Self {
        Self { at: error.at, field, kind: ProblemKind::Syntax, what: error.what, remedy: error.remedy }
    }
}

//! The language of bindings: what a ticket's code spans say to a program.
//!
//! A step's *Data* cell carries statements and its *Expected Result* cell predicates, each a code span of one line.
//! The language is small and closed, and nothing outside of code spans is ever read. Its reference is
//! `docs/casebook/language.md`. Everything here is pure: [`parse_statement`] and [`parse_predicate`] read one span,
//! [`check()`] the bindings of a whole ticket before anything is touched.
//!
//! What is displayed is the canonical text; read again it yields the same.

mod check;
mod cursor;
mod error;
mod mutation;
mod name;
mod names;
mod parse;
mod path;
mod predicate;
mod span;
mod statement;
mod units;
mod words;

#[cfg(test)]
mod tests;

pub use check::{
    Assertion, BoundStep, Checked, Datum, Manual, Part, Problem, ProblemKind, check, check_with,
};
pub use error::SyntaxError;
pub use mutation::{Fault, Inverse, Mutation};
pub use name::{DataName, Reference, Template, TemplatePart, Variable};
pub use parse::{parse_assertion, parse_predicate, parse_statement};
pub use path::{Path, Segment};
pub use predicate::{
    Comparison, Measure, Operand, Operator, Outcome, Predicate, Reach, StatusCode, TextTest, Value, ValueTest,
};
pub use span::{Meaning, meaning};
use span::{Stands, unchecked};
pub use statement::{
    Action, Effect, Grpc, Http, Probe, Protocol, Since, Statement, StepId, Undo, Wait, World,
};
pub use units::Units;
pub use words::{PREDICATES, VERBS, Word};

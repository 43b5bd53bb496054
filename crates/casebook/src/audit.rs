//! What an audit of one ticket finds.

mod finding;
mod rule;
mod verdict;

pub use finding::{Argument, Finding, Severity};
pub use rule::{Rule, rule, rules};
pub use verdict::{Gate, Grade, Verdict};

use casebook_ticket::{At, Field, Origin};

/// All that an audit says about one ticket.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The ticket's key, as far as it has one.
    pub key: Option<String>,
    /// Its summary, as far as it has one.
    pub summary: Option<String>,
    /// Where it was read from.
    pub origin: Origin,
    /// Each field of the standard that is looked at, in the standard's order.
    pub fields: Vec<FieldState>,
    /// What is wrong, by position.
    pub findings: Vec<Finding>,
    /// What comes of it.
    pub verdict: Verdict,
}

/// How one field of the standard fares in a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldState {
    /// The field.
    pub field: Field,
    /// How good it is.
    pub state: State,
    /// Where its section begins; not known when it is absent.
    pub at: At,
}

/// How good the content of a field is. Each is better than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It is not there.
    Absent,
    /// There is a heading, and nothing or only filler under it.
    Placeholder,
    /// There is something, and not what the standard wants.
    Inadequate,
    /// It is what the standard wants.
    Adequate,
    /// And a program can run it.
    Executable,
}

//! One thing that is wrong with a ticket.

use casebook_ticket::{At, Field};

/// One thing that is wrong with a ticket, and where. What is said about it, in each language, is the rule's text with
/// these arguments filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id, e.g. `steps-too-few`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The field that it is about, when it is about one.
    pub field: Option<Field>,
    /// Where it is; that of the ticket for what is missing.
    pub at: At,
    /// What the rule's text has in braces, by name.
    pub arguments: Vec<(&'static str, String)>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Hint,
    /// Costs a reader time.
    Minor,
    /// The test does not do what it should.
    Major,
    /// The ticket must not be used as it is.
    Blocker,
}

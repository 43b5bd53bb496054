//! What an audit of one ticket finds.

mod case;
mod context;
mod finding;
mod marks;
mod repository;
mod rule;
mod rules;
mod text;
mod verdict;
mod words;

#[cfg(test)]
mod tests;

pub use context::{Context, Titles};
pub use finding::{Argument, Finding, Severity};
pub use repository::Repository;
pub use rule::{Rule, rule, rules};
pub(crate) use rules::FEWEST_STEPS;
pub use rules::Named;
pub use verdict::{Gate, Grade, Verdict};
pub(crate) use words::is_filler;

use std::collections::HashSet;

use casebook_ticket::language::{self, Checked};
use casebook_ticket::{At, Field, Origin, Standard, Ticket, steps};

use case::{Case, Filling};

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
    /// The issues that it names with titles, as long as those have not been compared.
    pub named: Vec<Named>,
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

/// Holds a ticket to a standard. What it says of other tickets is compared later: [`Audit::compare`].
#[must_use]
pub fn audit(ticket: &Ticket, standard: &Standard, context: &Context) -> Audit {
    let steps =
        ticket.section(&Field::TestSteps).map(|section| steps::read(&section.body)).unwrap_or_default();
    let checked = language::check_with(ticket, &steps);
    let steps = steps::paired(steps, ticket);
    let case = Case::new(ticket, &steps, standard, context);
    let (mut findings, named) = rules::findings(&case, &checked);
    findings.sort_by_key(place);
    let mut fields = fields(&case, &findings);
    if checked.is_executable() {
        executable(&mut fields, &checked);
    }
    let verdict = Verdict::of(standard, &fields, &findings);
    Audit {
        key: ticket.text(&Field::Key),
        summary: ticket.text(&Field::Summary),
        origin: ticket.origin.clone(),
        fields,
        findings,
        verdict,
        named,
    }
}

impl Audit {
    /// Holds the titles by which the ticket names other issues against those that they have. It is done once, when all
    /// tickets have been read: one can name others that come later.
    pub fn compare(&mut self, titles: &Titles, standard: &Standard) {
        let named = std::mem::take(&mut self.named);
        self.add(named.iter().filter_map(|named| named.against(titles, standard)).collect(), standard);
    }

    /// Adds findings that could only be made beside other tickets: fields and verdict follow.
    pub(crate) fn add(&mut self, findings: Vec<Finding>, standard: &Standard) {
        if findings.is_empty() {
            return;
        }
        for finding in findings.iter().filter(|finding| verdict::holds(finding, Gate::Complete)) {
            for field in self.fields.iter_mut().filter(|field| Some(&field.field) == finding.field.as_ref()) {
                field.state = field.state.min(State::Inadequate);
            }
        }
        self.findings.extend(findings);
        self.findings.sort_by_key(place);
        self.verdict = Verdict::of(standard, &self.fields, &self.findings);
    }
}

fn place(finding: &Finding) -> (u32, u32) {
    (finding.at.line, finding.at.column)
}

/// Of a ticket that a program can run as a whole, the fields that it runs.
fn executable(fields: &mut [FieldState], checked: &Checked) {
    let of_steps = checked.steps.iter().map(|step| step.part.field());
    let of_assertions = checked.assertions.iter().map(|assertion| assertion.field.clone());
    let bound: HashSet<_> = of_steps.chain(of_assertions).collect();
    for field in
        fields.iter_mut().filter(|field| field.state == State::Adequate && bound.contains(&field.field))
    {
        field.state = State::Executable;
    }
}

/// How each field fares: by what is there, and by the findings about it that say that it is not what is wanted.
fn fields(case: &Case<'_>, findings: &[Finding]) -> Vec<FieldState> {
    let looked_at = case.standard.fields.iter().filter(|rule| !rule.metadata);
    let states = looked_at.map(|rule| {
        let about = || findings.iter().filter(|finding| finding.field.as_ref() == Some(&rule.id));
        let filling = case.number(&rule.id).map(|number| case.filling(number));
        let state = if !about().any(|finding| verdict::holds(finding, Gate::Complete)) {
            State::Adequate
        } else if filling.is_none() {
            State::Absent
        } else if filling != Some(Filling::Filled)
            || about().any(|finding| finding.rule == "field-placeholder")
        {
            State::Placeholder
        } else {
            State::Inadequate
        };
        FieldState {
            field: rule.id.clone(),
            state,
            at: case.number(&rule.id).map_or_else(At::default, |number| case.ticket.sections[number].at),
        }
    });
    states.collect()
}

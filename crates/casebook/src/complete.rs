//! The canonical ticket: what was there word for word, and a model for what is missing.
//!
//! What the model cannot know is marked `{so}` and left to the author. What follows from the ticket is filled in: which
//! upstream fails, on which request, the test function's name. A kind of test has models that can be executed
//! (`complete/kinds/`); a ticket of no known kind gets the standard's models.

mod kinds;
mod merge;
mod parameters;
mod steps;

#[cfg(test)]
mod tests;

use casebook_ticket::{Field, Name, Section, Standard, Ticket};

use crate::audit::{Context, Severity, State, audit};

pub use kinds::{Kind, Platform};

/// What is wanted beside the ticket.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Sections that somebody proposed, e.g. in an analysis of the ticket. They are taken where they are adequate.
    pub proposals: Vec<Section>,
    /// The kind of test by its id; none has it told by what the ticket says.
    pub kind: Option<String>,
    /// What the jobs of the system under test run on.
    pub platform: Platform,
}

/// A completed ticket.
#[derive(Clone, Debug)]
pub struct Completed {
    /// The ticket.
    pub ticket: Ticket,
    /// The kind of test that its models are for; none when they are the standard's.
    pub kind: Option<&'static str>,
    /// Why it was taken for that kind: one sentence.
    pub because: String,
    /// What was added, in the standard's order.
    pub filled: Vec<Filled>,
    /// What is left to the author, in the standard's order.
    pub to_fill: Vec<ToFill>,
}

/// A field that got a model text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The field.
    pub field: Field,
    /// How it fared before.
    pub was: State,
    /// Where the text is from.
    pub from: From,
}

/// Where a model text is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum From {
    /// Somebody proposed it.
    Proposal,
    /// The kind of test.
    Kind,
    /// The standard.
    Standard,
}

/// A mark that the author must replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToFill {
    /// The field that it stands in.
    pub field: Field,
    /// The mark with its braces.
    pub mark: String,
}

/// A kind of test that is not known.
#[derive(Debug, thiserror::Error)]
#[error("there is no kind of test \"{wanted}\"; there are: {known}")]
pub struct UnknownKind {
    /// What was asked for.
    pub wanted: String,
    /// What there is.
    pub known: String,
}

/// Completes a ticket. Nothing adequate is changed, and no word of the ticket is lost: what is not enough is kept above the
/// model text. Steps get what they lack; where a kind has steps that can be executed, theirs are kept behind all other
/// sections, and so are assertions. Gherkin stays where it is.
///
/// # Errors
/// When the options name a kind that is not known.
pub fn complete(ticket: &Ticket, standard: &Standard, options: &Options) -> Result<Completed, UnknownKind> {
    let (kind, because) = kinds::choose(ticket, options.kind.as_deref())?;
    let context = Context::default();
    let states = audit(ticket, standard, &context).fields;
    let state_of = |field: &Field| {
        states.iter().find(|state| state.field == *field).map_or(State::Absent, |state| state.state)
    };
    let has_summary = state_of(&Field::Summary) >= State::Adequate;
    let models = kind.map(|kind| kinds::models(kind, options.platform, ticket, has_summary, standard));
    let models = models.unwrap_or_default();
    let keeps_steps = state_of(&Field::TestSteps) >= State::Adequate || steps::are_gherkin(ticket);
    let takes_steps = kind.is_some() && !keeps_steps;

    let mut merge = merge::Merge::new(ticket);
    let mut filled = Vec::new();
    for rule in standard.fields.iter().filter(|rule| !rule.metadata) {
        let field = &rule.id;
        let was = state_of(field);
        let model = models.iter().find(|model| model.name == Name::Field(field.clone()));
        if was >= State::Adequate || *field == Field::TestSteps && keeps_steps {
            // What is there is good; the steps of the kind may need something beside it.
            let needs = model.filter(|_| takes_steps);
            if needs.is_some_and(|model| merge.add_what_steps_need(field, model)) {
                filled.push(Filled { field: field.clone(), was, from: From::Kind });
            }
            continue;
        }
        let is_bound = kind.is_some() && kinds::is_bound(field);
        let proposal = options.proposals.iter().filter(|_| !is_bound);
        let proposal = proposal
            .filter(|proposal| proposal.name == Name::Field(field.clone()))
            .find(|proposal| is_adequate(ticket, proposal, field, standard, &context));
        let standards = merge::section(field, &rule.model);
        let (section, from) = match (proposal, model, standards.as_ref()) {
            (Some(proposal), ..) => (proposal, From::Proposal),
            (None, Some(model), _) => (model, From::Kind),
            (None, None, Some(model)) => (model, From::Standard),
            (None, None, None) => continue,
        };
        let is_changed = match from {
            // The steps of a kind hang together; those of the standard are added to the author's.
            From::Standard if *field == Field::TestSteps => merge.fill_steps(section),
            _ => merge.fill(field, section),
        };
        if is_changed {
            filled.push(Filled { field: field.clone(), was, from });
        }
    }
    let ticket = merge.finish(standard);
    let to_fill = merge::marks(&ticket);
    Ok(Completed { ticket, kind: kind.map(|kind| kind.id.as_str()), because, filled, to_fill })
}

/// Whether a ticket with this section would have the field adequate, and nothing else to be said against it.
fn is_adequate(
    ticket: &Ticket,
    proposal: &Section,
    field: &Field,
    standard: &Standard,
    context: &Context,
) -> bool {
    let mut trial = ticket.clone();
    trial.sections.retain(|section| section.name != proposal.name);
    trial.sections.push(proposal.clone());
    let audit = audit(&trial, standard, context);
    let is_good = audit.fields.iter().any(|state| state.field == *field && state.state >= State::Adequate);
    let about = audit.findings.iter().filter(|finding| finding.field.as_ref() == Some(field));
    is_good && about.map(|finding| finding.severity).all(|severity| severity == Severity::Hint)
}

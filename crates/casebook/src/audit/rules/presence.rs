//! Fields that are not there, or say nothing.

use casebook_ticket::{Field, FieldRule, Importance, Name};

use super::disruption::mutation;
use super::{attachments, automation, supports};
use crate::audit::case::{Case, Filling, Mark};
use crate::audit::words::{count, excerpt, is_none};
use crate::audit::{Finding, Severity};

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for rule in case.standard.fields.iter().filter(|rule| !rule.metadata) {
        let Some(number) = case.number(&rule.id) else {
            if !is_needless(case, &rule.id) && !stands_elsewhere(case, &rule.id) {
                findings.push(missing(case, "field-absent", rule));
            }
            continue;
        };
        if let Some(Mark { at, text }) = case.mark(number) {
            findings
                .push(Finding { at: *at, ..missing(case, "field-marked", rule) }.with("text", excerpt(text)));
        }
        // Post-conditions that do not apply are said by a rule of their own.
        let is_excused = || {
            is_not_applicable(case, &rule.id, number)
                || is_needless(case, &rule.id) && says_none(case.text.words(number))
        };
        if case.filling(number) == Filling::Empty && !is_excused() {
            findings.push(missing(case, "field-placeholder", rule));
        }
    }
}

/// What stands in front of all headings describes the test; and where files are promised and none is there, each
/// promise says so.
fn stands_elsewhere(case: &Case<'_>, field: &Field) -> bool {
    match field {
        Field::Description => case.ticket.sections.iter().enumerate().any(|(number, section)| {
            matches!(&section.name, Name::Other(name) if name.is_empty())
                && count(case.text.words(number), 5) == 5
        }),
        Field::Attachments => attachments::promised(case).next().is_some(),
        _ => false,
    }
}

/// Whoever runs a test by hand has no command for it.
fn is_needless(case: &Case<'_>, field: &Field) -> bool {
    *field == Field::ExecutionCommand && automation::is_manual(case)
}

/// Whether a text says in words or by a dash that there is nothing, and not that it is still to come.
fn says_none(text: &str) -> bool {
    is_none(text) || supports::is_not_applicable(text) || !text.contains(char::is_alphanumeric)
}

/// Post-conditions that are "N/A" on a test that changes something.
fn is_not_applicable(case: &Case<'_>, field: &Field, section: usize) -> bool {
    *field == Field::PostConditions
        && supports::is_not_applicable(case.text.words(section))
        && mutation(case).is_some()
}

fn missing(case: &Case<'_>, id: &'static str, rule: &FieldRule) -> Finding {
    let severity = match rule.importance {
        Importance::Critical => Severity::Major,
        Importance::Important => Severity::Minor,
        Importance::NiceToHave => Severity::Hint,
    };
    case.finding(id, &rule.id, case.at(&rule.id))
        .severity(severity)
        .in_words("where", rule.jira.en.as_str(), rule.jira.he.as_str())
        .in_words("why", rule.why.en.as_str(), rule.why.he.as_str())
        .in_words("adequate", rule.adequate.en.as_str(), rule.adequate.he.as_str())
}

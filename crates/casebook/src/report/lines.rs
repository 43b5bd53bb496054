//! Findings one a line, as compilers tell them.

use casebook_ticket::Language;

use super::ticket::{at, position};
use super::words::words_of;
use super::{Material, clean};
use crate::audit::{Finding, Severity};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `file:line:column`.
    pub place: String,
    /// How bad it is.
    pub severity: Severity,
    /// The same as a word that is the same in every language.
    pub label: &'static str,
    /// The rule's id.
    pub rule: &'static str,
    /// What is wrong.
    pub text: String,
}

/// A line for each note and each finding, in the order in which they were read.
#[must_use]
pub fn lint_lines(material: &Material, language: Language) -> Vec<Line> {
    let line = |place, finding: &Finding| Line {
        place,
        severity: finding.severity,
        label: words_of::severity(finding.severity),
        rule: finding.rule,
        text: clean::line(&finding.text(language)).replace('`', "'"),
    };
    let notes = material.notes.iter().map(|note| {
        let finding = Finding::from(&note.found);
        line(position(&note.file, note.found.at, language), &finding)
    });
    let findings = material.audits.iter().flat_map(|audit| {
        audit.findings.iter().map(|finding| line(at(&audit.origin, finding.at, language), finding))
    });
    notes.chain(findings).collect()
}

//! Findings one a line, as compilers tell them.

use casebook_ticket::Language;

use super::Material;
use super::span::{Kind, Span};
use super::text::{Layout, behind};
use super::ticket::{at, position, wrong};
use super::words::words_of;
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
    /// What is wrong. It is one line, but where lines are put as they are seen: there a terminal that wraps them would
    /// show their ends first.
    pub text: String,
}

/// A line for each note and each finding, in the order in which they were read.
#[must_use]
pub fn lint_lines(material: &Material, language: Language, layout: Layout) -> Vec<Line> {
    let line = |place: String, finding: &Finding| {
        let label = words_of::severity(finding.severity);
        let text = wrong(finding, language).into_iter().map(|span| match span.kind {
            Kind::Code => Span::code(format!("'{}'", span.text)),
            _ => span,
        });
        let text = text.collect::<Vec<_>>();
        let before = format!("{place}: {label}[{}] ", finding.rule);
        let text = behind(&before, &text, language == Language::He, layout);
        Line { place, severity: finding.severity, label, rule: finding.rule, text }
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

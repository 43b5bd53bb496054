//! What a report says about one ticket, ready to be laid out.

use casebook_ticket::{At, Field, Importance, Language, Origin, Standard, Words};

use super::span::{Kind, Span, filled};
use super::summary::next;
use super::{
    clean,
    words::{Phrases, fill},
};
use crate::audit::{Audit, Finding, Gate, Rule, Severity, State, Verdict, rule};

/// The longest key that is shown.
const KEY_CHARACTERS: usize = 80;
/// The longest summary that is shown.
const SUMMARY_CHARACTERS: usize = 200;

/// One ticket.
#[derive(Debug)]
pub(crate) struct TicketView {
    /// Its key, as far as it has one.
    pub(crate) key: Option<String>,
    /// Its summary; may be empty.
    pub(crate) summary: String,
    /// `file:line`, or the place inside a file without lines.
    pub(crate) place: String,
    /// The file as it was named; none for standard input.
    pub(crate) file: Option<String>,
    pub(crate) verdict: Verdict,
    /// The rules whose findings hold the next gate shut, the worst first; not those of fields, which are listed anyway.
    shut_by: Vec<&'static str>,
    /// Fields that are as the standard wants them.
    pub(crate) present: Vec<Present>,
    /// All others, numbered from 1 in the standard's order.
    pub(crate) lacking: Vec<Lacking>,
    /// Findings about no lacking field.
    pub(crate) others: Vec<FindingView>,
}

/// A field that is as the standard wants it.
#[derive(Debug)]
pub(crate) struct Present {
    pub(crate) name: String,
    pub(crate) state: State,
}

/// A field that is not.
#[derive(Debug)]
pub(crate) struct Lacking {
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) importance: Importance,
    pub(crate) state: State,
    /// Where a person puts it in Jira; may be empty, as may be the three that follow.
    pub(crate) jira: String,
    pub(crate) why: String,
    pub(crate) adequate: String,
    /// Model text, in Markdown.
    pub(crate) model: String,
    pub(crate) findings: Vec<FindingView>,
}

impl Lacking {
    /// Where a person puts it.
    pub(crate) fn way(&self) -> Vec<Span> {
        if self.jira.is_empty() { Vec::new() } else { vec![Span::new(Kind::Way, &*self.jira)] }
    }
}

/// A finding.
#[derive(Debug)]
pub(crate) struct FindingView {
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    /// `file:line:column`.
    pub(crate) place: String,
    pub(crate) what: Vec<Span>,
    pub(crate) remedy: Vec<Span>,
}

impl TicketView {
    pub(crate) fn of(audit: &Audit, standard: &Standard, language: Language) -> Self {
        let mut view = Self {
            key: audit.key.as_deref().map(|key| clean::short(key, SUMMARY_CHARACTERS)),
            summary: clean::short(audit.summary.as_deref().unwrap_or_default(), SUMMARY_CHARACTERS),
            place: place(&audit.origin, language),
            file: (!audit.origin.file.is_empty()).then(|| clean::line(&audit.origin.file)),
            verdict: audit.verdict,
            shut_by: shut_by(audit),
            present: Vec::new(),
            lacking: Vec::new(),
            others: Vec::new(),
        };
        let of_field = |field: &Field| {
            let about = audit.findings.iter().filter(|finding| finding.field.as_ref() == Some(field));
            // That it is absent is said with the field, as are the reason, the place and what is wanted.
            about
                .filter(|finding| finding.rule != "field-absent")
                .map(|finding| finding_view(finding, &audit.origin, language))
                .collect()
        };
        for state in &audit.fields {
            let Some(rule) = standard.rule(&state.field) else { continue };
            let name = rule.name.in_language(language).to_string();
            if state.state >= State::Adequate {
                view.present.push(Present { name, state: state.state });
                continue;
            }
            view.lacking.push(Lacking {
                number: view.lacking.len() + 1,
                name,
                importance: rule.importance,
                state: state.state,
                jira: rule.jira.in_language(language).trim().to_owned(),
                why: rule.why.in_language(language).trim().to_owned(),
                adequate: rule.adequate.in_language(language).trim().to_owned(),
                model: clean::lines(rule.model.trim_end()),
                findings: of_field(&state.field),
            });
        }
        let lacks = |field: &Field| {
            let state = audit.fields.iter().find(|state| state.field == *field);
            state.is_some_and(|state| state.state < State::Adequate && standard.rule(field).is_some())
        };
        let others = audit.findings.iter().filter(|finding| !finding.field.as_ref().is_some_and(lacks));
        view.others = others.map(|finding| finding_view(finding, &audit.origin, language)).collect();
        view
    }

    /// What holds the next gate shut, in words.
    pub(crate) fn shut(&self, phrases: &Phrases) -> Option<String> {
        let rules: Vec<_> = self.shut_by.iter().map(|rule| format!("`{rule}`")).collect();
        (!rules.is_empty()).then(|| fill(&phrases.gate_shut, &[("rules", &rules.join(", "))]))
    }

    /// Its key, or what it is called without one.
    pub(crate) fn name<'a>(&'a self, phrases: &'a Phrases) -> &'a str {
        self.key.as_deref().unwrap_or(&phrases.unnamed)
    }

    /// How many fields are lacking, in words.
    pub(crate) fn lacking_in_all(&self, phrases: &Phrases) -> String {
        let of = |importance| self.of_importance(importance).count().to_string();
        let values = [
            ("count", &*self.lacking.len().to_string()),
            ("critical", &of(Importance::Critical)),
            ("important", &of(Importance::Important)),
            ("nice", &of(Importance::NiceToHave)),
        ];
        fill(&phrases.lacking_in_all, &values)
    }

    /// What can be done about what is lacking; none for what was not read from a file.
    pub(crate) fn complete_hint(&self, phrases: &Phrases) -> Option<String> {
        let file = self.file.as_deref().filter(|_| !self.lacking.is_empty())?;
        let plain = |character: char| character.is_alphanumeric() || "/._-+@%,".contains(character);
        let file = if file.chars().all(plain) {
            file.to_owned()
        } else {
            format!("'{}'", file.replace('\'', "'\\''").replace('`', "?"))
        };
        Some(fill(&phrases.complete_hint, &[("file", &file)]))
    }

    /// Lacking fields of an importance.
    pub(crate) fn of_importance(&self, importance: Importance) -> impl Iterator<Item = &Lacking> {
        self.lacking.iter().filter(move |field| field.importance == importance)
    }
}

fn shut_by(audit: &Audit) -> Vec<&'static str> {
    let Some(next) = next(audit.verdict.gate).filter(|gate| *gate != Gate::Complete) else {
        return Vec::new();
    };
    let holds = |finding: &&Finding| rule(finding.rule).is_some_and(|rule| rule.gate == Some(next));
    let mut findings: Vec<_> = audit.findings.iter().filter(holds).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut rules: Vec<_> = findings.into_iter().map(|finding| finding.rule).collect();
    let mut seen = std::collections::HashSet::new();
    rules.retain(|rule| seen.insert(*rule));
    rules
}

fn finding_view(finding: &Finding, origin: &Origin, language: Language) -> FindingView {
    FindingView {
        rule: finding.rule,
        severity: finding.severity,
        place: at(origin, finding.at, language),
        what: wrong(finding, language),
        remedy: said(finding, |rule| &rule.mend, language),
    }
}

/// What is wrong.
pub(crate) fn wrong(finding: &Finding, language: Language) -> Vec<Span> {
    said(finding, |rule| &rule.wrong, language)
}

fn said(finding: &Finding, words: fn(&Rule) -> &Words, language: Language) -> Vec<Span> {
    let text = rule(finding.rule).map_or(finding.rule, |rule| words(rule).in_language(language));
    filled(text, &finding.arguments, language)
}

/// What a ticket is called: its key, or else where it stands.
pub(crate) fn ticket_name(key: Option<&str>, origin: &Origin, language: Language) -> String {
    key.map_or_else(|| place(origin, language), |key| clean::short(key, KEY_CHARACTERS))
}

/// Where a ticket begins.
pub(crate) fn place(origin: &Origin, language: Language) -> String {
    let file = file_name(&origin.file, language);
    match (&origin.place, origin.at.line) {
        (Some(place), _) => format!("{file}:{}", clean::line(place)),
        (None, 0) => file,
        (None, line) => format!("{file}:{line}"),
    }
}

/// A position in a ticket, as `file:line:column`; where lines are not known, the place of the ticket.
pub(crate) fn at(origin: &Origin, at: At, language: Language) -> String {
    if at.is_known() { position(&origin.file, at, language) } else { place(origin, language) }
}

/// A position in a file, as reports name it.
#[must_use]
pub fn position(file: &str, at: At, language: Language) -> String {
    let file = file_name(file, language);
    match (at.line, at.column) {
        (0, _) => file,
        (line, 0) => format!("{file}:{line}"),
        (line, column) => format!("{file}:{line}:{column}"),
    }
}

fn file_name(file: &str, language: Language) -> String {
    if file.is_empty() { format!("<{}>", Phrases::of(language).stdin) } else { clean::line(file) }
}

/// A file's name, as it was given; none for standard input.
pub(crate) fn named(file: &str) -> Option<&str> {
    (!file.is_empty()).then_some(file)
}

//! One thing that is wrong with a ticket.

use std::sync::Arc;

use casebook_ticket::{At, Field, Language, Message, Note, Words, fill};
use serde::Deserialize;

use super::rule::rule;

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
    pub arguments: Vec<(&'static str, Argument)>,
}

/// What is filled into a rule's text, in each language.
pub type Argument = Words<Arc<str>>;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
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

impl Finding {
    /// A finding of a rule, as bad as the rule says.
    #[must_use]
    pub fn new(id: &'static str, at: At) -> Self {
        let severity = rule(id).map_or(Severity::Minor, |rule| rule.severity);
        Self { rule: id, severity, field: None, at, arguments: Vec::new() }
    }

    /// About this field.
    #[must_use]
    pub fn about(mut self, field: &Field) -> Self {
        self.field = Some(field.clone());
        self
    }

    /// As bad as this.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// With an argument that is the same in every language.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Arc<str>>) -> Self {
        let value = value.into();
        self.arguments.push((name, Words { en: value.clone(), he: value }));
        self
    }

    /// With an argument in each language.
    #[must_use]
    pub fn in_words(mut self, name: &'static str, en: impl Into<Arc<str>>, he: impl Into<Arc<str>>) -> Self {
        self.arguments.push((name, Words { en: en.into(), he: he.into() }));
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        rule(self.rule).map_or_else(
            || self.rule.to_owned(),
            |rule| self.fill(rule.wrong.in_language(language), language),
        )
    }

    /// How to mend it.
    #[must_use]
    pub fn remedy(&self, language: Language) -> String {
        rule(self.rule).map_or_else(String::new, |rule| self.fill(rule.mend.in_language(language), language))
    }

    /// With an argument that is a message.
    #[must_use]
    pub fn saying(self, name: &'static str, message: &Message) -> Self {
        self.in_words(name, message.in_language(Language::En), message.in_language(Language::He))
    }

    fn fill(&self, text: &str, language: Language) -> String {
        fill(text, |name| {
            let (_, value) = self.arguments.iter().find(|(known, _)| *known == name)?;
            Some(&**value.in_language(language))
        })
    }
}

impl From<&Note> for Finding {
    fn from(note: &Note) -> Self {
        Self::new(note.rule, note.at).saying("text", &note.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_filled_in_by_language() {
        let finding = Finding::new("filler-cell", At::new(3, 1))
            .about(&Field::TestSteps)
            .in_words("field", "Test Steps", "צעדי בדיקה")
            .with("text", "{field}*");
        assert_eq!(finding.severity, Severity::Minor);
        assert_eq!(finding.text(Language::En), "a cell of Test Steps says only \"{field}*\"");
        assert_eq!(finding.text(Language::He), "תא ב-צעדי בדיקה אומר רק \"{field}*\"");
        assert_eq!(
            Finding::new("filler-cell", At::default()).text(Language::En),
            "a cell of {field} says only \"{text}\""
        );
        assert!(finding.remedy(Language::En).starts_with("write what belongs there"));
    }
}

//! A ticket as rules look at it.

use std::ops::Range;

use casebook_ticket::markup::plain_blocks;
use casebook_ticket::steps::{self, Encoding, Steps};
use casebook_ticket::{At, Field, FieldRule, Name, Standard, Ticket};

use super::marks::{Marks, marks_of};
use super::text::{Line, Text};
use super::words::{is_filler, is_none, pattern};
use super::{Context, Finding};

/// What rules look at.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) ticket: &'a Ticket,
    pub(super) standard: &'a Standard,
    pub(super) context: &'a Context,
    pub(super) text: Text,
    pub(super) key: Option<String>,
    pub(super) steps: Vec<Step>,
    pub(super) encoding: Encoding,
    /// How each section is filled, and the first mark to be filled that is left in it.
    fillings: Vec<(Filling, Option<Mark>)>,
}

/// How a section is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filling {
    /// There is nothing in it, or only filler.
    Empty,
    /// It is a model: there is more in marks to be filled, `{so}`, than beside them.
    Model,
    /// Something is in it.
    Filled,
}

/// A mark to be filled.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) at: At,
    /// With its braces.
    pub(super) text: String,
}

/// The words of one step.
#[derive(Debug)]
pub(super) struct Step {
    /// Its number as it stood.
    pub(super) number: Option<String>,
    /// Its number, or else its place in the order, from 1.
    pub(super) name: String,
    pub(super) at: At,
    pub(super) action: Part,
    pub(super) data: Part,
    pub(super) expected: Part,
}

/// The words of one cell of a step.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) at: At,
    /// What stands in it that rules look for.
    pub(super) marks: Marks,
    /// Whether it says nothing.
    pub(super) is_filler: bool,
}

/// Fields that may say that there is nothing.
const MAY_BE_NONE: &[Field] = &[
    Field::PreConditions,
    Field::PostConditions,
    Field::TestData,
    Field::RecoveryValidation,
    Field::Attachments,
    Field::RelatedIssues,
    // "Automated: no" is an answer.
    Field::AutomationStatus,
];

pattern! {
    /// What is left to the author to fill: `{test name}`, but not `/jobs/{id}`, `${name}`, `f"{name}"` or JSON.
    MARK = r#"(?:^|[\s:(`|]|: ?")(\{[A-Za-z\u{5d0}-\u{5ea}][^{}"';:,<>]*(?:, [^{}"';<>]*)?\})(?:$|[^\w/])"#
}

impl<'a> Case<'a> {
    /// A ticket, and its steps as they were read.
    pub(super) fn new(
        ticket: &'a Ticket,
        read: &'a Steps,
        standard: &'a Standard,
        context: &'a Context,
    ) -> Self {
        let text = Text::new(ticket);
        let sections = ticket.sections.iter().enumerate();
        let fillings = sections.map(|(number, section)| filling(&text, number, &section.name)).collect();
        let mut case = Self {
            key: ticket.text(&Field::Key),
            ticket,
            standard,
            context,
            text,
            steps: Vec::new(),
            encoding: Encoding::None,
            fillings,
        };
        if case.filled(&Field::TestSteps).is_some() {
            case.encoding = read.encoding;
            case.steps = read.steps.iter().enumerate().map(step).collect();
        }
        case
    }

    /// The number of a field's section, if it is there.
    pub(super) fn number(&self, field: &Field) -> Option<usize> {
        self.ticket
            .sections
            .iter()
            .position(|section| matches!(&section.name, Name::Field(name) if name == field))
    }

    /// The number of a field's section, if something is in it that a rule can judge.
    pub(super) fn filled(&self, field: &Field) -> Option<usize> {
        self.number(field).filter(|number| self.filling(*number) == Filling::Filled)
    }

    /// How a section is filled.
    pub(super) fn filling(&self, section: usize) -> Filling {
        self.fillings[section].0
    }

    /// The first mark to be filled in a section.
    pub(super) fn mark(&self, section: usize) -> Option<&Mark> {
        self.fillings[section].1.as_ref()
    }

    /// The words of a field, if a rule can judge them.
    pub(super) fn words(&self, field: &Field) -> Option<&str> {
        self.filled(field).map(|number| self.text.words(number))
    }

    /// The lines of a field, if a rule can judge them.
    pub(super) fn lines(&self, field: &Field) -> impl Iterator<Item = (&Line, &str)> {
        self.filled(field).into_iter().flat_map(|number| self.text.section(number))
    }

    /// Where a field's section begins.
    pub(super) fn at(&self, field: &Field) -> At {
        self.number(field).map_or(self.ticket.origin.at, |number| self.ticket.sections[number].at)
    }

    /// The field of a section.
    pub(super) fn field(&self, section: usize) -> Option<&Field> {
        match &self.ticket.sections[section].name {
            Name::Field(field) => Some(field),
            Name::Other(_) => None,
        }
    }

    /// A finding about a field, with its name.
    pub(super) fn finding(&self, rule: &'static str, field: &Field, at: At) -> Finding {
        finding(self.standard, rule, field, at)
    }

    /// A finding about whatever a section is.
    pub(super) fn finding_in(&self, rule: &'static str, section: usize, at: At) -> Finding {
        match (&self.ticket.sections[section].name, self.field(section)) {
            (_, Some(field)) => self.finding(rule, field, at),
            (Name::Other(name), _) => Finding::new(rule, at).with("field", name.as_str()),
            (Name::Field(_), None) => Finding::new(rule, at),
        }
    }
}

/// A finding about a field, with its name in the standard.
pub(super) fn finding(standard: &Standard, rule: &'static str, field: &Field, at: At) -> Finding {
    let finding = Finding::new(rule, at).about(field);
    match standard.rule(field) {
        Some(FieldRule { name, .. }) => finding.in_words("field", name.en.clone(), name.he.clone()),
        None => finding.with("field", field.id()),
    }
}

fn filling(text: &Text, section: usize, name: &Name) -> (Filling, Option<Mark>) {
    let lines = text.section(section);
    let may_be_none = matches!(name, Name::Field(field) if MAY_BE_NONE.contains(field));
    if lines.clone().all(|(_, line)| is_filler(line)) || !may_be_none && is_none(text.words(section)) {
        return (Filling::Empty, None);
    }
    let mut first = None;
    let mut in_marks = 0;
    for (line, words) in lines.filter(|(line, _)| line.marks.has(Marks::BRACE)) {
        for mark in marks_in(words) {
            // What braces a piece of code has are its own: `Hello {name}!`.
            if !text.has_more_code(line, &mark) {
                let text = &words[mark];
                in_marks += letters(text);
                first.get_or_insert_with(|| Mark { at: line.at, text: text.to_owned() });
            }
        }
    }
    let is_model = first.is_some() && in_marks * 2 > letters(text.words(section));
    (if is_model { Filling::Model } else { Filling::Filled }, first)
}

/// Where a text has marks to be filled.
fn marks_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        // What ends one may begin the next.
        let mark = MARK.captures_at(text, from)?.get(1)?.range();
        from = mark.end;
        Some(mark)
    })
}

fn letters(text: &str) -> usize {
    text.chars().filter(|character| character.is_alphanumeric()).count()
}

fn step((place, step): (usize, &steps::Step)) -> Step {
    let part = |blocks: &[_], at| {
        let text = plain_blocks(blocks);
        let is_filler = is_filler(&text);
        Part { marks: marks_of(&text), text, at, is_filler }
    };
    Step {
        name: step.number.clone().unwrap_or_else(|| (place + 1).to_string()),
        number: step.number.clone(),
        at: step.at,
        action: part(&step.action, step.action_at),
        data: part(&step.data, step.data_at),
        expected: part(&step.expected, step.expected_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_to_be_filled_are_told_from_braces_that_belong_there() {
        for mark in [
            "{What is tested} – {when}",
            "pytest {tests/path/test_file.py}::{test_name}",
            "Status: {To be automated}",
            "- {PC-001}: {the service is up}",
            "`{response.status_code == 200}`",
            r#"{"a": "{value}"}"#,
            "{High, Medium or Low}",
        ] {
            assert!(MARK.is_match(mark), "{mark}");
        }
        for text in [
            "GET /jobs/{job_id}",
            "${rabbit}",
            r#"{"a": {"b": 1}}"#,
            "{ a; }",
            r#"up{job="x"}"#,
            "f\"{name}\"",
            "{1, 2}",
            "{}",
        ] {
            assert!(!MARK.is_match(text), "{text}");
        }
    }
}

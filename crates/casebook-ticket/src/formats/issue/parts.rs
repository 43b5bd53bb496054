//! Takes a ticket apart into what a format has a place for, and a description that holds the rest.

use std::collections::HashMap;

use super::draft::{Draft, parted};
use super::kept::says_all;
use super::{CUCUMBER, MANUAL, is_xray_type};
use crate::formats::document;
use crate::markup::{Block, Blocks, Inline};
use crate::steps::{self, Step};
use crate::{At, Field, Name, Origin, Section, Standard, Ticket, gherkin, outline};

/// What of a ticket goes where.
pub(crate) struct Parts<'t> {
    lines: Vec<(&'t Field, &'t str)>,
    /// Labels, each one word.
    pub(crate) labels: Vec<&'t str>,
    /// The steps, where the format has a place for them.
    pub(crate) steps: Vec<Step>,
    /// The text of a definition that is no steps, where the format has a place for it.
    pub(crate) definition: Option<(&'t Field, &'t str)>,
    /// All the rest.
    pub(crate) description: Blocks,
}

/// What a format has places for, besides the description.
#[derive(Clone, Copy)]
pub(crate) struct PlacesFor {
    /// Fields of one line.
    pub(crate) lines: &'static [Field],
    /// Whether it has a place for steps and for what is run instead of them.
    pub(crate) has_steps: bool,
    /// What is read of a description that was written.
    pub(crate) kept: fn(&[Block]) -> Blocks,
}

impl PlacesFor {
    /// Whether a line can stand there: where steps have a place, the test type is one of Xray's.
    fn takes(self, field: &Field, text: &str) -> bool {
        *field != Field::TestType || !self.has_steps || is_xray_type(text)
    }
}

impl<'t> Parts<'t> {
    /// Takes a ticket apart.
    pub(crate) fn of(ticket: &'t Ticket, places: PlacesFor, standard: &Standard) -> Self {
        let mut parts = Self {
            lines: Vec::new(),
            labels: Vec::new(),
            steps: Vec::new(),
            definition: None,
            description: Blocks::new(),
        };
        let mut lead = Blocks::new();
        let mut headed = Vec::new();
        for section in &ticket.sections {
            match &section.name {
                Name::Field(field) if places.lines.contains(field) => match line(&section.body) {
                    Some(text) if places.takes(field, text) => parts.lines.push((field, text)),
                    _ => headed.push(section.clone()),
                },
                Name::Field(Field::Labels) => match labels(&section.body) {
                    Some(labels) => parts.labels = labels,
                    None => headed.push(section.clone()),
                },
                Name::Field(field @ (Field::TestSteps | Field::ExecutionCommand)) if places.has_steps => {
                    parts.run(field, section, ticket, &mut headed);
                }
                Name::Field(Field::Description) if !section.body.is_empty() => {
                    lead.extend(section.body.iter().cloned());
                }
                Name::Other(heading) if heading.is_empty() => lead.extend(section.body.iter().cloned()),
                _ => headed.push(section.clone()),
            }
        }
        parts.description = description(&lead, &headed, places, standard);
        parts
    }

    /// The line of a field, if it has one of its own.
    pub(crate) fn line(&self, field: &Field) -> Option<&'t str> {
        self.lines.iter().find(|(known, _)| *known == field).map(|(_, text)| *text)
    }

    /// The test's type, as Xray has it.
    pub(crate) fn test_type(&self) -> &'t str {
        let is_gherkin = matches!(self.definition, Some((Field::TestSteps, _)));
        self.line(&Field::TestType).unwrap_or(if is_gherkin { CUCUMBER } else { MANUAL })
    }

    /// What is done: as steps, as a definition, or as it stands.
    fn run(&mut self, field: &'t Field, section: &'t Section, ticket: &Ticket, headed: &mut Vec<Section>) {
        let kind = ticket.text(&Field::TestType).unwrap_or_default();
        let rest: Blocks = match (field, section.body.as_slice()) {
            (Field::TestSteps, body) if let Some((place, text)) = definition(body, &kind) => {
                self.definition = Some((field, text));
                [&body[..place], &body[place + 1..]].concat()
            }
            (Field::ExecutionCommand, [Block::Code { language: None, text, .. }])
                if kind.eq_ignore_ascii_case("generic") =>
            {
                self.definition = Some((field, text));
                Blocks::new()
            }
            (Field::TestSteps, body) => {
                let mut steps = steps::read(body).steps;
                let is_in = |block: &&Block| steps.is_empty() || !is_encoded(block, &steps);
                let rest = body.iter().filter(is_in).cloned().collect();
                let says = |step: &Step| {
                    [&step.action, &step.data, &step.expected].iter().any(|cell| !cell.is_empty())
                };
                steps.retain(says);
                self.steps = steps;
                rest
            }
            (_, body) => body.to_vec(),
        };
        if !rest.is_empty() || section.body.is_empty() {
            headed.push(Section { name: section.name.clone(), at: section.at, body: rest });
        }
    }
}

/// The Gherkin that Xray runs, where a test is no other one of Xray's: its place among the blocks, and its text.
fn definition<'b>(body: &'b [Block], kind: &str) -> Option<(usize, &'b str)> {
    let is_cucumber = kind.eq_ignore_ascii_case(CUCUMBER);
    if !is_cucumber && is_xray_type(kind) {
        return None;
    }
    let mut found = body.iter().enumerate().filter_map(|(place, block)| match block {
        Block::Code { language, text, .. } => {
            let is_said = language.as_deref() == Some(gherkin::LANGUAGE);
            let is_one = gherkin::is_gherkin(text) && (is_said || language.is_none());
            (is_one || (is_said && is_cucumber)).then_some((place, text.as_str()))
        }
        _ => None,
    });
    found.next().filter(|_| found.next().is_none())
}

/// Whether steps were read from this block, and not from those around it, and say all that stands in it.
fn is_encoded(block: &Block, steps: &[Step]) -> bool {
    let block = std::slice::from_ref(block);
    !matches!(block, [Block::Heading { .. } | Block::Rule { .. } | Block::Quote { .. }])
        && steps::read(block).steps.len() == steps.len()
        && says_all(steps, block)
}

/// The words of a body that is one line of plain text.
fn line(body: &[Block]) -> Option<&str> {
    let [Block::Paragraph { text, .. }] = body else { return None };
    let [Inline::Text(text)] = text.as_slice() else { return None };
    Some(text)
}

/// Labels: a list of single words, or words with commas between them.
fn labels(body: &[Block]) -> Option<Vec<&str>> {
    let labels: Vec<_> = match body {
        [Block::List { start: None, items, .. }] => items
            .iter()
            .map(|item| line(&item.blocks).filter(|_| item.done.is_none()))
            .collect::<Option<_>>()?,
        body => line(body)?.split(',').map(str::trim).collect(),
    };
    let is_word = |label: &&str| {
        !label.is_empty() && !label.contains(|letter: char| letter.is_whitespace() || ",;".contains(letter))
    };
    labels.iter().all(is_word).then_some(labels)
}

/// A description: its text, and each other section below a heading of the second level.
fn description(lead: &[Block], headed: &[Section], places: PlacesFor, standard: &Standard) -> Blocks {
    let mut blocks: Blocks = lead.iter().map(document::deeper).collect();
    for section in headed {
        document::add(section, standard, &mut blocks);
    }
    if blocks.is_empty() {
        return blocks;
    }
    let written = (places.kept)(&blocks);
    let mut draft = Draft::new(standard, Origin::default());
    draft.describe(written.clone(), At::default());
    let mut read = outline::canonical(written, standard);
    for section in read.iter_mut().filter(|section| section.name == Name::Other(String::new())) {
        section.name = Name::Field(Field::Description);
    }
    let mut wanted = Ticket::default();
    wanted.extend(read);
    let is_same = |ticket: &Ticket| {
        let bodies: HashMap<_, _> =
            ticket.sections.iter().map(|section| (&section.name, &section.body)).collect();
        ticket.sections.len() == wanted.sections.len()
            && wanted.sections.iter().all(|section| bodies.get(&section.name) == Some(&&section.body))
    };
    if !is_same(&draft.finish()) {
        blocks.push(parted());
    }
    blocks
}

/// The project of a ticket, by its key.
pub(crate) fn project(key: &str) -> Option<&str> {
    let (project, number) = key.rsplit_once('-')?;
    let is_key = project.starts_with(|first: char| first.is_ascii_uppercase())
        && project
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
        && !number.is_empty()
        && number.chars().all(|digit| digit.is_ascii_digit());
    is_key.then_some(project)
}

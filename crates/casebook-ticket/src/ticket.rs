//! A test case: what it says, under which headings.

use crate::markup::{Blocks, plain_blocks};
use crate::{At, Field, Format};

/// One test case, as its author wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticket {
    /// Where it was read from.
    pub origin: Origin,
    /// What it says, in the order in which it says it. A field is there once: what stands under two headings of the
    /// same field is joined.
    pub sections: Vec<Section>,
}

/// Where a ticket was read from. It is not part of what the ticket says: any two are equal.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The file, as it was named; empty for what came through a pipe.
    pub file: String,
    /// What it was written in.
    pub format: Format,
    /// Where the ticket begins.
    pub at: At,
    /// The place inside the file where lines do not tell it, e.g. `$.issues[3]` or `row 17`.
    pub place: Option<String>,
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

/// What stands under one heading, or in one field of Jira.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub name: Name,
    /// Where its heading begins.
    pub at: At,
    /// What it says; empty when there is only the heading.
    pub body: Blocks,
}

/// What a section is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A field of the standard, whichever of its names the author used.
    Field(Field),
    /// A heading that the standard does not know, as it stood; empty for text before any heading.
    Other(String),
}

impl Ticket {
    /// The section of a field, if it is there.
    #[must_use]
    pub fn section(&self, field: &Field) -> Option<&Section> {
        self.sections.iter().find(|section| matches!(&section.name, Name::Field(name) if name == field))
    }

    /// The words of a field, trimmed; none when it is absent or empty.
    #[must_use]
    pub fn text(&self, field: &Field) -> Option<String> {
        let text = plain_blocks(&self.section(field)?.body);
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Adds what stands under a heading: to the field's section where there is one, else as a new one.
    pub fn add(&mut self, section: Section) {
        let known = self.sections.iter_mut().find(|known| known.name == section.name);
        match known {
            Some(known) if section.name != Name::Other(String::new()) => known.body.extend(section.body),
            _ => self.sections.push(section),
        }
    }
}

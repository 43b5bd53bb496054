//! A test case: what it says, under which headings.

use std::collections::HashMap;

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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

    /// Adds what stands under a heading: to the field's section where there is one, else as a new one. Sections by the
    /// thousand are added in less time by [`extend`](Extend::extend).
    pub fn add(&mut self, section: Section) {
        let known = self.sections.iter_mut().find(|known| known.name == section.name);
        match known {
            Some(known) if section.name != Name::Other(String::new()) => known.body.extend(section.body),
            _ => self.sections.push(section),
        }
    }
}

impl Extend<Section> for Ticket {
    fn extend<T: IntoIterator<Item = Section>>(&mut self, sections: T) {
        let known = self.sections.iter().enumerate().rev();
        let mut known: HashMap<_, _> = known.map(|(place, section)| (section.name.clone(), place)).collect();
        for section in sections {
            match known.get(&section.name) {
                Some(place) if section.name != Name::Other(String::new()) => {
                    self.sections[*place].body.extend(section.body);
                }
                _ => {
                    known.insert(section.name.clone(), self.sections.len());
                    self.sections.push(section);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::Block;

    #[test]
    fn what_stands_under_one_name_is_joined_where_it_began() {
        let section = |name: &Name, word: &str| Section {
            name: name.clone(),
            at: At::default(),
            body: vec![Block::paragraph(At::default(), word)],
        };
        let (field, other, none) =
            (Name::Field(Field::Objective), Name::Other("Notes".to_owned()), Name::Other(String::new()));
        let mut ticket = Ticket { sections: vec![section(&other, "a")], ..Ticket::default() };
        ticket.extend([section(&none, "b"), section(&field, "c"), section(&other, "d"), section(&none, "e")]);
        ticket.add(section(&field, "f"));
        let said: Vec<_> = ticket.sections.iter().map(|section| plain_blocks(&section.body)).collect();
        assert_eq!(said, ["a\n\nd", "b", "c\n\nf", "e"]);
    }
}

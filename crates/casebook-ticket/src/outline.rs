//! Finds a ticket's sections in text, whichever way their headings were written.
//!
//! Dialects are told on the neutral blocks, so that Markdown, wiki markup and ADF share them.

mod key;

use crate::markup::{Block, Blocks, Inline, Inlines, plain};
use crate::{At, Found, Name, NoTest, NoTestKind, Origin, Section, Standard, Ticket};

use key::Key;

/// The tickets of a document, each with where it begins, and what in it is no ticket.
#[must_use]
pub fn tickets(blocks: Blocks, standard: &Standard, origin: Origin) -> Vec<Found> {
    if blocks.is_empty() {
        let reason = "there is nothing in it".to_owned();
        return vec![Found::NoTest(NoTest {
            at: origin.at,
            title: String::new(),
            kind: NoTestKind::Empty,
            reason,
        })];
    }
    let mut ticket = Ticket { origin, sections: Vec::new() };
    for section in sections(blocks, standard) {
        ticket.add(section);
    }
    vec![Found::Ticket(Box::new(ticket))]
}

/// The sections of a text that belongs to one known ticket, e.g. of Jira's field *Description*. What stands before any
/// heading has the empty name.
#[must_use]
pub fn sections(blocks: Blocks, standard: &Standard) -> Vec<Section> {
    let mut sections =
        vec![Section { name: Name::Other(String::new()), at: At::default(), body: Blocks::new() }];
    for block in blocks {
        match block {
            Block::Heading { at, text, .. } => {
                let words = plain(&text);
                let name =
                    standard.field_of(&words).map_or(Name::Other(words), |field| Name::Field(field.clone()));
                sections.push(Section { name, at, body: Blocks::new() });
            }
            Block::Paragraph { at, text } => paragraph(at, text, standard, &mut sections),
            other => content(other, &mut sections),
        }
    }
    sections.retain(|section| !section.body.is_empty() || section.name != Name::Other(String::new()));
    sections
}

/// The sections of the canonical form: headings of the second level begin them, and nothing else does.
#[must_use]
pub fn canonical(blocks: Blocks, standard: &Standard) -> Vec<Section> {
    let mut sections =
        vec![Section { name: Name::Other(String::new()), at: At::default(), body: Blocks::new() }];
    for block in blocks {
        match block {
            Block::Heading { at, level: 2, text } => {
                let words = plain(&text);
                let name =
                    standard.field_of(&words).map_or(Name::Other(words), |field| Name::Field(field.clone()));
                sections.push(Section { name, at, body: Blocks::new() });
            }
            other => content(other, &mut sections),
        }
    }
    sections.retain(|section| !section.body.is_empty() || section.name != Name::Other(String::new()));
    sections
}

fn paragraph(at: At, text: Inlines, standard: &Standard, sections: &mut Vec<Section>) {
    let mut kept: Option<(At, Inlines)> = None;
    for (at, line) in key::lines(at, text) {
        let found = Key::of(&line)
            .and_then(|key| standard.field_of(&key.words).cloned().map(|field| (field, key.value)));
        match found {
            Some((field, value)) => {
                flush(&mut kept, sections);
                sections.push(Section { name: Name::Field(field), at, body: Blocks::new() });
                if !value.is_empty() {
                    kept = Some((at, value));
                }
            }
            None => match &mut kept {
                Some((_, text)) => {
                    text.push(Inline::Break(at));
                    text.extend(line);
                }
                None => kept = Some((at, line)),
            },
        }
    }
    flush(&mut kept, sections);
}

fn flush(kept: &mut Option<(At, Inlines)>, sections: &mut [Section]) {
    if let Some((at, text)) = kept.take() {
        content(Block::Paragraph { at, text }, sections);
    }
}

fn content(block: Block, sections: &mut [Section]) {
    if let Some(section) = sections.last_mut() {
        section.body.push(block);
    }
}

//! Tickets in Markdown: the canonical form, with front matter, and as people write it.

mod front_matter;
mod parts;

use std::ops::Range;

use crate::formats::File;
use crate::markup::{Block, Blocks, lines, plain};
use crate::{
    At, Format, Found, Lines, Name, Origin, Places, ReadError, Section, Standard, Ticket, markdown, outline,
};

use front_matter::FrontMatter;
use parts::{Part, parts};

pub(crate) fn read_each(
    file: File<'_>,
    standard: &Standard,
    each: &mut dyn FnMut(Found),
) -> Result<(), ReadError> {
    let lines = Lines::new(file.text);
    for Part { begins, front_matter, body } in parts(file.text, standard) {
        let part =
            |range: Range<usize>| (&file.text[range.clone()], Shifted { lines: &lines, by: range.start });
        let (text, places) = part(body);
        let blocks = markdown::read(text, &places);
        let at = lines.at(begins);
        let origin = Origin { file: file.name.to_owned(), format: Format::Markdown, at, place: None };
        let Some(front_matter) = front_matter else {
            outline::tickets(blocks, standard, origin).into_iter().for_each(&mut *each);
            continue;
        };
        let (text, places) = part(front_matter);
        let front_matter =
            front_matter::read(text, &places, standard).map_err(|(at, text)| file.error(at, text))?;
        tickets(front_matter, blocks, origin, standard).into_iter().for_each(&mut *each);
    }
    Ok(())
}

/// What a document with front matter holds: one ticket when the front matter is a ticket's, else whatever its text
/// does.
fn tickets(front_matter: FrontMatter, blocks: Blocks, origin: Origin, standard: &Standard) -> Vec<Found> {
    let body = if is_canonical(&front_matter, &blocks, standard) {
        outline::canonical(blocks, standard)
    } else if front_matter.is_canonical || has_key(&front_matter) {
        outline::sections(blocks, standard)
    } else {
        let mut found = outline::tickets(blocks, standard, origin);
        if let Some(Found::Ticket(ticket)) = found.iter_mut().find(|found| matches!(found, Found::Ticket(_)))
        {
            let body = std::mem::replace(&mut ticket.sections, front_matter.sections);
            for section in body {
                ticket.add(section);
            }
        }
        return found;
    };
    let mut ticket = Ticket { origin, sections: Vec::new() };
    for section in front_matter.sections.into_iter().chain(body) {
        ticket.add(section);
    }
    vec![Found::Ticket(Box::new(ticket))]
}

fn has_key(front_matter: &FrontMatter) -> bool {
    front_matter.sections.iter().any(|section| section.name == Name::Field(crate::Field::Key))
}

/// Whether the text is in the canonical form too: headings of the second level, and none of another level that a
/// field would have to be looked for under.
fn is_canonical(front_matter: &FrontMatter, blocks: &[Block], standard: &Standard) -> bool {
    let headings = |wanted: fn(u8) -> bool| {
        blocks.iter().filter_map(move |block| match block {
            Block::Heading { level, text, .. } if wanted(*level) => standard.field_of(&plain(text)),
            _ => None,
        })
    };
    let has = |wanted: u8| {
        blocks.iter().any(|block| matches!(block, Block::Heading { level, .. } if *level == wanted))
    };
    let is_known = |field| {
        headings(|level| level == 2).any(|known| known == field)
            || front_matter
                .sections
                .iter()
                .any(|section| matches!(&section.name, Name::Field(known) if known == field))
    };
    front_matter.is_canonical
        && !has(1)
        && (has(2) || blocks.is_empty())
        && headings(|level| level > 2).all(is_known)
}

/// Places in a part of the file.
struct Shifted<'a> {
    lines: &'a Lines<'a>,
    by: usize,
}

impl Places for Shifted<'_> {
    fn at(&self, offset: usize) -> At {
        self.lines.at(self.by + offset)
    }
}

/// Tickets in the canonical form, one below the other.
pub(crate) fn write(tickets: &[Ticket], standard: &Standard) -> String {
    let tickets: Vec<_> = tickets.iter().map(|ticket| canonical(ticket, standard)).collect();
    tickets.join("\n")
}

fn canonical(ticket: &Ticket, standard: &Standard) -> String {
    let mut front_matter = String::new();
    let mut body = String::new();
    let mut add = |heading: &str, section: &Section| {
        let heading = Block::Heading { at: At::default(), level: 2, text: lines(At::default(), heading) };
        body.extend(["\n", &markdown::write(&[heading])]);
        add_blocks(&section.body, &mut body);
    };
    for rule in &standard.fields {
        let Some(section) = ticket.section(&rule.id) else { continue };
        match front_matter::write(rule.id.id(), &section.body).filter(|_| rule.front_matter) {
            Some(pair) => front_matter.push_str(&pair),
            None => add(&rule.name.en, section),
        }
    }
    let mut before_headings = String::new();
    for section in &ticket.sections {
        match &section.name {
            Name::Other(heading) if heading.is_empty() => add_blocks(&section.body, &mut before_headings),
            Name::Other(heading) => add(heading, section),
            Name::Field(field) if standard.rule(field).is_none() => add(field.id(), section),
            Name::Field(_) => {}
        }
    }
    if front_matter.is_empty() {
        front_matter.push_str("{}\n");
    }
    format!("---\n{front_matter}---\n{before_headings}{body}")
}

fn add_blocks(blocks: &[Block], out: &mut String) {
    if !blocks.is_empty() {
        out.extend(["\n", &markdown::write(&blocks.iter().map(deeper).collect::<Vec<_>>())]);
    }
}

/// Headings inside a section are below the second level, which is that of the sections.
fn deeper(block: &Block) -> Block {
    let mut block = block.clone();
    if let Block::Heading { level, .. } = &mut block {
        *level = (*level).max(3);
    }
    block
}

#[cfg(test)]
mod tests;

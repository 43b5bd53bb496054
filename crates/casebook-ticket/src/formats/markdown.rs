//! Tickets in Markdown: the canonical form, with front matter, and as people write it.

mod front_matter;
mod parts;

use std::collections::HashSet;
use std::ops::Range;

use super::issue::{is_parted, parted};
use super::{File, document, told};
use crate::markup::{Block, Blocks, plain, plain_blocks};
use crate::{
    At, Field, Format, Found, Lines, Name, Origin, Places, ReadError, Section, Standard, Ticket, markdown,
    outline, wiki,
};

use front_matter::FrontMatter;
pub(super) use parts::behind_front_matter;
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
        let is_wiki = front_matter.is_some() && told::is_wiki(text);
        let blocks = if is_wiki {
            let mut notes = Vec::new();
            let blocks = wiki::read_noting(text, &places, &mut notes);
            notes.into_iter().map(Found::Note).for_each(&mut *each);
            blocks
        } else {
            markdown::read(text, &places)
        };
        let at = lines.at(begins);
        let origin = Origin { file: file.name.to_owned(), format: Format::Markdown, at, place: None };
        let Some(front_matter) = front_matter else {
            outline::tickets(blocks, standard, origin).into_iter().for_each(&mut *each);
            continue;
        };
        let (text, places) = part(front_matter);
        let mut front_matter =
            front_matter::read(text, &places, standard).map_err(|(at, text)| file.error(at, text))?;
        front_matter.is_canonical &= !is_wiki;
        tickets(front_matter, blocks, origin, standard).into_iter().for_each(&mut *each);
    }
    Ok(())
}

/// What a document with front matter holds: one ticket when the front matter is a ticket's, else whatever its text
/// does.
fn tickets(front_matter: FrontMatter, mut blocks: Blocks, origin: Origin, standard: &Standard) -> Vec<Found> {
    let is_known = |field: &Field| {
        front_matter
            .sections
            .iter()
            .any(|section| matches!(&section.name, Name::Field(known) if known == field))
    };
    let body = if is_parted(blocks.last()) {
        blocks.pop();
        outline::canonical(blocks, standard)
    } else if front_matter.is_canonical && is_canonical(&blocks, &is_known, standard) {
        outline::canonical(blocks, standard)
    } else if front_matter.is_canonical || has_key(&front_matter) {
        outline::titled_sections(blocks, At::new(1, 1), standard)
    } else {
        let mut found = outline::tickets(blocks, standard, origin);
        if let Some(Found::Ticket(ticket)) = found.iter_mut().find(|found| matches!(found, Found::Ticket(_)))
        {
            let body = std::mem::take(&mut ticket.sections);
            ticket.extend(joined(front_matter.sections, body));
        }
        return found;
    };
    let mut ticket = Ticket { origin, sections: Vec::new() };
    ticket.extend(joined(front_matter.sections, body));
    vec![Found::Ticket(Box::new(ticket))]
}

/// Front matter and what stands below it, without the key and the summary that it only repeats, as a title does.
fn joined(front_matter: Vec<Section>, body: Vec<Section>) -> Vec<Section> {
    let words = |section: &Section| {
        let text = plain_blocks(&section.body).to_lowercase();
        let words =
            text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let repeats = |section: &Section| {
        matches!(section.name, Name::Field(Field::Key | Field::Summary))
            && front_matter.iter().any(|known| known.name == section.name && words(known) == words(section))
    };
    let body: Vec<_> = body.into_iter().filter(|section| !repeats(section)).collect();
    front_matter.into_iter().chain(body).collect()
}

fn has_key(front_matter: &FrontMatter) -> bool {
    front_matter.sections.iter().any(|section| section.name == Name::Field(crate::Field::Key))
}

/// Whether the text is in the canonical form too: headings of the second level, and none of another level that a
/// field would have to be looked for under. `is_front` tells the fields of the front matter.
fn is_canonical(blocks: &[Block], is_front: &dyn Fn(&Field) -> bool, standard: &Standard) -> bool {
    let headings = |wanted: fn(u8) -> bool| {
        blocks.iter().filter_map(move |block| match block {
            Block::Heading { level, text, .. } if wanted(*level) => standard.field_of(&plain(text)),
            _ => None,
        })
    };
    let has = |wanted: u8| {
        blocks.iter().any(|block| matches!(block, Block::Heading { level, .. } if *level == wanted))
    };
    let sections: HashSet<&Field> = headings(|level| level == 2).collect();
    !has(1)
        && (has(2) || blocks.is_empty())
        && headings(|level| level > 2).all(|field| sections.contains(field) || is_front(field))
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
    let mut front = HashSet::new();
    let mut headed = Vec::new();
    for rule in &standard.fields {
        let Some(section) = ticket.section(&rule.id) else { continue };
        match front_matter::write(rule.id.id(), &section.body).filter(|_| rule.front_matter) {
            Some(pair) => {
                front_matter.push_str(&pair);
                front.insert(&rule.id);
            }
            None => headed.push(section),
        }
    }
    if front_matter.is_empty() {
        front_matter.push_str("{}\n");
    }
    let is_other = |section: &&Section| match &section.name {
        Name::Other(_) => true,
        Name::Field(field) => standard.rule(field).is_none(),
    };
    let (lead, others): (Vec<_>, Vec<_>) = ticket
        .sections
        .iter()
        .filter(is_other)
        .partition(|section| section.name == Name::Other(String::new()));
    let mut blocks = Blocks::new();
    for section in lead.into_iter().chain(headed).chain(others) {
        document::add(section, standard, &mut blocks);
    }
    if is_parted(blocks.last()) || !is_canonical(&blocks, &|field| front.contains(field), standard) {
        blocks.push(parted());
    }
    let body = markdown::write(&blocks);
    let between = if body.is_empty() { "" } else { "\n" };
    format!("---\n{front_matter}---\n{between}{body}")
}

#[cfg(test)]
mod tests;

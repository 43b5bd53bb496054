//! A whole ticket as one document, to paste: a heading of the second level for each section.

use super::issue::{is_parted, parted};
use crate::markup::{Block, Blocks, lines};
use crate::{Found, Name, Origin, Section, Standard, Ticket, outline};

/// The ticket's blocks, text without heading first. Where they could be mistaken, the last one says how they are parted;
/// `kept` is what is read of blocks that were written.
pub(super) fn blocks(ticket: &Ticket, kept: fn(&[Block]) -> Blocks, standard: &Standard) -> Blocks {
    let mut blocks = Blocks::new();
    let (lead, headed): (Vec<_>, _) =
        ticket.sections.iter().partition(|section| section.name == Name::Other(String::new()));
    for section in lead.into_iter().chain(headed) {
        add(section, standard, &mut blocks);
    }
    let written = kept(&blocks);
    let read = found(written.clone(), standard, Origin::default());
    let is_same = matches!(&read[..], [Found::Ticket(read)] if read.sections == parts(written, standard));
    if !is_same {
        blocks.push(parted());
    }
    blocks
}

/// The tickets of a document.
pub(super) fn found(mut blocks: Blocks, standard: &Standard, origin: Origin) -> Vec<Found> {
    if !is_parted(blocks.last()) {
        return outline::tickets(blocks, standard, origin);
    }
    blocks.pop();
    vec![Found::Ticket(Box::new(Ticket { origin, sections: parts(blocks, standard) }))]
}

/// The sections below headings of the second level.
fn parts(blocks: Blocks, standard: &Standard) -> Vec<Section> {
    let mut ticket = Ticket::default();
    ticket.extend(outline::canonical(blocks, standard));
    ticket.sections
}

/// Adds a section; headings inside of it are of the third level or below.
pub(super) fn add(section: &Section, standard: &Standard, blocks: &mut Blocks) {
    let heading = match &section.name {
        Name::Field(field) => standard.rule(field).map_or(field.id(), |rule| &rule.name.en),
        Name::Other(heading) => heading,
    };
    if !heading.is_empty() {
        blocks.push(Block::Heading { at: section.at, level: 2, text: lines(section.at, heading) });
    }
    blocks.extend(section.body.iter().map(deeper));
}

/// A block of a section's: a heading is of the third level or below, because the second is that of the sections.
pub(super) fn deeper(block: &Block) -> Block {
    let mut block = block.clone();
    if let Block::Heading { level, .. } = &mut block {
        *level = (*level).max(3);
    }
    block
}

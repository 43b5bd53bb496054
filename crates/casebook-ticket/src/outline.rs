//! Finds a ticket's sections in text, whichever way their headings were written.
//!
//! Dialects are told on the neutral blocks, so that Markdown, wiki markup and ADF share them: headings, also numbered
//! or with emoji; bold keys; `Key:` lines; bare lines; bullets with keys; tables of fields; Gherkin.

mod ahead;
mod analysis;
mod by_themselves;
mod evidence;
mod fence;
mod fields_table;
mod group;
mod key;
mod mask;
mod piece;
mod rows;
mod sign;
mod split;
mod title;

use crate::markup::{Block, Blocks, plain};
use crate::message::{Argument, message};
use crate::{At, Field, Format, Found, Name, NoTest, NoTestKind, Note, Origin, Section, Standard, Ticket};

use evidence::Document;
use group::{Signed, group};
use piece::Piece;
use sign::Sign;
use title::Title;

/// The tickets of a document, each with where it begins, and what in it is no ticket.
#[must_use]
pub fn tickets(blocks: Blocks, standard: &Standard, origin: Origin) -> Vec<Found> {
    let begins = if origin.format == Format::Adf { At::default() } else { origin.at };
    let pieces = signed(blocks, begins, standard);
    if pieces
        .iter()
        .all(|signed| matches!(signed.piece, Piece::Block(Block::Rule { .. } | Block::Heading { .. })))
    {
        let reason = message!(nothing_in_it);
        let title = String::new();
        return vec![Found::NoTest(NoTest { at: origin.at, title, kind: NoTestKind::Empty, reason })];
    }
    if let Some((begin, _)) = analysis::missing(&pieces) {
        return analysed(pieces, begin, standard, origin);
    }
    let begins = split::begins(&pieces);
    if begins.is_empty() {
        if let Some(found) = rows::tests(&pieces, standard, &origin) {
            return found;
        }
        return vec![one(pieces, standard, origin)];
    }
    let title = pieces.first().map(|signed| plain(signed.piece.line())).unwrap_or_default();
    let mut rest = pieces;
    let mut found = Vec::new();
    for begin in begins.iter().rev() {
        let part = rest.split_off(*begin);
        let at = part.first().map_or(origin.at, |signed| signed.piece.at());
        found.push(one(part, standard, Origin { at, ..origin.clone() }));
    }
    let says =
        |signed: &Signed| !matches!(signed.piece, Piece::Heading { .. } | Piece::Block(Block::Rule { .. }));
    if rest.iter().any(says) {
        let reason = message!(before_the_first);
        found.push(Found::NoTest(NoTest { at: origin.at, title, kind: NoTestKind::Guide, reason }));
    }
    found.reverse();
    found
}

/// The sections of a text that belongs to one known ticket, e.g. of Jira's field *Description*. What stands before any
/// heading has the empty name. The text begins at a position; at none where lines and columns in the file say nothing of
/// those in the text.
#[must_use]
pub fn sections(blocks: Blocks, begins: At, standard: &Standard) -> Vec<Section> {
    let sections =
        group(signed(blocks, begins, standard), standard).into_iter().map(|(section, _)| section).collect();
    // Its name stands where the ticket's other fields do.
    by_themselves::take(sections, false, standard)
}

/// The same of a text below front matter, whose title tells key and summary once more.
#[must_use]
pub fn titled_sections(blocks: Blocks, begins: At, standard: &Standard) -> Vec<Section> {
    let mut pieces = signed(blocks, begins, standard);
    let first = pieces.iter().find(|signed| !is_rule(signed));
    let has_title = first.is_some_and(|first| {
        let Piece::Heading { level: 1, text, .. } = &first.piece else { return false };
        !Title::of(&plain(text)).says_nothing()
    });
    let title = if has_title { take_title(&mut pieces).1 } else { Vec::new() };
    let sections = title.into_iter().chain(group(pieces, standard)).map(|(section, _)| section).collect();
    by_themselves::take(sections, false, standard)
}

/// The sections of the canonical form: headings of the second level begin them, and nothing else does.
#[must_use]
pub fn canonical(blocks: Blocks, standard: &Standard) -> Vec<Section> {
    let at = blocks.first().map_or_else(At::default, Block::at);
    let mut sections = vec![Section { name: Name::Other(String::new()), at, body: Blocks::new() }];
    for block in blocks {
        match (block, sections.last_mut()) {
            (Block::Heading { at, level: 2, text }, _) => {
                let words = plain(&text);
                let field = standard.field_of(&words).cloned();
                let name = field.map_or(Name::Other(words), Name::Field);
                sections.push(Section { name, at, body: Blocks::new() });
            }
            (block, Some(section)) => section.body.push(block),
            (_, None) => {}
        }
    }
    sections.retain(|section| !section.body.is_empty() || section.name != Name::Other(String::new()));
    sections
}

/// What an analysis of a ticket proposes for the fields that it found missing, in its order; empty for any other
/// document. Each is a section as the ticket would have it.
#[must_use]
pub fn proposals(blocks: Blocks, standard: &Standard) -> Vec<Section> {
    let mut pieces = signed(blocks, At::new(1, 1), standard);
    let Some((begin, end)) = analysis::missing(&pieces) else { return Vec::new() };
    pieces.truncate(end);
    analysis::proposals(pieces.split_off(begin + 1), standard)
}

/// Whether a text is a ticket's key and nothing else.
#[must_use]
pub(crate) fn is_key(text: &str) -> bool {
    title::key_in(text) == Some(text)
}

fn signed(blocks: Blocks, begins: At, standard: &Standard) -> Vec<Signed> {
    let pieces = piece::pieces(blocks, begins, &|line| sign::begins(line, standard));
    let pieces = mask::gather_gherkin(pieces);
    let signs: Vec<_> = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| {
            let before = index.checked_sub(1).and_then(|before| pieces.get(before));
            Sign::of(piece, before, pieces.get(index + 1), standard)
        })
        .collect();
    let mut signed: Vec<_> =
        pieces.into_iter().zip(signs).map(|(piece, sign)| Signed { piece, sign }).collect();
    mask::mask_flattened(&mut signed);
    signed
}

/// The ticket that an analysis describes.
fn analysed(mut pieces: Vec<Signed>, begin: usize, standard: &Standard, origin: Origin) -> Vec<Found> {
    pieces.truncate(begin);
    let at = origin.at;
    let heading = pieces.first().map(|signed| plain(signed.piece.line())).unwrap_or_default();
    // Its headings are the analysis's own: `Summary` is over what it sums up.
    pieces.retain(|signed| !matches!(signed.piece, Piece::Heading { .. }));
    let mut ticket = Ticket { origin, sections: Vec::new() };
    let sections = group(pieces, standard).into_iter().map(|(section, _)| section);
    ticket.extend(sections.filter(|section| matches!(section.name, Name::Field(_))));
    if ticket.section(&Field::Key).is_none()
        && let Some(key) = title::key_in(&heading)
    {
        let body = vec![Block::paragraph(at, key)];
        ticket.sections.insert(0, Section { name: Name::Field(Field::Key), at, body });
    }
    let key = match ticket.text(&Field::Key) {
        Some(key) => key.into(),
        None => Argument::from(message!(a_ticket)),
    };
    let text = message!(analysis, key = key);
    vec![Found::Ticket(Box::new(ticket)), Found::Note(Note { at, rule: "analysis-of-ticket", text })]
}

/// A part of a document that is one ticket, or none.
fn one(mut pieces: Vec<Signed>, standard: &Standard, origin: Origin) -> Found {
    let (heading, mut sections) = take_title(&mut pieces);
    if sections.iter().all(|(section, _)| section.name != Name::Field(Field::Summary)) {
        name(&mut pieces);
    }
    sections.extend(group(pieces, standard));
    judged(heading, sections, standard, origin)
}

/// A ticket, unless what it says is evidence for something else; each section comes with its heading as it stood.
fn judged(title: String, sections: Vec<(Section, String)>, standard: &Standard, origin: Origin) -> Found {
    let document = Document { title: &title, sections: &sections };
    if let Some((kind, reason)) = evidence::against(&document) {
        return Found::NoTest(NoTest { at: origin.at, title, kind, reason });
    }
    let mut ticket = Ticket { origin, sections: Vec::new() };
    let sections = sections.into_iter().map(|(section, _)| section).collect();
    ticket.extend(by_themselves::take(sections, true, standard));
    name_preamble(&mut ticket);
    Found::Ticket(Box::new(ticket))
}

/// Where neither a title nor a field names the test, `Test Case: Login` does.
fn name(pieces: &mut [Signed]) {
    let signs = || pieces.iter().filter_map(|signed| signed.sign.as_ref());
    if signs().any(|sign| sign.field == Some(Field::Summary)) {
        return;
    }
    let mut signs = pieces.iter_mut().filter_map(|signed| signed.sign.as_mut());
    if let Some(sign) = signs.find(|sign| sign.names_test()) {
        sign.field = Some(Field::Summary);
    }
}

/// Takes the title off a ticket's pieces: its words as they stood, and the sections that it gives.
fn take_title(pieces: &mut Vec<Signed>) -> (String, Vec<(Section, String)>) {
    let Some(first) = pieces.iter().position(|signed| !is_rule(signed)) else {
        return (String::new(), Vec::new());
    };
    let words = plain(pieces[first].piece.line());
    let title = Title::of(&words);
    if !is_title(pieces, first, &title) {
        return (String::new(), Vec::new());
    }
    let piece = pieces.remove(first).piece;
    let at = piece.at();
    let named = |field: Field, block: Block| {
        (Section { name: Name::Field(field), at, body: vec![block] }, words.clone())
    };
    let key = title.key.as_deref().map(|key| named(Field::Key, Block::paragraph(at, key)));
    let text = title.summary_in(piece.line());
    let summary = (!text.is_empty()).then(|| named(Field::Summary, Block::Paragraph { at, text }));
    let sections = key.into_iter().chain(summary).collect();
    (words, sections)
}

fn is_rule(signed: &Signed) -> bool {
    matches!(signed.piece, Piece::Block(Block::Rule { .. }))
}

fn is_title(pieces: &[Signed], first: usize, title: &Title) -> bool {
    let Signed { piece, sign } = &pieces[first];
    match (piece, sign) {
        (Piece::Heading { .. }, Some(Sign { field: None, rank, .. })) => {
            // A section like those that follow, and not their title, when it has text of its own.
            let next = pieces[first + 1..].iter().position(|signed| {
                signed.sign.as_ref().is_some_and(|sign| sign.rank <= *rank && sign.field.is_some())
            });
            title.is_ticket || next.is_none_or(|next| next == 0)
        }
        (Piece::Line { .. }, sign) => {
            title.is_ticket
                && sign.as_ref().is_none_or(|sign| sign.field.is_none())
                && title.summary.len() < 250
        }
        _ => false,
    }
}

/// What stands right below a ticket's title describes it.
fn name_preamble(ticket: &mut Ticket) {
    let is_preamble = |section: &Section| section.name == Name::Other(String::new());
    if ticket.section(&Field::Description).is_none()
        && let Some(preamble) = ticket.sections.iter_mut().find(|section| is_preamble(section))
    {
        preamble.name = Name::Field(Field::Description);
    }
}

#[cfg(test)]
mod tests;

//! Tables with a whole test in each row: `| ID | Title | Steps | Expected Result |`.

use crate::markup::{Block, Cell, plain, plain_blocks};
use crate::message::message;
use crate::{Field, Found, Name, NoTest, NoTestKind, Origin, Section, Standard};

use super::group::Signed;
use super::judged;
use super::piece::Piece;
use super::title::Title;

/// The tests of a document that has them in such tables; none when it is another one.
pub(super) fn tests(pieces: &[Signed], standard: &Standard, origin: &Origin) -> Option<Vec<Found>> {
    if pieces.iter().any(is_of_a_ticket) {
        return None;
    }
    let mut found = Vec::new();
    let mut beside = None;
    for Signed { piece, .. } in pieces {
        let rows = match piece {
            Piece::Heading { .. } | Piece::Block(Block::Rule { .. }) => continue,
            Piece::Block(Block::Table { header, rows, .. }) => tests_in(header, rows, standard),
            _ => None,
        };
        match rows {
            Some(rows) => found.extend(rows.into_iter().map(|sections| test(sections, standard, origin))),
            None => beside = beside.or(Some(piece)),
        }
    }
    if found.is_empty() {
        return None;
    }
    if let Some(piece) = beside {
        let (at, title, reason) = (piece.at(), plain(piece.line()), message!(beside_rows));
        found.insert(0, Found::NoTest(NoTest { at, title, kind: NoTestKind::Guide, reason }));
    }
    Some(found)
}

/// Whether a piece shows that the document is one ticket, which has the table for something else.
fn is_of_a_ticket(Signed { piece, sign }: &Signed) -> bool {
    sign.as_ref().is_some_and(|sign| sign.field.is_some())
        || matches!(piece, Piece::Heading { text, .. } if Title::of(&plain(text)).key.is_some())
}

/// A section with its heading as it stood.
type Headed = (Section, String);

/// The sections of each row, if each has an id and a title, and says what is done or what must come of it.
fn tests_in(header: &[Cell], rows: &[Vec<Cell>], standard: &Standard) -> Option<Vec<Vec<Headed>>> {
    let titles: Vec<_> = header.iter().map(|cell| plain_blocks(&cell.blocks).trim().to_owned()).collect();
    let names: Vec<_> = titles.iter().map(|title| name(title, standard)).collect();
    let has = |field| names.contains(&Name::Field(field));
    if !(has(Field::Key) && has(Field::Summary) && (has(Field::TestSteps) || has(Field::ExpectedResult))) {
        return None;
    }
    let says = |cell: &&Cell| !cell.blocks.is_empty();
    let tests = rows.iter().filter(|row| row.iter().any(|cell| says(&cell))).map(|row| {
        let cells = row.iter().zip(names.iter().zip(&titles)).filter(|(cell, _)| says(cell));
        let sections = cells.map(|(cell, (name, title))| {
            (Section { name: name.clone(), at: cell.at, body: cell.blocks.clone() }, title.clone())
        });
        let sections: Vec<_> = sections.collect();
        let is_named = [Field::Key, Field::Summary]
            .map(Name::Field)
            .iter()
            .all(|name| sections.iter().any(|(section, _)| section.name == *name));
        is_named.then_some(sections)
    });
    tests.collect::<Option<Vec<_>>>().filter(|tests| !tests.is_empty())
}

fn name(title: &str, standard: &Standard) -> Name {
    standard.field_of(title).cloned().map_or_else(|| Name::Other(title.to_owned()), Name::Field)
}

fn test(sections: Vec<Headed>, standard: &Standard, origin: &Origin) -> Found {
    let at = sections.first().map_or(origin.at, |(section, _)| section.at);
    let summary = sections.iter().find(|(section, _)| section.name == Name::Field(Field::Summary));
    let title = summary.map(|(section, _)| plain_blocks(&section.body)).unwrap_or_default();
    judged(title, sections, standard, Origin { at, ..origin.clone() })
}

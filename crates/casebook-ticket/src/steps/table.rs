//! Steps in a table.

use crate::At;
use crate::markup::{Block, Cell, Inline, plain_blocks};

use super::role::Columns;
use super::{Encoding, Step};

const TITLES: [&str; 4] = ["#", "Action", "Data", "Expected Result"];

/// The steps of a table, if that is what it holds.
pub(super) fn read(header: &[Cell], rows: &[Vec<Cell>]) -> Option<(Encoding, Vec<Step>)> {
    let (columns, rows) = match Columns::of_cells(header) {
        Some(columns) => (columns, rows),
        None => untitled(header, rows)?,
    };
    let encoding = if columns.data.is_some() { Encoding::Table } else { Encoding::TableWithoutData };
    Some((encoding, steps(rows, columns)))
}

/// The steps of rows. A row that is only a heading over those that follow stands above the action of the next.
fn steps(rows: &[Vec<Cell>], columns: Columns) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut headings: Vec<&[Cell]> = Vec::new();
    for row in rows.iter().filter(|row| row.iter().any(|cell| !cell.blocks.is_empty())) {
        if is_heading(row, columns) {
            headings.push(row);
            continue;
        }
        let mut step = step(row, columns);
        let above = headings.drain(..).flatten().flat_map(|cell| cell.blocks.iter().cloned());
        step.action.splice(0..0, above);
        steps.push(step);
    }
    // Those that nothing follows are over nothing.
    steps.extend(headings.into_iter().map(|row| step(row, columns)));
    steps
}

/// Whether only the first cell says something, and that no number, where numbers are wanted; or that in bold, where
/// actions are.
fn is_heading(row: &[Cell], columns: Columns) -> bool {
    let [first, others @ ..] = row else { return false };
    if others.iter().any(|cell| !cell.blocks.is_empty()) {
        return false;
    }
    match (columns.number, columns.action) {
        (Some(0), _) => {
            let text = plain_blocks(&first.blocks);
            !text.contains(|character: char| character.is_ascii_digit())
                && text.chars().filter(|character| character.is_alphabetic()).count() > 2
        }
        (None, Some(0)) => {
            matches!(&first.blocks[..], [Block::Paragraph { text, .. }] if matches!(&text[..], [Inline::Strong(_)]))
        }
        _ => false,
    }
}

/// A table whose titles stand in its first row, or that has none.
fn untitled<'a>(header: &[Cell], rows: &'a [Vec<Cell>]) -> Option<(Columns, &'a [Vec<Cell>])> {
    if header.iter().any(|cell| !cell.blocks.is_empty()) {
        return None;
    }
    let first = rows.first()?;
    if let Some(columns) = Columns::of_cells(first) {
        return Some((columns, &rows[1..]));
    }
    let numbered = first.first().is_some_and(|cell| number(cell).is_some_and(|text| is_number(&text)));
    Columns::of_width(first.len(), numbered).map(|columns| (columns, rows))
}

fn is_number(text: &str) -> bool {
    let text = text.trim_end_matches(['.', ')']);
    !text.is_empty() && text.len() < 5 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(cell: &Cell) -> Option<String> {
    let text = plain_blocks(&cell.blocks);
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn step(row: &[Cell], columns: Columns) -> Step {
    let cell = |column: Option<usize>| column.and_then(|column| row.get(column));
    let begin = row.first().map_or_else(At::default, |cell| cell.at);
    let (action, data, expected) = (cell(columns.action), cell(columns.data), cell(columns.expected));
    let at = |cell: Option<&Cell>| cell.map_or(begin, |cell| cell.at);
    let blocks = |cell: Option<&Cell>| cell.map(|cell| cell.blocks.clone()).unwrap_or_default();
    Step {
        number: cell(columns.number).and_then(number),
        at: begin,
        action_at: at(action),
        data_at: at(data),
        expected_at: at(expected),
        action: blocks(action),
        data: blocks(data),
        expected: blocks(expected),
    }
}

/// The canonical table: `#`, `Action`, `Data`, `Expected Result`.
pub(super) fn write(steps: &[Step]) -> Block {
    let at = steps.first().map_or_else(At::default, |step| step.at);
    let header = TITLES.map(|title| Cell { at, blocks: vec![Block::paragraph(at, title)] }).to_vec();
    let rows = steps.iter().map(|step| {
        let number = step.number.iter().map(|number| Block::paragraph(step.at, number)).collect();
        vec![
            Cell { at: step.at, blocks: number },
            Cell { at: step.action_at, blocks: step.action.clone() },
            Cell { at: step.data_at, blocks: step.data.clone() },
            Cell { at: step.expected_at, blocks: step.expected.clone() },
        ]
    });
    Block::Table { at, header, rows: rows.collect() }
}

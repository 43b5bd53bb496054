//! Steps in a table.

use crate::At;
use crate::markup::{Block, Cell, plain_blocks};

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
    let said = |row: &&Vec<Cell>| row.iter().any(|cell| !cell.blocks.is_empty());
    Some((encoding, rows.iter().filter(said).map(|row| step(row, columns)).collect()))
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

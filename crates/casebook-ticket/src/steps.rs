//! The steps of a test, whichever way they were written.

use crate::At;
use crate::markup::{Block, Blocks, Cell};

/// One step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Its number, as it stood, e.g. `1` or `a`.
    pub number: Option<String>,
    /// Where it begins.
    pub at: At,
    /// What is done.
    pub action: Blocks,
    /// Where that stands, or would.
    pub action_at: At,
    /// What it is done with.
    pub data: Blocks,
    /// Where that stands, or would.
    pub data_at: At,
    /// What must then be seen.
    pub expected: Blocks,
    /// Where that stands, or would.
    pub expected_at: At,
}

/// How steps were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// There are none, only prose.
    #[default]
    None,
    /// A table with columns for action, data and expected result.
    Table,
    /// A table without a column for data.
    TableWithoutData,
    /// A table that a paste flattened to a line for each cell.
    FlattenedTable,
    /// `1) Action: .. | Data: .. | Expected: ..`
    Inline,
    /// `a. Action: ..`
    Lettered,
    /// Lists in lists: the action, with data and expectation below it.
    NestedList,
    /// A plain numbered list.
    List,
    /// A heading for each step.
    Headings,
    /// Given, When, Then.
    Gherkin,
}

/// The steps that were found in a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// How they were written.
    pub encoding: Encoding,
    /// The steps in order.
    pub steps: Vec<Step>,
}

/// Reads the steps of a section.
#[must_use]
pub fn read(body: &[Block]) -> Steps {
    let Some(Block::Table { rows, .. }) = body.iter().find(|block| matches!(block, Block::Table { .. }))
    else {
        return Steps::default();
    };
    Steps { encoding: Encoding::Table, steps: rows.iter().map(|row| step(row)).collect() }
}

fn step(row: &[Cell]) -> Step {
    let cell = |number: usize| row.get(number).cloned().unwrap_or_default();
    let (action, data, expected) = (cell(1), cell(2), cell(3));
    Step {
        number: Some(crate::markup::plain_blocks(&cell(0).blocks)).filter(|number| !number.is_empty()),
        at: cell(0).at,
        action: action.blocks,
        action_at: action.at,
        data: data.blocks,
        data_at: data.at,
        expected: expected.blocks,
        expected_at: expected.at,
    }
}

/// The canonical table: `#`, `Action`, `Data`, `Expected Result`.
#[must_use]
pub fn write(steps: &[Step]) -> Block {
    let title = |text: &str| Cell { at: At::default(), blocks: vec![Block::paragraph(At::default(), text)] };
    let header = ["#", "Action", "Data", "Expected Result"].map(title).to_vec();
    let rows = steps
        .iter()
        .map(|step| {
            let number = step.number.iter().map(|number| Block::paragraph(step.at, number)).collect();
            vec![
                Cell { at: step.at, blocks: number },
                Cell { at: step.action_at, blocks: step.action.clone() },
                Cell { at: step.data_at, blocks: step.data.clone() },
                Cell { at: step.expected_at, blocks: step.expected.clone() },
            ]
        })
        .collect();
    Block::Table { at: steps.first().map_or_else(At::default, |step| step.at), header, rows }
}

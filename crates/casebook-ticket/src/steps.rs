//! The steps of a test, whichever way they were written.

mod flattened;
mod marker;
mod paired;
mod part;
mod role;
mod table;
mod text;

use crate::markup::{Block, Blocks};
use crate::{At, gherkin};

pub(crate) use flattened::{Flattened, Unit};
pub(crate) use marker::leading_number;
pub use paired::paired;
pub(crate) use part::roles_in;
pub(crate) use role::{Role, are_titles, is_step_title, names_columns};

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
    /// A plain list.
    List,
    /// A title for each step.
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

/// Reads the steps of a section. Tables go before text: what stands around them explains them.
#[must_use]
pub fn read(body: &[Block]) -> Steps {
    if let Some(features) = gherkin::read(body) {
        return Steps {
            encoding: Encoding::Gherkin,
            steps: features.iter().flat_map(gherkin::Feature::steps).collect(),
        };
    }
    let tables = body.iter().filter_map(|block| match block {
        Block::Table { header, rows, .. } => table::read(header, rows),
        _ => None,
    });
    let found = tables
        .reduce(|(encoding, mut steps), (_, more)| {
            steps.extend(more);
            (encoding, steps)
        })
        .or_else(|| flattened::read(body).map(|steps| (Encoding::FlattenedTable, steps)))
        .or_else(|| text::read(body));
    found.map_or_else(Steps::default, |(encoding, steps)| Steps { encoding, steps })
}

/// The canonical table: `#`, `Action`, `Data`, `Expected Result`.
#[must_use]
pub fn write(steps: &[Step]) -> Block {
    table::write(steps)
}

#[cfg(test)]
mod tests;

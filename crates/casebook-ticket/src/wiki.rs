//! Jira's wiki markup: what its descriptions are stored in, and what people paste out of them.
//!
//! The reader is careful: what Jira shows as plain text, and what people type without thinking of markup (`a_name`,
//! `1-2`, `2 * 3`, `[x]`, bare JSON, Windows paths), stays text. Where Jira is stricter than its users it follows the
//! users: a heading without a space, a list with empty lines in it, a row that is not closed. What the model has no
//! word for is kept as it stood, save for colours and the frames of panels, which are only looks.

mod blocks;
mod escape;
#[cfg(test)]
pub(crate) mod held;
mod inlines;
mod list;
mod scan;
mod table;
#[cfg(test)]
mod tests;
mod write;

use crate::markup::{Block, Blocks};
use crate::{Note, Places};

/// Reads wiki markup. Any text is some markup.
#[must_use]
pub fn read(text: &str, places: &dyn Places) -> Blocks {
    read_noting(text, places, &mut Vec::new())
}

/// Reads wiki markup and tells what is odd about it: macros that are never closed.
#[must_use]
pub fn read_noting(text: &str, places: &dyn Places, notes: &mut Vec<Note>) -> Blocks {
    blocks::Reader::new(text, places, notes).blocks(0..text.len())
}

/// Writes wiki markup that reads as these blocks. What it cannot hold is written as what is nearest: a paragraph
/// behind a list in a cell joins the list's last item, a table in a cell becomes lines, a list begins at 1.
#[must_use]
pub fn write(blocks: &[Block]) -> String {
    write::document(blocks)
}

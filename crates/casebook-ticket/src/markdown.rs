//! Markdown: CommonMark with tables, strikethrough and task lists.
//!
//! What Markdown cannot hold in a table's cell (lines, lists, code, several paragraphs) is HTML there, and read back
//! as what it is; a line that begins with HTML that would be a block follows `<br>`. Any blocks in [normal
//! form](crate::markup::normal) are read as they were written, save for raw source of another markup, which becomes
//! code.

mod cell;
mod escape;
mod html;
mod read;
mod runs;
mod write;

use crate::Places;
use crate::markup::{Block, Blocks};

/// Reads a text. Whatever it is, it is some Markdown; the result is in normal form.
#[must_use]
pub fn read(text: &str, places: &dyn Places) -> Blocks {
    read::read(text, places)
}

/// Writes blocks; the text ends with a line's end unless it is empty.
#[must_use]
pub fn write(blocks: &[Block]) -> String {
    write::document(blocks)
}

#[cfg(test)]
mod tests;

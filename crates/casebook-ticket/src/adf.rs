//! ADF, Atlassian's document format: the JSON in which Jira Cloud keeps text.
//!
//! Reading keeps what is said, and lets go of how it looks: colours, underlining, alignment, widths, and which kind a
//! panel was. What this crate has no word for is kept as it stands. Writing keeps to what Jira takes: see [`fit`].

mod fit;
mod marks;
mod read;
mod write;

pub use fit::fit;
pub(crate) use read::document;
pub use write::write;

use crate::json::Json;
use crate::markup::Blocks;
use crate::message::{Message, message};
use crate::{Places, ReadError};

/// Reads a document.
///
/// # Errors
///
/// When the text is no JSON, or no ADF document.
pub fn read(text: &str, places: &dyn Places) -> Result<Blocks, ReadError> {
    let json = Json::new("", text, places);
    let document = json.value()?;
    if !is_document(&document) {
        return Err(json.error(&document, no_document()));
    }
    Ok(self::document(&json, &document))
}

/// What is said of other JSON.
pub(crate) fn no_document() -> Message {
    message!(no_adf)
}

/// Whether a value is a document.
pub(crate) fn is_document(node: &crate::json::Node<'_>) -> bool {
    node.text_at("type") == Some("doc") && node.get("content").is_some()
}

#[cfg(test)]
mod tests;

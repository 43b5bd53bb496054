//! A ticket as Jira and Xray keep it: some fields by themselves, and the others as headed sections of the description.

mod custom;
mod draft;
mod envelope;
mod kept;
mod links;
mod parts;
mod properties;
mod stepwise;

pub(super) use custom::are_words;
pub(super) use draft::{Draft, is_parted, parted};
pub(super) use envelope::read_each;
pub(super) use links::{field_of as link_field, title};
pub(super) use parts::{Parts, PlacesFor, project};
pub(super) use properties::{definition, kind};
pub(super) use stepwise::{steps, steps_in};

use super::WriteError;
use crate::markup::{Block, Blocks};
use crate::{Format, Lines, Ticket};

/// A ticket says how its description is parted only where it could be mistaken; this is what it says then.
pub(super) const PARTED: &str = "Only headings of the second level begin a section of this ticket.";

/// The test type of what has none, and is no Gherkin.
const MANUAL: &str = "Manual";

/// The test type of Gherkin.
pub(super) const CUCUMBER: &str = "Cucumber";

/// The test types that Xray has by itself.
const XRAY_TYPES: [&str; 4] = [MANUAL, CUCUMBER, "Generic", "Exploratory"];

/// Whether this is a test type that Xray has by itself.
fn is_xray_type(text: &str) -> bool {
    XRAY_TYPES.iter().any(|known| known.eq_ignore_ascii_case(text))
}

/// That a ticket has no summary, without which Jira makes no issue.
pub(super) fn no_summary(format: Format, ticket: &Ticket) -> WriteError {
    let what = "a ticket without a summary of one plain line";
    WriteError::new(format, what, "give it a title, without marks in it").of(ticket)
}

/// What is read of blocks that were written in wiki markup.
pub(super) fn kept_by_wiki(blocks: &[Block]) -> Blocks {
    let text = crate::wiki::write(blocks);
    crate::wiki::read(&text, &Lines::new(&text))
}

/// Blocks in wiki markup, without the last line's end.
pub(super) fn wiki(blocks: &[Block]) -> String {
    let mut text = crate::wiki::write(blocks);
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

//! What a request made.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::request::Request;

/// A server that has just come back may need a moment before it can undo anything.
const WITHIN: Duration = Duration::from_secs(15);
const ASK_AGAIN: Duration = Duration::from_millis(250);
/// What a server answers to an address at which it has nothing.
pub(crate) const NOT_FOUND: u16 = 404;

/// What a request made, whatever that is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// What undoes it; none as long as that is not known, because the answer names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Request>,
    /// The same for a person, as far as it is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by_hand: String,
    /// Its address was unknown to the server when it had just been made, and has been since: that there is nothing says
    /// nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
}

impl Made {
    /// What a person can do about it.
    pub(super) fn by_hand(&self) -> Option<String> {
        let known = self.undo.as_ref().map(Request::in_short);
        known.or_else(|| Some(self.by_hand.clone()).filter(|text| !text.is_empty()))
    }

    /// Takes note of a request that was answered: whatever the server knew is at an address that is right.
    pub(crate) fn hear(&mut self, sent: &str, status: u16) {
        let is_known = status != NOT_FOUND && self.undo.as_ref().is_some_and(|undo| undo.is_at(sent));
        self.unseen &= !is_known;
    }

    /// Gone is what the server says is gone, or says is not there where something was.
    pub(super) async fn undo(&self) -> Result<(), String> {
        let undo = self.undo.as_ref().ok_or(
            "its answer was not seen, or lacks what its undo names, so that nobody can tell whether it made something: look, and remove it by hand",
        )?;
        let end = Instant::now() + WITHIN;
        loop {
            let seen = undo.send().await?.seen;
            match seen.status {
                Some(NOT_FOUND) if self.unseen => {
                    return Err(format!(
                        "`{}`: status 404, which a GET of that address was answered as well when it had just been made. The address may be wrong: look, and remove it by hand",
                        undo.in_short()
                    ));
                }
                Some(200..300 | NOT_FOUND | 410) => return Ok(()),
                Some(400..500) => {}
                _ if Instant::now() < end => {
                    sleep(ASK_AGAIN).await;
                    continue;
                }
                _ => {}
            }
            return Err(format!("`{}`: {}", undo.in_short(), seen.in_short()));
        }
    }
}

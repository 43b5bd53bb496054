//! What a request made.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::request::Request;

/// A server that has just come back may need a moment before it can undo anything.
const WITHIN: Duration = Duration::from_secs(15);
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// What a request made, whatever that is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// What undoes it; none as long as that is not known, because the answer names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Request>,
    /// The same for a person, as far as it is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by_hand: String,
}

impl Made {
    /// What a person can do about it.
    pub(super) fn by_hand(&self) -> Option<String> {
        let known = self.undo.as_ref().map(Request::in_short);
        known.or_else(|| Some(self.by_hand.clone()).filter(|text| !text.is_empty()))
    }

    /// Gone is what the server says is gone, or says is not there.
    pub(super) async fn undo(&self) -> Result<(), String> {
        let undo = self.undo.as_ref().ok_or(
            "its answer was not seen, so that nobody can tell whether it made something: look, and remove it by hand",
        )?;
        let end = Instant::now() + WITHIN;
        loop {
            let seen = undo.send().await?.seen;
            match seen.status {
                Some(200..300 | 404 | 410) => return Ok(()),
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

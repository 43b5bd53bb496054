//! Ways to break something that anybody can put back who has only the journal.

mod blocked;
mod delayed;
mod ended;
mod frozen;
mod made;
mod scaled;

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use blocked::Blocked;
pub use delayed::Delayed;
pub use ended::{Ended, How};
pub use frozen::Frozen;
pub use made::Made;
pub(crate) use made::NOT_FOUND;
pub use scaled::Scaled;

use crate::command;

/// How long a program may take that breaks or mends something.
const DEADLINE: Duration = Duration::from_secs(20);
/// How often is looked whether something has come to be.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Something that is broken: how, and all that is needed to put it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Injection {
    /// Packets vanish.
    Blocked(Blocked),
    /// Packets are late.
    Delayed(Delayed),
    /// Processes are halted.
    Frozen(Frozen),
    /// Processes were ended.
    Ended(Ended),
    /// Something on a cluster runs in another number.
    Scaled(Scaled),
    /// A request made something.
    Made(Made),
    /// A command of the ticket's own.
    Shell {
        /// What breaks.
        command: String,
        /// What puts back.
        undo: String,
    },
}

impl Injection {
    /// Breaks it.
    ///
    /// # Errors
    ///
    /// A sentence. It may then be broken in part, and has to be undone.
    pub async fn apply(&self) -> Result<(), String> {
        match self {
            Self::Blocked(blocked) => blocked.apply().await,
            Self::Delayed(delayed) => delayed.apply().await,
            Self::Frozen(frozen) => frozen.apply().await,
            Self::Ended(ended) => ended.apply().await,
            Self::Scaled(scaled) => scaled.apply().await,
            // Its request has done so.
            Self::Made(_) => Ok(()),
            Self::Shell { command, .. } => shell(command).await,
        }
    }

    /// Puts it back, however far it came, also when it was never broken or is whole already.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub async fn undo(&self) -> Result<(), String> {
        match self {
            Self::Blocked(blocked) => blocked.undo().await,
            Self::Delayed(delayed) => delayed.undo().await,
            Self::Frozen(frozen) => frozen.undo(),
            Self::Ended(ended) => ended.undo().await,
            Self::Scaled(scaled) => scaled.undo().await,
            Self::Made(made) => made.undo().await,
            Self::Shell { undo, .. } => shell(undo).await,
        }
    }

    /// After which time it ends by itself, where it does.
    #[must_use]
    pub fn expiry(&self) -> Option<Duration> {
        match self {
            Self::Blocked(blocked) => Some(Duration::from_secs(blocked.expiry)),
            _ => None,
        }
    }

    /// What a person can do about it, where the ticket's words do not say enough.
    pub(crate) fn by_hand(&self) -> Option<String> {
        match self {
            Self::Made(made) => made.by_hand(),
            _ => None,
        }
    }

    /// Whether nothing of it can be seen any more. What a command of the ticket's own or a request did cannot be looked
    /// at: that its undo ended well is all that is known.
    ///
    /// # Errors
    ///
    /// A sentence, when it cannot be told.
    pub async fn is_gone(&self) -> Result<bool, String> {
        match self {
            Self::Blocked(blocked) => blocked.is_gone().await,
            Self::Delayed(delayed) => delayed.is_gone().await,
            Self::Frozen(frozen) => Ok(frozen.is_gone()),
            Self::Ended(ended) => Ok(ended.is_gone().await),
            Self::Scaled(scaled) => scaled.is_gone().await,
            Self::Made(_) | Self::Shell { .. } => Ok(true),
        }
    }
}

async fn shell(text: &str) -> Result<(), String> {
    let words = ["sh", "-c", text].map(str::to_owned);
    command::succeed(&words, "", DEADLINE).await.map(drop)
}

//! Ways to break something that anybody can put back who has only the journal.

mod blocked;
mod delayed;
mod ended;
mod frozen;
mod made;
mod place;
mod scaled;
mod work;

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
pub use place::Place;
pub use scaled::Scaled;
pub use work::{Beginning, Begun, Hand, Work};

/// How long a program may take that breaks or mends something.
const DEADLINE: Duration = Duration::from_secs(20);
/// How long a start may take until what was started can be reached.
const STARTED_WITHIN: Duration = Duration::from_secs(60);
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
    pub async fn apply(&self, work: &mut Work<'_>) -> Result<(), String> {
        match self {
            Self::Blocked(blocked) => blocked.apply(work).await,
            Self::Delayed(delayed) => delayed.apply(work).await,
            Self::Frozen(frozen) => frozen.apply(work).await,
            Self::Ended(ended) => ended.apply(work).await,
            Self::Scaled(scaled) => scaled.apply().await,
            // Its request has done so.
            Self::Made(_) => Ok(()),
            Self::Shell { command, .. } => work.breaks(&shell(command), "", DEADLINE).await,
        }
    }

    /// Puts it back, however far it came, also when it was never broken or is whole already. Who is at work on it still is
    /// waited for: else it would be broken afterwards.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub async fn undo(&self, work: &mut Work<'_>) -> Result<(), String> {
        work.idle().await?;
        match self {
            Self::Blocked(blocked) => blocked.undo(work).await,
            Self::Delayed(delayed) => delayed.undo(work).await,
            Self::Frozen(frozen) => frozen.undo().await,
            Self::Ended(ended) => ended.undo(work).await,
            Self::Scaled(scaled) => scaled.undo().await,
            Self::Made(made) => made.undo().await,
            Self::Shell { undo, .. } => work.mends(&shell(undo), DEADLINE).await,
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
            Self::Frozen(frozen) => Ok(frozen.is_gone().await),
            Self::Ended(ended) => Ok(ended.is_gone().await),
            Self::Scaled(scaled) => scaled.is_gone().await,
            Self::Made(_) | Self::Shell { .. } => Ok(true),
        }
    }

    /// Whether somebody else has put back what was broken, as far as that can be seen. What was ended may be started by
    /// whoever watches over it: that is what many cases are about.
    pub(crate) async fn is_lost(&self) -> bool {
        match self {
            Self::Frozen(frozen) => !frozen.holds(),
            Self::Blocked(_) | Self::Delayed(_) | Self::Scaled(_) => self.is_gone().await == Ok(true),
            Self::Ended(_) | Self::Made(_) | Self::Shell { .. } => false,
        }
    }
}

fn shell(text: &str) -> [String; 3] {
    ["sh", "-c", text].map(str::to_owned)
}

use std::sync::Arc;

use focus_core::{Fibre, JobId, Period, Plan, View};
use focus_recordings::{Coverage, Recording};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a job shows: everything about it that never changes.
#[derive(Clone, Debug)]
pub struct JobSpec {
    /// Its name.
    pub id: JobId,
    /// What was asked for.
    pub view: View,
    /// What that yields.
    pub plan: Plan,
    /// The fibre or the recording that is shown.
    pub fibre: Arc<Fibre>,
    /// Where its samples come from.
    pub show: Show,
}

/// Where the samples that a job shows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Show {
    /// The fibre from now on, and before that what is told here.
    Live(Option<Before>),
    /// These recordings.
    Historic(Arc<[Recording]>),
}

/// What came before a live view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// From when on it is shown.
    pub since: Timestamp,
    /// When the view was asked for.
    pub until: Timestamp,
    /// What was recorded of that time, and of what its first rows reach back to.
    pub recordings: Arc<[Recording]>,
    /// Why it is not known what was recorded.
    pub unknown: Option<String>,
}

impl JobSpec {
    /// What of the wanted time was recorded; `None` when only the fibre from now on is wanted.
    #[must_use]
    pub fn coverage(&self) -> Option<Coverage> {
        match (&self.show, self.view.period()) {
            (Show::Live(before), _) => {
                before.as_ref().map(|before| Coverage::of(before.since..before.until, &before.recordings))
            }
            (Show::Historic(recordings), Period::Historic { start, end }) => {
                Some(Coverage::of(start..end, recordings))
            }
            (Show::Historic(_), Period::Live) => None,
        }
    }
}

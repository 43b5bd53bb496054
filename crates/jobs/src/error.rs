use focus_core::{Faults, Outage};

use crate::LaunchError;

/// Why `POST /configure` starts no job. Nothing is left behind by any of them.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConfigureError {
    /// The request is wrong; see [`Faults::kind`].
    #[error("{0}")]
    Invalid(#[from] Faults),
    /// The same `Idempotency-Key` came with another body.
    #[error("this Idempotency-Key was used for another request; use a new key for each request")]
    KeyReused,
    /// As many jobs as allowed already run.
    #[error("all {max} jobs are in use; stop one or try again later")]
    TooManyJobs {
        /// How many that is.
        max: u32,
    },
    /// A live view, and no fibre is connected.
    #[error("waiting for fiber: no fibre is connected, so there is nothing live to show")]
    WaitingForFibre,
    /// Nothing was recorded in the time range.
    #[error("no recording between {start} and {end}")]
    NoRecording {
        /// Start of the range.
        start: jiff::Timestamp,
        /// End of the range.
        end: jiff::Timestamp,
    },
    /// An upstream that this view needs cannot serve.
    #[error(transparent)]
    Outage(#[from] Outage),
    /// The server is shutting down and takes no new jobs.
    #[error("the server is shutting down; try again in a moment")]
    Draining,
    /// Every port that jobs may have is taken.
    #[error("no free port for the job's stream: {0}")]
    NoPort(String),
    /// The cluster may not hold one more job.
    #[error("Kubernetes has no room for one more job: {0}; stop one, or have the quota raised")]
    Quota(String),
    /// A fault of this server's own, or of the machine.
    #[error("the job could not be started: {0}")]
    Failed(String),
}

impl From<LaunchError> for ConfigureError {
    fn from(error: LaunchError) -> Self {
        match error {
            LaunchError::Outage(outage) => Self::Outage(outage),
            LaunchError::WaitingForFibre => Self::WaitingForFibre,
            LaunchError::NoPort(reason) => Self::NoPort(reason),
            LaunchError::Failed(reason) => Self::Failed(reason),
        }
    }
}

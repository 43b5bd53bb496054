use std::sync::Arc;

use focus_core::Outage;
use focus_stream::{JobSpec, Viewer, WatchError};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::JobState;

/// Starts jobs, wherever they run.
pub trait Launcher: Send + Sync {
    /// Everything that the job needs: it can be read when this resolves, which is by `by`.
    ///
    /// An error leaves nothing behind.
    fn launch(&self, spec: Arc<JobSpec>, by: Instant) -> BoxFuture<'_, Result<Arc<dyn Worker>, LaunchError>>;
}

/// Where one job can be read.
pub trait Rows: Send + Sync {
    /// A new viewer of one stream.
    ///
    /// # Errors
    /// When there is no such stream, no place for one more reader, or no way to the job.
    fn watch(&self, stream: usize) -> BoxFuture<'_, Result<Viewer, WatchError>>;
}

/// What one job runs in. Dropping it ends the job.
pub trait Worker: Rows {
    /// Port of the job's gRPC service.
    fn port(&self) -> u16;

    /// How the job is. Closed when everything that it owned is freed.
    fn report(&self) -> watch::Receiver<Report>;

    /// Asks for the job's end, which is told to its viewers; only the first reason counts.
    fn stop(&self, reason: &str);
}

/// How a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Where it is in its life.
    pub state: JobState,
    /// How many clients read it now, over gRPC and WebSocket.
    pub viewers: usize,
    /// Time of the newest row that it made, at most about a second ago.
    pub last_row: Option<Timestamp>,
}

impl Report {
    /// Of a job that was just launched.
    pub(crate) const BEGIN: Self = Self { state: JobState::Running, viewers: 0, last_row: None };
}

/// Waits until everything that the worker behind this report owned is freed.
pub(crate) async fn gone(mut report: watch::Receiver<Report>) {
    while report.changed().await.is_ok() {}
}

/// Why a job cannot be launched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum LaunchError {
    /// An upstream that it needs cannot serve.
    #[error(transparent)]
    Outage(#[from] Outage),
    /// A live view, and no fibre is connected any more.
    #[error("waiting for fiber: the fibre has just gone")]
    WaitingForFibre,
    /// Every port of the configured range is taken by other programs.
    #[error("no free port for the job's stream: {0}")]
    NoPort(String),
    /// A fault of this server's own, or of the machine.
    #[error("the job could not be started: {0}")]
    Failed(String),
}

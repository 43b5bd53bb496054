use std::sync::{Arc, Mutex, PoisonError};

use focus_stream::{Feed, JobSpec, Viewer, WatchError};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::SetOnce;
use tokio_util::sync::CancellationToken;

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Being started.
    Pending,
    /// Producing rows.
    Running,
    /// A historic job whose last row was read.
    Completed,
    /// Ended by a fault of its own.
    Failed,
    /// Stopped by a client, because nobody watched, or with the server.
    Cancelled,
}

/// A job, from the moment that `/configure` answered.
#[derive(Debug)]
pub struct Job {
    pub(crate) feed: Arc<Feed>,
    pub(crate) stream_url: String,
    pub(crate) stream_port: u16,
    pub(crate) started: Timestamp,
    pub(crate) state: Mutex<JobState>,
    /// Asks the keeper to end the job, and why.
    pub(crate) stop: SetOnce<&'static str>,
    /// Says that all it owned is freed.
    pub(crate) gone: CancellationToken,
}

impl Job {
    /// Asks for its end; only the first reason counts.
    pub(crate) fn stop(&self, reason: &'static str) {
        // An error says that it was asked for before.
        drop(self.stop.set(reason));
    }

    /// What it shows.
    #[must_use]
    pub fn spec(&self) -> &JobSpec {
        self.feed.spec()
    }

    /// `http://<host>` (`https` where TLS is configured), without the port.
    #[must_use]
    pub fn stream_url(&self) -> &str {
        &self.stream_url
    }

    /// Port of its gRPC service.
    #[must_use]
    pub fn stream_port(&self) -> u16 {
        self.stream_port
    }

    /// Where it is in its life.
    #[must_use]
    pub fn state(&self) -> JobState {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When it was started.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// How many clients read it now, over gRPC and WebSocket.
    #[must_use]
    pub fn viewers(&self) -> usize {
        self.feed.audience().borrow().viewers
    }

    /// Time of the newest row that it made.
    #[must_use]
    pub fn last_row(&self) -> Option<Timestamp> {
        self.feed.last_row()
    }

    /// A new viewer of one stream.
    ///
    /// # Errors
    /// When there is no such stream, or no place for one more reader.
    pub fn watch(&self, stream: usize) -> Result<Viewer, WatchError> {
        self.feed.watch(stream)
    }
}

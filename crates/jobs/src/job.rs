use std::sync::Arc;

use focus_stream::{JobSpec, Viewer, WatchError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{Key, Report, Rows};

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

impl JobState {
    /// Whether it has ended, however that was.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// A job, from the moment that `/configure` answered.
pub struct Job {
    pub(crate) spec: Arc<JobSpec>,
    pub(crate) rows: Arc<dyn Rows>,
    pub(crate) stream_url: String,
    pub(crate) stream_port: u16,
    pub(crate) started: Timestamp,
    pub(crate) report: watch::Receiver<Report>,
    pub(crate) key: Option<Key>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("id", &self.spec.id)
            .field("report", &self.report())
            .finish_non_exhaustive()
    }
}

impl Job {
    /// What it shows.
    #[must_use]
    pub fn spec(&self) -> &JobSpec {
        &self.spec
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
        self.report().state
    }

    /// How it is.
    #[must_use]
    pub fn report(&self) -> Report {
        let closed = self.report.has_changed().is_err();
        let mut report = self.report.borrow().clone();
        if closed && !report.state.is_end() {
            // Whoever kept it is gone without a word.
            report.state = JobState::Failed;
        }
        report
    }

    /// When it was started.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// A new viewer of one stream.
    ///
    /// # Errors
    /// When there is no such stream, no place for one more reader, or no way to the job.
    pub async fn watch(&self, stream: usize) -> Result<Viewer, WatchError> {
        self.rows.watch(stream).await
    }

    /// Waits until it has ended, and tells how. What it owned may not be freed yet.
    pub async fn ended(&self) -> JobState {
        let mut report = self.report.clone();
        // An error: whoever kept it is gone, and so the job has ended.
        drop(report.wait_for(|report| report.state.is_end()).await);
        self.state()
    }
}

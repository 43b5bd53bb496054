use std::sync::Arc;
use std::time::Duration;

use focus_stream::remote::{self, Address};
use focus_stream::{End, JobSpec, Tls, Viewer, WatchError};
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::launcher::Rows;
use crate::{JobState, Report};

/// A pod that is to be read is waited for this long: its image may have to be fetched first.
const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// A pod that takes longer to say how its job is does not run yet, or no more.
const REPORT_DEADLINE: Duration = Duration::from_millis(300);

/// One job in a pod.
pub(super) struct RemotePod {
    /// Of its gRPC service, for this server.
    pub(super) address: Address,
    pub(super) tls: Option<Tls>,
    pub(super) spec: Arc<JobSpec>,
    /// How it is, when it was last asked. The end of its streams tells its end.
    pub(super) report: watch::Sender<Report>,
}

impl RemotePod {
    /// Asks how the job is: `pending` as long as nobody answers.
    pub(super) async fn ask(&self) {
        if let Ok(told) = remote::report(&self.address, self.tls.as_ref(), REPORT_DEADLINE).await {
            let state = match told.end {
                None => JobState::Running,
                Some(End::Completed) => JobState::Completed,
                Some(End::Failed(_)) => JobState::Failed,
                Some(End::Stopped(_)) => JobState::Cancelled,
            };
            self.report.send_replace(Report { state, viewers: told.viewers, last_row: told.last_row });
        }
    }
}

impl Rows for RemotePod {
    fn watch(&self, stream: usize) -> BoxFuture<'_, Result<Viewer, WatchError>> {
        let by = Instant::now() + STARTS_WITHIN;
        Box::pin(remote::watch_patiently(&self.address, self.tls.as_ref(), &self.spec, stream, by))
    }
}

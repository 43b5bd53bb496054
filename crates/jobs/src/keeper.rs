//! What watches over one job from its start to its end, and frees all that it owned. It runs where the rows are.

use std::sync::Arc;
use std::time::Duration;

use focus_stream::{End, Feed};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SetOnce, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::{JobState, Report, Serving};

/// Viewers get this long to take note of the end before their connections are cut ..
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);
/// .. and this long to take the last rows of a job that has completed.
pub(crate) const LAST_ROWS: Duration = Duration::from_secs(30);
/// What is cut off has gone within this time.
pub(crate) const CLEAR: Duration = Duration::from_secs(5);
/// Time between reports of a job whose audience stays the same.
pub(crate) const REPORT_PERIOD: Duration = Duration::from_secs(1);

/// All that one job owns besides its port.
pub(crate) struct Keeper {
    pub(crate) feed: Arc<Feed>,
    pub(crate) serving: Arc<Serving>,
    /// Asks for the job's end, and why.
    pub(crate) stop: Arc<SetOnce<String>>,
    /// Dropped last: that is how others know that all is freed.
    pub(crate) report: watch::Sender<Report>,
}

impl Keeper {
    /// Serves the job until it ends; when this returns its port and its rows are freed.
    pub(crate) async fn keep(self, listener: TcpListener, places: Arc<Semaphore>) {
        let (hang_up, cut) = (CancellationToken::new(), CancellationToken::new());
        let serving = serve(
            Arc::clone(&self.feed),
            listener,
            Arc::clone(&self.serving),
            hang_up.clone(),
            cut.clone(),
            places,
        );
        // Should this be cut short, the port is free all the same.
        let mut server = AbortOnDropHandle::new(tokio::spawn(serving));

        let (state, reason) = tokio::select! {
            end = self.end_of_life(&mut server) => end,
            end = self.keep_reporting() => match end {},
        };
        self.tell(|report| report.state = state);
        tracing::info!(job = %self.feed.spec().id, state = ?state, reason, "job ended");
        self.feed.finish(match state {
            JobState::Completed => End::Completed,
            JobState::Failed => End::Failed(reason),
            JobState::Pending | JobState::Running | JobState::Cancelled => End::Stopped(reason),
        });

        hang_up.cancel();
        let patience = if state == JobState::Completed { LAST_ROWS } else { FAREWELL };
        let mut ended = server.is_finished() || tokio::time::timeout(patience, &mut server).await.is_ok();
        if !ended {
            cut.cancel();
            ended = tokio::time::timeout(CLEAR, &mut server).await.is_ok();
        }
        if !ended {
            tracing::error!(job = %self.feed.spec().id, "its gRPC service does not end; its port is taken back");
        }
        drop(server);
        let mut audience = self.feed.audience();
        let nobody = audience.wait_for(|audience| audience.viewers == 0);
        if tokio::time::timeout(CLEAR, nobody).await.is_err() {
            let viewers = self.feed.audience().borrow().viewers;
            tracing::error!(job = %self.feed.spec().id, viewers, "viewers do not leave an ended job");
        }
        self.tell(|_| ());
    }

    async fn end_of_life(&self, server: &mut AbortOnDropHandle<anyhow::Result<()>>) -> (JobState, String) {
        let mut audience = self.feed.audience();
        loop {
            let now = *audience.borrow_and_update();
            if now.viewers == 0 && self.feed.is_read() {
                return (JobState::Completed, "every stream was read to its end".to_owned());
            }
            let (patience, what) = match (now.viewers, now.ever) {
                (0, false) => (self.serving.connect_within, "nobody connected"),
                (0, true) => (self.serving.unwatched_for, "nobody watched"),
                // Somebody is connected: whether they also read, shows in what they ask for.
                _ => (self.serving.unwatched_for, "nobody read"),
            };
            let out_of_patience = async {
                tokio::time::sleep(patience).await;
                while now.viewers > 0
                    && let Some(left) =
                        patience.checked_sub(self.feed.unattended_for()).filter(|left| !left.is_zero())
                {
                    tokio::time::sleep(left).await;
                }
            };
            tokio::select! {
                reason = self.stop.wait() => return (JobState::Cancelled, reason.clone()),
                end = self.feed.ended() => return (JobState::Failed, describe(&end)),
                result = &mut *server => {
                    tracing::error!(job = %self.feed.spec().id, result = ?result, "the job's gRPC service ended");
                    return (JobState::Failed, "its gRPC service ended; the log says why".to_owned());
                }
                () = out_of_patience => {
                    return (JobState::Cancelled, format!("{what} for {} s", patience.as_secs()));
                }
                changed = audience.changed() => if changed.is_err() {
                    return (JobState::Failed, "the job's feed is gone".to_owned());
                },
            }
        }
    }

    async fn keep_reporting(&self) -> std::convert::Infallible {
        let mut audience = self.feed.audience();
        loop {
            self.tell(|_| ());
            // Either is a reason to look again; the audience is never closed as long as its feed is here.
            drop(tokio::time::timeout(REPORT_PERIOD, audience.changed()).await);
        }
    }

    /// Reports how the job is, with this change.
    fn tell(&self, change: impl FnOnce(&mut Report)) {
        let (viewers, last_row) = (self.feed.audience().borrow().viewers, self.feed.last_row());
        self.report.send_if_modified(|report| {
            let before = report.clone();
            *report = Report { viewers, last_row, ..before };
            change(report);
            *report != before
        });
    }
}

async fn serve(
    feed: Arc<Feed>,
    listener: TcpListener,
    serving: Arc<Serving>,
    hang_up: CancellationToken,
    cut: CancellationToken,
    places: Arc<Semaphore>,
) -> anyhow::Result<()> {
    let stop = hang_up.cancelled_owned();
    focus_stream::grpc::serve(feed, listener, serving.tls.as_ref(), stop, cut, places).await
}

fn describe(end: &End) -> String {
    match end {
        End::Completed => "completed".to_owned(),
        End::Stopped(reason) | End::Failed(reason) => reason.clone(),
    }
}

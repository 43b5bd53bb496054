//! What watches over one job from its start to its end, and frees all that it owned.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use focus_stream::End;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{Job, JobState, Settings};

/// Viewers get this long to take note of the end before their connections are cut ..
const FAREWELL: Duration = Duration::from_secs(2);
/// .. and this long to take the last rows of a job that has completed.
const LAST_ROWS: Duration = Duration::from_secs(30);
/// What is cut off has gone within this time.
const CLEAR: Duration = Duration::from_secs(5);

/// Serves the job until it ends; when this returns its port and its rows are freed.
pub(crate) async fn keep(job: &Arc<Job>, listener: TcpListener, settings: &Settings, places: Arc<Semaphore>) {
    let (hang_up, cut) = (CancellationToken::new(), CancellationToken::new());
    let stop = hang_up.clone().cancelled_owned();
    let serving = focus_stream::grpc::serve(
        Arc::clone(&job.feed),
        listener,
        settings.tls.clone(),
        stop,
        cut.clone(),
        places,
    );
    let mut server = tokio::spawn(serving);
    set_state(job, JobState::Running);

    let (state, reason) = end_of_life(job, &mut server, settings).await;
    set_state(job, state);
    tracing::info!(job = %job.spec().id, state = ?state, reason, "job ended");
    job.feed.finish(match state {
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
        tracing::error!(job = %job.spec().id, "its gRPC service does not end; its port is taken back");
        server.abort();
    }
    let mut audience = job.feed.audience();
    let nobody = audience.wait_for(|audience| audience.viewers == 0);
    if tokio::time::timeout(CLEAR, nobody).await.is_err() {
        tracing::error!(job = %job.spec().id, viewers = job.viewers(), "viewers do not leave an ended job");
    }
}

async fn end_of_life(
    job: &Job,
    server: &mut JoinHandle<anyhow::Result<()>>,
    settings: &Settings,
) -> (JobState, String) {
    let mut audience = job.feed.audience();
    loop {
        let now = *audience.borrow_and_update();
        if now.viewers == 0 && job.feed.is_read() {
            return (JobState::Completed, "every stream was read to its end".to_owned());
        }
        let (patience, what) = match (now.viewers, now.ever) {
            (0, false) => (settings.connect_within, "nobody connected"),
            (0, true) => (settings.unwatched_for, "nobody watched"),
            // Somebody is connected: whether they also read, shows in what they ask for.
            _ => (settings.unwatched_for, "nobody read"),
        };
        let out_of_patience = async {
            tokio::time::sleep(patience).await;
            while now.viewers > 0
                && let Some(left) =
                    patience.checked_sub(job.feed.unattended_for()).filter(|left| !left.is_zero())
            {
                tokio::time::sleep(left).await;
            }
        };
        tokio::select! {
            reason = job.stop.wait() => return (JobState::Cancelled, (*reason).to_owned()),
            end = job.feed.ended() => return (JobState::Failed, describe(&end)),
            result = &mut *server => {
                tracing::error!(job = %job.spec().id, result = ?result, "the job's gRPC service ended");
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

fn describe(end: &End) -> String {
    match end {
        End::Completed => "completed".to_owned(),
        End::Stopped(reason) | End::Failed(reason) => reason.clone(),
    }
}

fn set_state(job: &Job, state: JobState) {
    *job.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
}

//! What watches over one job from its start to its end, and frees all that it owned.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use focus_stream::End;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Identity;

use crate::{Job, JobState, Settings};

/// Viewers get this long to take note of the end before their connections are cut.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves the job until it ends; when this returns its port and its rows are freed.
pub(crate) async fn keep(job: &Arc<Job>, listener: TcpListener, tls: Option<Identity>, settings: &Settings) {
    let hang_up = CancellationToken::new();
    let serving =
        focus_stream::grpc::serve(Arc::clone(&job.feed), listener, tls, hang_up.clone().cancelled_owned());
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
    if !server.is_finished() && tokio::time::timeout(FAREWELL, &mut server).await.is_err() {
        server.abort();
        // Until then the port is still bound.
        drop(server.await);
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
            (0, false) => (Some(settings.connect_within), "nobody connected"),
            (0, true) => (Some(settings.unwatched_for), "nobody watched"),
            _ => (None, ""),
        };
        let out_of_patience = async {
            match patience {
                Some(patience) => tokio::time::sleep(patience).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            reason = job.stop.wait() => return (JobState::Cancelled, (*reason).to_owned()),
            end = job.feed.ended() => return (JobState::Failed, describe(&end)),
            result = &mut *server => return (JobState::Failed, format!("its gRPC service ended: {result:?}")),
            () = out_of_patience => {
                let seconds = patience.unwrap_or_default().as_secs();
                return (JobState::Cancelled, format!("{what} for {seconds} s"));
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

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseCode, CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use focus_jobs::{Job, JobState};
use focus_stream::{End, Viewer, WatchError, browser};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug};

use crate::app::SharedApp;
use crate::error::{ApiError, Code};
use crate::openapi::{ForbiddenOrigin, Unavailable, UnknownJob, UpgradeRequired};
use crate::path::{PathJob, PathStream};

/// Time between pings; a client that does not answer one before the next is gone.
const PING_PERIOD: Duration = Duration::from_secs(15);
/// A client that takes longer for one message is as good as gone.
const SEND_DEADLINE: Duration = Duration::from_secs(15);
/// The time that a client has to take a close and answer it.
const GOODBYE_DEADLINE: Duration = Duration::from_secs(1);
/// Clients have nothing to say but pongs and good-bye.
const MAX_CLIENT_MESSAGE: usize = 4 << 10;
/// The most that a WebSocket allows for the reason of a close.
const LONGEST_REASON: usize = 123;

/// Rows of one stream for a browser, over a WebSocket.
///
/// Binary messages: a header with the job's plan as JSON, then frames of rows in decibels. What the client sends is
/// ignored. Closed with 1000 after the last row, 1001 when the server or the job is stopped, 1011 when the job failed.
#[utoipa::path(
    get, path = "/jobs/{job_id}/streams/{stream_id}", tag = "Jobs",
    params(
        ("job_id" = String, Path, description = "Name of the job", example = "3-1042"),
        ("stream_id" = usize, Path, description = "From 0 to stream_amount - 1"),
    ),
    responses(
        (status = 101, description = "The WebSocket is open"),
        (status = 403, response = ForbiddenOrigin),
        (status = 404, response = UnknownJob),
        (status = 426, response = UpgradeRequired),
        (status = 503, response = Unavailable),
    )
)]
pub(crate) async fn stream(
    State(app): State<SharedApp>,
    PathJob(id): PathJob,
    PathStream(index): PathStream,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let job = app.job(id).await?;
    if index >= job.spec().plan.streams.len() {
        return Err(PathStream::unknown());
    }
    let upgrade = upgrade.map_err(|error| {
        ApiError::new(Code::UpgradeRequired, format!("this is a WebSocket: {}", error.body_text()))
    })?;
    if !app.services.origins.admit(&headers) {
        return Err(ApiError::new(
            Code::ForbiddenOrigin,
            "pages of this origin may not read streams; name the origin in cors_origins to let them",
        ));
    }
    if app.closing.is_cancelled() {
        return Err(ApiError::new(Code::ShuttingDown, "the server is shutting down; try again in a moment"));
    }
    let Ok(place) = app.viewers.clone().try_acquire_owned() else {
        return Err(ApiError::new(
            Code::TooManyViewers,
            "too many streams are open; close one or try again later",
        ));
    };
    let viewer = job.watch(index).await.map_err(|error| match error {
        WatchError::NoSuchStream { .. } => PathStream::unknown(),
        WatchError::TooManyViewers { .. } => ApiError::new(Code::TooManyViewers, error.to_string()),
        WatchError::Unreachable(_) => ApiError::internal(error.to_string()),
    })?;
    let header = browser::header(job.spec(), index);
    let open = app.sockets.token();
    let closing = app.closing.clone();
    let upgrade = upgrade.max_message_size(MAX_CLIENT_MESSAGE).max_frame_size(MAX_CLIENT_MESSAGE);
    let span = tracing::Span::current();
    Ok(upgrade.on_upgrade(move |socket| {
        async move {
            let session = Session { socket, viewer, job, closing, pings: pings(), answered: true };
            session.run(header).await;
            drop((open, place));
        }
        .instrument(span)
    }))
}

fn pings() -> Interval {
    let mut pings = interval_at(Instant::now() + PING_PERIOD, PING_PERIOD);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings
}

/// One open WebSocket.
struct Session {
    socket: WebSocket,
    viewer: Viewer,
    job: Arc<Job>,
    closing: CancellationToken,
    pings: Interval,
    /// Whether anything came since the last ping.
    answered: bool,
}

impl Session {
    async fn run(mut self, header: Bytes) {
        let mut next = self.send(Message::Binary(header)).await;
        let end = loop {
            match next {
                ControlFlow::Continue(()) => next = self.step().await,
                ControlFlow::Break(end) => break end,
            }
        };
        let Self { socket, viewer, job, .. } = self;
        // The job need not wait for the good-bye.
        drop((viewer, job));
        if let Some(close) = end {
            good_bye(socket, close).await;
        }
    }

    async fn step(&mut self) -> ControlFlow<Option<CloseFrame>> {
        tokio::select! {
            biased;
            () = self.closing.cancelled() => close(close_code::AWAY, "the server is shutting down"),
            // Before the ping: what came during a long send is an answer to the last one.
            message = self.socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => ControlFlow::Break(None),
                Some(Ok(_)) => {
                    self.answered = true;
                    ControlFlow::Continue(())
                }
            },
            _ = self.pings.tick() => {
                if !std::mem::take(&mut self.answered) {
                    debug!("the viewer does not answer pings");
                    return ControlFlow::Break(None);
                }
                self.send(Message::Ping(Bytes::new())).await
            }
            batch = self.viewer.next() => match batch {
                Some(batch) => self.send(Message::Binary(browser::frame(&batch))).await,
                None => match self.viewer.end() {
                    End::Completed => close(close_code::NORMAL, "completed"),
                    End::Stopped(reason) => close(close_code::AWAY, &reason),
                    End::Failed(reason) => close(close_code::ERROR, &reason),
                },
            },
        }
    }

    /// Goes on also when the end comes first: the next step tells it.
    async fn send(&mut self, message: Message) -> ControlFlow<Option<CloseFrame>> {
        tokio::select! {
            biased;
            sent = timeout(SEND_DEADLINE, self.socket.send(message)) => match sent {
                Ok(Ok(())) => ControlFlow::Continue(()),
                Ok(Err(_)) => ControlFlow::Break(None),
                Err(_) => {
                    debug!("the viewer does not read");
                    ControlFlow::Break(None)
                }
            },
            () = self.closing.cancelled() => ControlFlow::Continue(()),
            () = over(&self.job) => ControlFlow::Continue(()),
        }
    }
}

fn close(code: CloseCode, reason: &str) -> ControlFlow<Option<CloseFrame>> {
    ControlFlow::Break(Some(CloseFrame { code, reason: shortened(reason).into() }))
}

async fn good_bye(mut socket: WebSocket, close: CloseFrame) {
    let both = async {
        if socket.send(Message::Close(Some(close))).await.is_ok() {
            // The client says good-bye too; a connection cut before that could lose ours.
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    if timeout(GOODBYE_DEADLINE, both).await.is_err() {
        debug!("the viewer did not say good-bye");
    }
}

/// Until the job is stopped or has failed. One that has completed waits for its viewers.
async fn over(job: &Job) {
    if job.ended().await == JobState::Completed {
        std::future::pending::<()>().await;
    }
}

fn shortened(reason: &str) -> &str {
    let fits =
        reason.char_indices().map(|(start, c)| start + c.len_utf8()).take_while(|&end| end <= LONGEST_REASON);
    &reason[..fits.last().unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(shortened("stopped"), "stopped");
        assert_eq!(shortened(""), "");
        assert_eq!(shortened(&"é".repeat(100)), "é".repeat(61));
    }
}

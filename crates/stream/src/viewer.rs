use std::sync::Arc;

use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::remote::Remote;
use crate::status::{End, Status, StreamPlace};
use crate::{Batch, Metrics, StreamRow};

/// One reader of one stream of a job. Dropping it leaves the audience.
#[derive(Debug)]
pub struct Viewer {
    source: Source,
    ended: Option<End>,
}

#[derive(Debug)]
enum Source {
    /// A feed in this process.
    Here(Seat),
    /// The gRPC service of another process.
    Elsewhere(Remote),
}

/// A place in the audience of a feed.
#[derive(Debug)]
struct Seat {
    rows: Rows,
    place: StreamPlace,
    status: Arc<Status>,
    end: watch::Receiver<Option<End>>,
}

/// Where a viewer's rows come from.
#[derive(Debug)]
pub(crate) enum Rows {
    /// Shared with all viewers of the stream.
    Live(LiveRows),
    /// Made for this viewer alone, at its pace; the last message says how it ended.
    Historic(mpsc::Receiver<Result<Batch, End>>),
    /// First those that are made for this viewer alone, and when there are no more of them, the live ones.
    Joined(mpsc::Receiver<Result<Batch, End>>, oneshot::Receiver<LiveRows>),
}

/// The queue of a stream, with the same rows for all; a slow viewer loses the oldest.
#[derive(Debug)]
pub(crate) struct LiveRows {
    pub(crate) queue: broadcast::Receiver<Arc<StreamRow>>,
    /// One that was taken from it already.
    pub(crate) taken: Option<Arc<StreamRow>>,
    /// Index of the last row that this viewer has from elsewhere.
    pub(crate) given: Option<u32>,
    /// Rows lost that no batch has told of yet.
    pub(crate) lost: u64,
}

impl Viewer {
    /// Of somebody who has [entered](Status::enter) already.
    pub(crate) fn new(rows: Rows, place: StreamPlace, status: Arc<Status>) -> Self {
        let end = status.end();
        Self { source: Source::Here(Seat { rows, place, status, end }), ended: None }
    }

    /// Of a job in another process.
    pub(crate) fn remote(remote: Remote) -> Self {
        Self { source: Source::Elsewhere(remote), ended: None }
    }

    /// The next rows, as soon as there are any; `None` when no more will come, see [`Self::end`].
    ///
    /// Cancel safe: a call that is dropped takes no rows with it.
    pub async fn next(&mut self) -> Option<Batch> {
        if self.ended.is_some() {
            return None;
        }
        let next = match &mut self.source {
            Source::Here(seat) => seat.next().await,
            Source::Elsewhere(remote) => remote.next().await,
        };
        next.map_err(|end| self.ended = Some(end)).ok()
    }

    /// Why the rows ended; [`End::Completed`] until [`Self::next`] has said that they did.
    #[must_use]
    pub fn end(&self) -> End {
        self.ended.clone().unwrap_or(End::Completed)
    }
}

impl Seat {
    async fn next(&mut self) -> Result<Batch, End> {
        let _attentive = self.status.attend();
        let end = tokio::select! {
            biased;
            end = self.end.wait_for(Option::is_some) => {
                let end = end.ok().and_then(|end| end.clone());
                end.unwrap_or_else(|| End::Failed("the job is gone".to_owned()))
            }
            rows = self.rows.next(self.place, &self.status.metrics) => match rows {
                Ok(batch) => return Ok(batch),
                Err(end) => end,
            },
        };
        if end == End::Completed {
            self.status.read_to_end(self.place.index);
        }
        Err(end)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.status.leave();
    }
}

impl Rows {
    async fn next(&mut self, place: StreamPlace, metrics: &Metrics) -> Result<Batch, End> {
        if let Self::Joined(past, live) = self {
            match past.recv().await {
                Some(batch) => return batch,
                None => *self = Self::Live(live.await.map_err(|_| source_ended())?),
            }
        }
        match self {
            Self::Live(rows) => rows.next(place, metrics).await,
            Self::Historic(batches) | Self::Joined(batches, _) => batches
                .recv()
                .await
                .unwrap_or_else(|| Err(End::Failed("the recording's reader died".to_owned()))),
        }
    }
}

fn source_ended() -> End {
    End::Failed("the live source ended".to_owned())
}

impl LiveRows {
    /// All that come through `queue` from now on.
    pub(crate) fn new(queue: broadcast::Receiver<Arc<StreamRow>>) -> Self {
        Self { queue, taken: None, given: None, lost: 0 }
    }

    async fn next(&mut self, place: StreamPlace, metrics: &Metrics) -> Result<Batch, End> {
        let first = loop {
            let row = match self.taken.take() {
                Some(row) => Ok(row),
                None => self.queue.recv().await,
            };
            match row {
                Ok(row) if self.given.is_some_and(|given| row.index <= given) => {}
                Ok(row) => break row,
                Err(RecvError::Lagged(rows)) => self.lost += rows,
                Err(RecvError::Closed) => return Err(source_ended()),
            }
        };
        metrics.rows_lost.inc_by(self.lost);
        let mut batch = Batch::new(place.channels, first, std::mem::take(&mut self.lost));
        while batch.has_room() {
            match self.queue.try_recv() {
                Ok(row) => batch.rows.push(row),
                Err(TryRecvError::Lagged(rows)) => {
                    self.lost = rows;
                    break;
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        Ok(batch)
    }
}

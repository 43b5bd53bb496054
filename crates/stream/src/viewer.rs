use std::sync::Arc;

use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc, watch};

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
    /// Shared with all viewers of the stream; a slow viewer loses the oldest.
    Live {
        /// The queue, with the same rows for all.
        queue: broadcast::Receiver<Arc<StreamRow>>,
        /// Rows lost that no batch has told of yet.
        lost: u64,
    },
    /// Made for this viewer alone, at its pace; the last message says how it ended.
    Historic(mpsc::Receiver<Result<Batch, End>>),
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
        match self {
            Self::Historic(batches) => batches
                .recv()
                .await
                .unwrap_or_else(|| Err(End::Failed("the recording's reader died".to_owned()))),
            Self::Live { queue, lost } => {
                let first = loop {
                    match queue.recv().await {
                        Ok(row) => break row,
                        Err(RecvError::Lagged(rows)) => *lost += rows,
                        Err(RecvError::Closed) => {
                            return Err(End::Failed("the live source ended".to_owned()));
                        }
                    }
                };
                metrics.rows_lost.inc_by(*lost);
                let mut batch = Batch::new(place.channels, first, std::mem::take(lost));
                while batch.has_room() {
                    match queue.try_recv() {
                        Ok(row) => batch.rows.push(row),
                        Err(TryRecvError::Lagged(rows)) => {
                            *lost = rows;
                            break;
                        }
                        Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                    }
                }
                Ok(batch)
            }
        }
    }
}

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use focus_core::ChannelRange;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::{Extremes, Metrics};

/// Why no more rows come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The last row of a historic view was given.
    Completed,
    /// The job was stopped, and why.
    Stopped(String),
    /// Something broke, and what.
    Failed(String),
}

/// Who watches a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// Viewers now, over gRPC and WebSocket, of all streams.
    pub viewers: usize,
    /// Whether there has ever been one.
    pub ever: bool,
}

/// What changes while a job runs, shared by its feed and its viewers.
#[derive(Debug)]
pub(crate) struct Status {
    audience: watch::Sender<Audience>,
    end: watch::Sender<Option<End>>,
    extremes: Mutex<Extremes>,
    /// Epoch nanoseconds; `i64::MIN` before the first row.
    last_row: AtomicI64,
    /// How many viewers wait for rows at this moment, and when one last did.
    attention: Mutex<Attention>,
    /// For each stream whether somebody has read it to its end.
    read: Mutex<Vec<bool>>,
    pub(crate) metrics: Metrics,
}

impl Status {
    pub(crate) fn new(streams: usize, metrics: Metrics) -> Self {
        Self {
            audience: watch::Sender::default(),
            end: watch::Sender::default(),
            extremes: Mutex::default(),
            last_row: AtomicI64::new(i64::MIN),
            attention: Mutex::new(Attention { waiting: 0, last: Instant::now() }),
            read: Mutex::new(vec![false; streams]),
            metrics,
        }
    }

    pub(crate) fn audience(&self) -> watch::Receiver<Audience> {
        self.audience.subscribe()
    }

    /// Takes one of `places`; `false` when all are taken.
    pub(crate) fn enter(&self, places: usize) -> bool {
        let entered = self.audience.send_if_modified(|audience| {
            let free = audience.viewers < places;
            if free {
                *audience = Audience { viewers: audience.viewers + 1, ever: true };
            }
            free
        });
        if entered {
            self.metrics.viewers.inc();
        }
        entered
    }

    pub(crate) fn leave(&self) {
        self.metrics.viewers.dec();
        self.audience.send_modify(|audience| audience.viewers -= 1);
    }

    pub(crate) fn attend(&self) -> Attentive<'_> {
        self.attention().waiting += 1;
        Attentive(self)
    }

    /// How long nobody has asked for rows.
    pub(crate) fn unattended_for(&self) -> Duration {
        let attention = self.attention();
        if attention.waiting > 0 { Duration::ZERO } else { attention.last.elapsed() }
    }

    fn attention(&self) -> MutexGuard<'_, Attention> {
        self.attention.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the job's rows; only the first reason counts.
    pub(crate) fn finish(&self, end: End) {
        self.end.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(end);
            first
        });
    }

    pub(crate) fn end(&self) -> watch::Receiver<Option<End>> {
        self.end.subscribe()
    }

    /// Notes a finished row of these values (all channels stream by stream, or those of one stream).
    pub(crate) fn row_made<'a>(
        &self,
        time: Timestamp,
        streams: impl IntoIterator<Item = &'a [f32]>,
    ) -> Extremes {
        self.metrics.rows.inc();
        self.last_row.fetch_max(time.as_nanosecond() as i64, Ordering::Relaxed);
        let mut extremes = self.extremes.lock().unwrap_or_else(PoisonError::into_inner);
        streams.into_iter().for_each(|values| extremes.include(values));
        *extremes
    }

    pub(crate) fn last_row(&self) -> Option<Timestamp> {
        let nanos = self.last_row.load(Ordering::Relaxed);
        (nanos > i64::MIN).then(|| Timestamp::from_nanosecond(i128::from(nanos)).ok()).flatten()
    }

    /// Notes that a viewer has seen the last row of `stream`.
    pub(crate) fn read_to_end(&self, stream: usize) {
        if let Some(read) = self.read.lock().unwrap_or_else(PoisonError::into_inner).get_mut(stream) {
            *read = true;
        }
    }

    /// Whether every stream has been read to its end.
    pub(crate) fn all_read(&self) -> bool {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).iter().all(|&read| read)
    }
}

/// Whether anybody takes rows: a viewer that is connected but does not read asks for none.
#[derive(Debug)]
struct Attention {
    waiting: usize,
    last: Instant,
}

/// As long as this lives somebody waits for rows.
pub(crate) struct Attentive<'a>(&'a Status);

impl Drop for Attentive<'_> {
    fn drop(&mut self) {
        let mut attention = self.0.attention();
        attention.waiting -= 1;
        attention.last = Instant::now();
    }
}

/// Where a stream's rows belong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamPlace {
    pub(crate) index: usize,
    pub(crate) channels: ChannelRange,
}

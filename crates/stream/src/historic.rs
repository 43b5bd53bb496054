//! Rows of a recording, made for one viewer at the pace at which it reads them.

use std::sync::Arc;

use focus_core::{Plan, epoch_seconds, sample_offset};
use focus_recordings::{Recording, RecordingReader};
use focus_spectrum::{Row, Spectrograph, Transform};
use jiff::Timestamp;
use rayon::ThreadPool;
use tokio::sync::mpsc;

use crate::status::{Status, StreamPlace};
use crate::{Batch, End, JobSpec, StreamRow};

/// Batches that are made ahead of the viewer.
const AHEAD: usize = 2;

/// What a historic job reads, and the threads that compute it.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) recordings: Arc<[Recording]>,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) workers: Arc<ThreadPool>,
}

/// The time that the samples of `[start, end)` must cover: its first and last rows reach beyond it.
#[must_use]
pub fn reach(plan: &Plan, start: Timestamp, end: Timestamp) -> (Timestamp, Timestamp) {
    let window = f64::from(plan.nfft.unwrap_or(1));
    let margin = sample_offset(window + plan.hop() + 1.0, plan.sampling_rate);
    let (from, to) = (start.checked_sub(margin), end.checked_add(margin));
    (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX))
}

impl Past {
    /// Starts a pass over one stream's channels; it ends early when the receiver is dropped.
    pub(crate) fn read(
        &self,
        spec: &Arc<JobSpec>,
        place: StreamPlace,
        status: &Arc<Status>,
    ) -> mpsc::Receiver<Result<Batch, End>> {
        let (viewer, rows) = mpsc::channel(AHEAD);
        let pass = Pass {
            spec: Arc::clone(spec),
            place,
            status: Arc::clone(status),
            recordings: Arc::clone(&self.recordings),
            start: self.start,
            end: self.end,
            workers: Arc::clone(&self.workers),
            viewer,
        };
        tokio::task::spawn_blocking(move || pass.run());
        rows
    }
}

struct Pass {
    spec: Arc<JobSpec>,
    place: StreamPlace,
    status: Arc<Status>,
    recordings: Arc<[Recording]>,
    start: Timestamp,
    end: Timestamp,
    workers: Arc<ThreadPool>,
    viewer: mpsc::Sender<Result<Batch, End>>,
}

/// Why a pass ends before the last row.
enum Cut {
    /// The viewer has gone away.
    Gone,
    /// The recording cannot be read, and why.
    Unreadable(String),
}

impl Pass {
    fn run(self) {
        let end = match self.rows() {
            Ok(()) => End::Completed,
            Err(Cut::Gone) => return,
            Err(Cut::Unreadable(reason)) => {
                tracing::error!(job = %self.spec.id, stream = self.place.index, reason, "recording cannot be read");
                self.status.finish(End::Failed(reason.clone()));
                End::Failed(reason)
            }
        };
        // A viewer that is gone needs no end.
        drop(self.viewer.blocking_send(Err(end)));
    }

    fn rows(&self) -> Result<(), Cut> {
        let plan = &self.spec.plan;
        let (from, to) = reach(plan, self.start, self.end);
        let wanted = 0..rows_between(self.start, self.end, plan.row_interval);

        let mut spectrograph = Spectrograph::new(Transform::of(plan), plan.hop(), Some(self.start));
        spectrograph.want([(self.place.channels, plan.bins.clone())]);
        let mut first_row = None;
        for block in RecordingReader::new(self.recordings.to_vec(), from, to, self.place.channels) {
            let block = block.map_err(|error| Cut::Unreadable(error.to_string()))?;
            let rows = self.workers.install(|| spectrograph.push(&block));
            let rows = rows.iter().filter(|row| {
                wanted.contains(&row.number()) && row.covers_bins(self.place.channels, plan.bins.clone())
            });
            let mut batch: Option<Batch> = None;
            for row in rows {
                let first = *first_row.get_or_insert(row.number());
                let row = self.encode(row, first);
                match &mut batch {
                    Some(batch) if batch.has_room() => batch.rows.push(row),
                    _ => {
                        let full = batch.replace(Batch::new(self.place.channels, row, 0));
                        self.send(full)?;
                    }
                }
            }
            self.send(batch)?;
        }
        Ok(())
    }

    fn encode(&self, row: &Row, first: i64) -> Arc<StreamRow> {
        let plan = &self.spec.plan;
        let channels = self.place.channels;
        let mut values = Vec::with_capacity(channels.count() * plan.values_per_channel());
        row.copy_to(channels, plan.bins.clone(), &mut values);
        let extremes = self.status.row_made(row.time(), values.iter());
        let index = u32::try_from(row.number() - first).unwrap_or(u32::MAX);
        Arc::new(StreamRow::new(index, row.time(), values, extremes))
    }

    fn send(&self, batch: Option<Batch>) -> Result<(), Cut> {
        // Even without rows: a viewer that left must stop the reading of a long gap.
        match batch {
            Some(batch) => self.viewer.blocking_send(Ok(batch)).map_err(|_| Cut::Gone),
            None if self.viewer.is_closed() => Err(Cut::Gone),
            None => Ok(()),
        }
    }
}

/// How many row intervals begin in `[start, end)`; one that begins there only by rounding does not count.
fn rows_between(start: Timestamp, end: Timestamp, row_interval: f64) -> i64 {
    ((epoch_seconds(end) - epoch_seconds(start)) / row_interval - 1e-6).ceil() as i64
}

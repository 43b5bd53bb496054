use std::sync::Arc;

use focus_core::{Block, Plan, sample_offset};
use focus_spectrum::{Row, Spectrograph, Transform};
use jiff::Timestamp;
use rayon::ThreadPool;
use tokio::sync::mpsc;

use crate::status::{Status, StreamPlace};
use crate::{Batch, End, JobSpec, StreamRow};

/// Batches that are made ahead of the viewer.
pub(crate) const AHEAD: usize = 2;

/// The time that the samples of `[start, end)` must cover: its first and last rows reach beyond it.
#[must_use]
pub fn reach(plan: &Plan, start: Timestamp, end: Timestamp) -> (Timestamp, Timestamp) {
    let window = f64::from(plan.nfft.unwrap_or(1));
    let margin = sample_offset(window + plan.hop() + 1.0, plan.sampling_rate);
    let (from, to) = (start.checked_sub(margin), end.checked_add(margin));
    (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX))
}

/// What is the same for all passes of a job over one of its streams.
pub(crate) struct Course {
    pub(crate) spec: Arc<JobSpec>,
    pub(crate) place: StreamPlace,
    pub(crate) status: Arc<Status>,
    /// Threads that compute.
    pub(crate) workers: Arc<ThreadPool>,
}

/// Rows of one stream, made of blocks for one viewer at the pace at which it reads them.
pub(crate) struct Pass {
    course: Course,
    spectrograph: Spectrograph,
    viewer: mpsc::Sender<Result<Batch, End>>,
    /// Number of the row that is the job's row 0; `None`: the first that there is.
    first_row: Option<i64>,
    /// Number of the last row that was given.
    given: Option<i64>,
}

/// The viewer has gone away.
pub(crate) struct Gone;

impl Pass {
    /// Rows are counted from `origin`.
    pub(crate) fn new(
        course: Course,
        origin: Timestamp,
        first_row: Option<i64>,
        viewer: mpsc::Sender<Result<Batch, End>>,
    ) -> Self {
        let plan = &course.spec.plan;
        let mut spectrograph = Spectrograph::new(Transform::of(plan), plan.hop(), Some(origin));
        spectrograph.want([(course.place.channels, plan.bins.clone())]);
        Self { course, spectrograph, viewer, first_row, given: None }
    }

    pub(crate) fn course(&self) -> &Course {
        &self.course
    }

    pub(crate) fn viewer(&self) -> &mpsc::Sender<Result<Batch, End>> {
        &self.viewer
    }

    /// Index of the last row that was given.
    pub(crate) fn given(&self) -> Option<u32> {
        Some(index(self.given?, self.first_row?))
    }

    /// Gives the rows that are complete with this block, of those that are `wanted` by their numbers. Waits until the
    /// viewer takes them.
    pub(crate) fn push(&mut self, block: &Block, wanted: impl Fn(i64) -> bool) -> Result<(), Gone> {
        let rows = self.course.workers.install(|| self.spectrograph.push(block));
        let (plan, channels) = (&self.course.spec.plan, self.course.place.channels);
        let rows =
            rows.iter().filter(|row| wanted(row.number()) && row.covers_bins(channels, plan.bins.clone()));
        let mut batch: Option<Batch> = None;
        for row in rows {
            let first = *self.first_row.get_or_insert(row.number());
            self.given = Some(row.number());
            let row = encode(&self.course, row, first);
            match &mut batch {
                Some(batch) if batch.has_room() => batch.rows.push(row),
                _ => send(&self.viewer, batch.replace(Batch::new(channels, row, 0)))?,
            }
        }
        send(&self.viewer, batch)
    }
}

fn encode(course: &Course, row: &Row, first: i64) -> Arc<StreamRow> {
    let (plan, channels) = (&course.spec.plan, course.place.channels);
    let mut values = Vec::with_capacity(channels.count() * plan.values_per_channel());
    row.copy_to(channels, plan.bins.clone(), &mut values);
    let extremes = course.status.row_made(row.time(), [&values[..]]);
    Arc::new(StreamRow::new(index(row.number(), first), row.time(), values, extremes))
}

/// How rows are counted as they are sent.
pub(crate) fn index(row: i64, first: i64) -> u32 {
    u32::try_from(row - first).unwrap_or(u32::MAX)
}

fn send(viewer: &mpsc::Sender<Result<Batch, End>>, batch: Option<Batch>) -> Result<(), Gone> {
    // Even without rows: a viewer that left must stop the reading of a long gap.
    match batch {
        Some(batch) => viewer.blocking_send(Ok(batch)).map_err(|_| Gone),
        None if viewer.is_closed() => Err(Gone),
        None => Ok(()),
    }
}

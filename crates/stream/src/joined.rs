//! Rows of a live view that begins before now: first of what was recorded and of what this process remembers, made for
//! one viewer, then the live ones. All are counted as the live ones are, so that no seam can be seen.

use std::sync::Arc;

use focus_core::{Block, Plan, epoch_seconds, sample_offset};
use focus_recordings::RecordingReader;
use jiff::Timestamp;
use rayon::ThreadPool;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SetOnce, broadcast, mpsc, oneshot};

use crate::pass::{AHEAD, Course, Gone, Pass, reach};
use crate::recent::Recent;
use crate::status::{Status, StreamPlace};
use crate::viewer::{LiveRows, Rows};
use crate::{Before, HISTORIC_PLACES, JobSpec, StreamRow};

/// Recorded blocks are numbered apart from live ones, so that none seems to be the next of another kind.
const RECORDED: u64 = 1 << 63;

/// How the rows of a live job are counted: known as soon as it has had a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seam {
    /// When row 0 of its spectrograph begins.
    origin: Timestamp,
    /// Number of the row there that is the job's row 0.
    pub(crate) first_row: i64,
}

impl Seam {
    /// The job's rows begin at `since`, or at `now`, by the fibre's clock, if that is earlier.
    pub(crate) fn new(plan: &Plan, origin: Timestamp, since: Timestamp, now: Timestamp) -> Self {
        Self { origin, first_row: first_row_from(plan, origin, since.min(now)) }
    }
}

/// Number of the first row whose interval begins at `time` or later; one that begins earlier only by rounding counts.
fn first_row_from(plan: &Plan, origin: Timestamp, time: Timestamp) -> i64 {
    ((epoch_seconds(time) - epoch_seconds(origin)) / plan.row_interval - 1e-6).ceil() as i64
}

/// What a live job that begins before now has beside its live rows.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) before: Before,
    pub(crate) recent: Recent,
    pub(crate) workers: Arc<ThreadPool>,
    pub(crate) seam: Arc<SetOnce<Seam>>,
    /// For those who read the past at the same time.
    places: Arc<Semaphore>,
}

impl Join {
    pub(crate) fn new(before: Before, recent: Recent, workers: Arc<ThreadPool>) -> Self {
        let places = Arc::new(Semaphore::new(HISTORIC_PLACES));
        Self { before, recent, workers, seam: Arc::default(), places }
    }

    /// The rows of one stream, whose live ones come through `queue`. `None` when too many read the past already.
    pub(crate) fn read(
        &self,
        spec: &Arc<JobSpec>,
        place: StreamPlace,
        status: &Arc<Status>,
        queue: broadcast::WeakSender<Arc<StreamRow>>,
    ) -> Option<Rows> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let (viewer, batches) = mpsc::channel(AHEAD);
        let (handover, live) = oneshot::channel();
        let (spec, status, workers) = (Arc::clone(spec), Arc::clone(status), Arc::clone(&self.workers));
        let course = Course { spec, place, status, workers };
        let (before, recent, seam) = (self.before.clone(), self.recent.clone(), Arc::clone(&self.seam));
        tokio::spawn(async move {
            let seam = tokio::select! {
                seam = seam.wait() => *seam,
                () = viewer.closed() => return,
            };
            let pass = Pass::new(course, seam.origin, Some(seam.first_row), viewer);
            let reading = Reading { pass, seam, recent, until: Timestamp::MIN, wanted: 0, _permit: permit };
            // The live rows are dropped when it fails: then the viewer is gone, or the job has ended.
            if let Some(rows) = reading.run(before, queue).await {
                drop(handover.send(rows));
            }
        });
        Some(Rows::Joined(batches, live))
    }
}

/// One viewer's way from the past to the present.
struct Reading {
    pass: Pass,
    seam: Seam,
    recent: Recent,
    /// When the last block ended that the pass has had.
    until: Timestamp,
    /// Number of the first row that is given.
    wanted: i64,
    _permit: OwnedSemaphorePermit,
}

impl Reading {
    async fn run(mut self, before: Before, queue: broadcast::WeakSender<Arc<StreamRow>>) -> Option<LiveRows> {
        self = off_the_runtime(move || self.recorded(&before)).await?;
        let (mut blocks, mut queue) = (self.recent.changes(), queue.upgrade()?.subscribe());
        let first = loop {
            // The rows of this block may be waiting in the queue too, but none of an earlier one.
            blocks.mark_unchanged();
            self = off_the_runtime(move || self.remembered(i64::MAX)).await?;
            tokio::select! {
                biased;
                row = queue.recv() => match row {
                    Ok(row) => break row,
                    // They are made here.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
                _ = blocks.changed() => {}
                () = self.pass.viewer().closed() => return None,
            }
        };
        let end = self.seam.first_row + i64::from(first.index);
        self = off_the_runtime(move || self.remembered(end)).await?;
        Some(LiveRows { queue, taken: Some(first), given: self.pass.given(), lost: 0 })
    }

    /// From when on this viewer gets rows. Who comes later than one display after the job gets one display as well.
    fn since(&self, before: &Before) -> Timestamp {
        let Course { spec, .. } = self.pass.course();
        let display = sample_offset(spec.view.duration() * spec.plan.sampling_rate, spec.plan.sampling_rate);
        let earlier = |time: Timestamp| time.saturating_sub(display).unwrap_or(Timestamp::MIN);
        // By the fibre's clock.
        let now = self.recent.end().unwrap_or(before.until);
        let latest = earlier(now);
        let comes_at_once = (earlier(latest)..now).contains(&before.since);
        if comes_at_once { before.since } else { latest }
    }

    /// The rows of what was recorded.
    fn recorded(mut self, before: &Before) -> Result<Self, Gone> {
        let Course { spec, place, .. } = self.pass.course();
        let (id, plan, channels) = (spec.id, &spec.plan, place.channels);
        let since = self.since(before);
        self.wanted = self.seam.first_row.max(first_row_from(plan, self.seam.origin, since));
        let (from, to) = reach(plan, since, before.until);
        self.until = from;
        let recordings: Vec<_> =
            before.recordings.iter().filter(|recording| recording.end > from).cloned().collect();
        for block in RecordingReader::new(recordings, from, to, channels) {
            match block {
                Ok(block) => {
                    let sequence = block.sequence | RECORDED;
                    self.push(&Block { sequence, ..block }, i64::MAX)?;
                }
                Err(error) => {
                    tracing::warn!(job = %id, stream = place_of(&self.pass), %error, "the past is not shown: it cannot be read");
                    break;
                }
            }
        }
        Ok(self)
    }

    /// The rows of what is remembered, of those before `end`.
    fn remembered(mut self, end: i64) -> Result<Self, Gone> {
        for block in self.recent.after(self.until) {
            self.push(&block, end)?;
        }
        Ok(self)
    }

    fn push(&mut self, block: &Block, end: i64) -> Result<(), Gone> {
        let wanted = self.wanted..end;
        self.until = self.until.max(block.end());
        self.pass.push(block, |row| wanted.contains(&row))
    }
}

fn place_of(pass: &Pass) -> usize {
    pass.course().place.index
}

/// Reading, computing and waiting for the viewer block.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Gone> + Send + 'static,
) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()?.ok()
}

//! Rows of a recording, made for one viewer at the pace at which it reads them.

use std::sync::Arc;

use focus_core::epoch_seconds;
use focus_recordings::{Recording, RecordingReader};
use jiff::Timestamp;
use rayon::ThreadPool;
use tokio::sync::mpsc;

use crate::pass::{AHEAD, Course, Gone, Pass, reach};
use crate::status::{Status, StreamPlace};
use crate::{Batch, End, JobSpec};

/// What a historic job reads, and the threads that compute it.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) recordings: Arc<[Recording]>,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) workers: Arc<ThreadPool>,
}

/// Why the rows end before the last one.
enum Cut {
    /// The viewer has gone away.
    Gone,
    /// The recording cannot be read, and why.
    Unreadable(String),
}

impl From<Gone> for Cut {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
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
        let (spec, status, workers) = (Arc::clone(spec), Arc::clone(status), Arc::clone(&self.workers));
        let pass = Pass::new(Course { spec, place, status, workers }, self.start, None, viewer);
        let (recordings, start, end) = (Arc::clone(&self.recordings), self.start, self.end);
        tokio::task::spawn_blocking(move || run(pass, &recordings, start, end));
        rows
    }
}

fn run(mut pass: Pass, recordings: &[Recording], start: Timestamp, end: Timestamp) {
    let end = match rows(&mut pass, recordings, start, end) {
        Ok(()) => End::Completed,
        Err(Cut::Gone) => return,
        Err(Cut::Unreadable(reason)) => {
            let Course { spec, place, status, .. } = pass.course();
            tracing::error!(job = %spec.id, stream = place.index, reason, "recording cannot be read");
            status.finish(End::Failed(reason.clone()));
            End::Failed(reason)
        }
    };
    // A viewer that is gone needs no end.
    drop(pass.viewer().blocking_send(Err(end)));
}

fn rows(pass: &mut Pass, recordings: &[Recording], start: Timestamp, end: Timestamp) -> Result<(), Cut> {
    let (plan, channels) = (&pass.course().spec.plan, pass.course().place.channels);
    let (from, to) = reach(plan, start, end);
    let wanted = 0..rows_between(start, end, plan.row_interval);
    for block in RecordingReader::new(recordings.to_vec(), from, to, channels) {
        let block = block.map_err(|error| Cut::Unreadable(error.to_string()))?;
        pass.push(&block, |row| wanted.contains(&row))?;
    }
    Ok(())
}

/// How many row intervals begin in `[start, end)`; one that begins there only by rounding does not count.
fn rows_between(start: Timestamp, end: Timestamp, row_interval: f64) -> i64 {
    ((epoch_seconds(end) - epoch_seconds(start)) / row_interval - 1e-6).ceil() as i64
}

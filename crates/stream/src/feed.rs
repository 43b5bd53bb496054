use std::sync::Arc;
use std::time::Duration;

use focus_core::{Fibre, Period, View};
use jiff::Timestamp;
use rayon::ThreadPool;
use tokio::sync::watch;

use crate::historic::Past;
use crate::live::Membership;
use crate::status::{Audience, End, Status, StreamPlace};
use crate::viewer::Rows;
use crate::{JobSpec, LiveSpectra, Metrics, Show, Viewer};

/// The rows of one job, for whoever watches it. Dropping it frees all that makes them.
#[derive(Debug)]
pub struct Feed {
    spec: Arc<JobSpec>,
    status: Arc<Status>,
    source: Source,
}

/// Why somebody cannot watch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchError {
    /// The job has fewer streams.
    #[error("there is no such stream: this job has streams 0 to {last}")]
    NoSuchStream {
        /// The highest that there is.
        last: usize,
    },
    /// As many as allowed read this job already, over all its streams.
    #[error("this job has {places} readers already, and may have no more")]
    TooManyViewers {
        /// How many that is.
        places: usize,
    },
    /// The process that the job runs in cannot be read.
    #[error("the job's rows cannot be reached: {0}")]
    Unreachable(String),
}

/// Readers of a live job share its rows, so that one more costs little.
const LIVE_PLACES: usize = 300;
/// Most readers of a historic job, over all its streams: each has a blocking thread that reads for it.
pub const HISTORIC_PLACES: usize = 15;

/// Most readers of a job that shows `view`.
pub(crate) fn places(view: &View) -> usize {
    if view.period().is_live() { LIVE_PLACES } else { HISTORIC_PLACES }
}

#[derive(Debug)]
enum Source {
    Live(Membership),
    Historic(Past),
}

impl Feed {
    /// The rows that `spec` shows: those of the live fibre are taken from `spectra`, those of the past computed on
    /// `past`. `None` when the live fibre's source has ended.
    #[must_use]
    pub fn new(
        spec: Arc<JobSpec>,
        spectra: &LiveSpectra,
        past: Arc<ThreadPool>,
        metrics: Metrics,
    ) -> Option<Self> {
        let status = Arc::new(Status::new(spec.plan.streams.len(), metrics));
        let source = match &spec.show {
            Show::Live(_) => Source::Live(spectra.join(&spec, &status, &past)?),
            Show::Historic(recordings) => {
                let (start, end) = match spec.view.period() {
                    Period::Historic { start, end } => (start, end),
                    Period::Live => (Timestamp::MIN, Timestamp::MIN),
                };
                Source::Historic(Past { recordings: Arc::clone(recordings), start, end, workers: past })
            }
        };
        Some(Self { spec, status, source })
    }

    /// What is shown.
    #[must_use]
    pub fn spec(&self) -> &Arc<JobSpec> {
        &self.spec
    }

    /// A new viewer of one stream.
    ///
    /// # Errors
    /// When there is no such stream, or no place for one more reader.
    ///
    /// # Panics
    /// When called outside a tokio runtime.
    pub fn watch(&self, stream: usize) -> Result<Viewer, WatchError> {
        let streams = &self.spec.plan.streams;
        let channels =
            streams.get(stream).ok_or(WatchError::NoSuchStream { last: streams.len() - 1 })?.channels;
        let places = places(&self.spec.view);
        if !self.status.enter(places) {
            return Err(WatchError::TooManyViewers { places });
        }
        let place = StreamPlace { index: stream, channels };
        let rows = match &self.source {
            Source::Live(membership) => membership.read(place),
            Source::Historic(past) => Rows::Historic(past.read(&self.spec, place, &self.status)),
        };
        Ok(Viewer::new(rows, place, Arc::clone(&self.status)))
    }

    /// Who watches, and its changes.
    #[must_use]
    pub fn audience(&self) -> watch::Receiver<Audience> {
        self.status.audience()
    }

    /// How long nobody has asked for rows, because there is nobody or because nobody reads.
    #[must_use]
    pub fn unattended_for(&self) -> Duration {
        self.status.unattended_for()
    }

    /// Time of the newest row.
    #[must_use]
    pub fn last_row(&self) -> Option<Timestamp> {
        self.status.last_row()
    }

    /// Whether every stream was read to its last row; never for a live job.
    #[must_use]
    pub fn is_read(&self) -> bool {
        matches!(self.source, Source::Historic(_)) && self.status.all_read()
    }

    /// Ends the rows of every viewer, now and later. Only the first reason counts.
    pub fn finish(&self, end: End) {
        self.status.finish(end);
        if let Source::Live(membership) = &self.source {
            membership.leave();
        }
    }

    /// Why the rows have ended for the whole job; `None` while they go on.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.status.end().borrow().clone()
    }

    /// Waits until the rows have ended for the whole job, and tells why. Another live fibre than the one that
    /// the job shows is an end, too.
    pub async fn ended(&self) -> End {
        let mut end = self.status.end();
        tokio::select! {
            ended = end.wait_for(Option::is_some) => {
                let ended = ended.ok().and_then(|end| end.clone());
                ended.unwrap_or_else(|| End::Failed("the job is gone".to_owned()))
            }
            change = self.fibre_exchanged() => End::Failed(change),
        }
    }

    async fn fibre_exchanged(&self) -> String {
        if let Source::Live(membership) = &self.source {
            let mut fibre = membership.fibre();
            let other = |now: &Option<Arc<Fibre>>| self.spec.fibre.difference(now.as_ref()?);
            // A source that has ended ends the rows; that is told elsewhere.
            if let Ok(now) = fibre.wait_for(|now| other(now).is_some()).await
                && let Some((what, before, after)) = other(&now)
            {
                return format!("another fibre is connected: {what} changed from {before} to {after}");
            }
        }
        std::future::pending().await
    }
}

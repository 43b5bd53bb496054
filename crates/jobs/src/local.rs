//! Jobs that live with this process: all that is known of them is in its memory, and they end with it.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use focus_core::{JobId, Outage};
use focus_stream::JobSpec;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::launcher::gone;
use crate::slots::{Slot, Slots, first_sequence};
use crate::{ConfigureError, Configured, Home, Job, Key, Launcher, Metrics, Settings, Wanted, Worker};

/// What was created and nobody wants is undone in twice this time.
const UNDO_DEADLINE: Duration = Duration::from_millis(250);

/// Jobs that live with this process, wherever its launcher runs them.
pub struct Local {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").field("running", &self.all()).finish_non_exhaustive()
    }
}

struct Shared {
    /// Of the addresses that clients are given.
    scheme: &'static str,
    launcher: Arc<dyn Launcher>,
    slots: Slots,
    metrics: Metrics,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    jobs: BTreeMap<JobId, Entry>,
    draining: bool,
}

struct Entry {
    job: Arc<Job>,
    worker: Arc<dyn Worker>,
    /// Says that all it owned is freed.
    gone: CancellationToken,
}

/// What an attempt has created and nobody knows of yet.
#[derive(Default)]
struct Attempt {
    slot: Option<Slot>,
    worker: Option<Arc<dyn Worker>>,
}

impl Local {
    /// No jobs yet; `launcher` decides where they will run.
    #[must_use]
    pub fn new(settings: &Settings, launcher: Arc<dyn Launcher>, metrics: Metrics) -> Self {
        let slots = Slots::new(settings.max_jobs, first_sequence(Timestamp::now()));
        metrics.set_limit(settings.max_jobs);
        let scheme = settings.serving.scheme();
        let shared = Shared { scheme, launcher, slots, metrics, running: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    async fn start_or_undo(&self, wanted: Wanted, by: Instant) -> Result<Configured, ConfigureError> {
        let mut attempt = Attempt::default();
        let started = AssertUnwindSafe(self.try_start(wanted, by, &mut attempt)).catch_unwind().await;
        if !matches!(started, Ok(Ok(_))) {
            attempt.undo().await;
        }
        let job = started.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(Configured { job, repeated: false })
    }

    async fn try_start(
        &self,
        wanted: Wanted,
        by: Instant,
        attempt: &mut Attempt,
    ) -> Result<Arc<Job>, ConfigureError> {
        let slots = &self.shared.slots;
        let slot = slots.take().ok_or(ConfigureError::TooManyJobs { max: slots.max() })?;
        let id = attempt.slot.insert(slot).id();
        let Wanted { view, plan, fibre, show, key, host } = wanted;
        let spec = Arc::new(JobSpec { id, view, plan, fibre, show });
        let worker = self.shared.launcher.launch(Arc::clone(&spec), by).await?;
        let worker = Arc::clone(attempt.worker.insert(worker));
        let job = Arc::new(Job {
            stream_url: format!("{}://{host}", self.shared.scheme),
            stream_port: worker.port(),
            started: Timestamp::now(),
            report: worker.report(),
            spec,
            rows: Arc::clone(&worker) as _,
            key,
        });
        self.commit(&job, worker, &mut attempt.slot)?;
        Ok(job)
    }

    /// Makes a launched job known, and frees its slot and its key when it is gone.
    fn commit(
        &self,
        job: &Arc<Job>,
        worker: Arc<dyn Worker>,
        slot: &mut Option<Slot>,
    ) -> Result<(), ConfigureError> {
        let gone = CancellationToken::new();
        {
            let mut running = self.shared.running();
            if running.draining {
                return Err(ConfigureError::Draining);
            }
            running.jobs.insert(job.spec.id, Entry { job: Arc::clone(job), worker, gone: gone.clone() });
        }
        self.shared.metrics.started();
        let end = Ended { shared: Arc::clone(&self.shared), job: Arc::clone(job), slot: slot.take(), gone };
        tokio::spawn(async move {
            self::gone(end.job.report.clone()).await;
            drop(end);
        });
        Ok(())
    }

    fn all(&self) -> Vec<Arc<Job>> {
        let mut jobs: Vec<_> =
            self.shared.running().jobs.values().map(|entry| Arc::clone(&entry.job)).collect();
        jobs.sort_by_key(|job| job.spec().id.sequence);
        jobs
    }

    async fn end(&self, id: JobId, reason: &str) -> bool {
        let ending = self.shared.running().jobs.get(&id).map(|entry| {
            entry.worker.stop(reason);
            entry.gone.clone()
        });
        let Some(gone) = ending else { return false };
        gone.cancelled().await;
        true
    }
}

impl Home for Local {
    fn find<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Arc<Job>>, ConfigureError>> {
        Box::pin(async {
            let is_used = |used: &Key| used.name() == key.name();
            match self.all().into_iter().find(|job| job.key.as_ref().is_some_and(is_used)) {
                Some(job) if job.key.as_ref() != Some(key) => Err(ConfigureError::KeyReused),
                found => Ok(found),
            }
        })
    }

    fn admit(&self) -> BoxFuture<'_, Result<(), ConfigureError>> {
        Box::pin(async {
            let slots = &self.shared.slots;
            if slots.is_full() { Err(ConfigureError::TooManyJobs { max: slots.max() }) } else { Ok(()) }
        })
    }

    fn start(&self, wanted: Wanted, by: Instant) -> BoxFuture<'_, Result<Configured, ConfigureError>> {
        Box::pin(self.start_or_undo(wanted, by))
    }

    fn get(&self, id: JobId) -> BoxFuture<'_, Result<Option<Arc<Job>>, Outage>> {
        Box::pin(async move { Ok(self.shared.running().jobs.get(&id).map(|entry| Arc::clone(&entry.job))) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Arc<Job>>, Outage>> {
        Box::pin(async { Ok(self.all()) })
    }

    fn stop(&self, id: JobId) -> BoxFuture<'_, Result<bool, Outage>> {
        Box::pin(async move { Ok(self.end(id, "the job was stopped").await) })
    }

    fn drain(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.shared.running().draining = true;
            let ends =
                self.all().into_iter().map(|job| self.end(job.spec().id, "the server is shutting down"));
            futures::future::join_all(ends.collect::<Vec<_>>()).await;
        })
    }

    fn is_draining(&self) -> bool {
        self.shared.running().draining
    }
}

impl Shared {
    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// Frees everything, what was created last first.
    async fn undo(mut self) {
        if let Some(worker) = self.worker.take() {
            let gone = gone(worker.report());
            worker.stop("it could not be started");
            let mut gone = pin!(gone);
            if tokio::time::timeout(UNDO_DEADLINE, &mut gone).await.is_err() {
                // Without a farewell, then.
                drop(worker);
                if tokio::time::timeout(UNDO_DEADLINE, gone).await.is_err() {
                    tracing::error!(job = ?self.slot, "a job that could not be started does not end");
                }
            }
        }
        drop(self.slot.take());
    }
}

/// Strikes a job off when it is gone: who waits for its end must not wait for ever.
struct Ended {
    shared: Arc<Shared>,
    job: Arc<Job>,
    slot: Option<Slot>,
    gone: CancellationToken,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.shared.metrics.ended(self.job.state());
        self.shared.running().jobs.remove(&self.job.spec().id);
        // The slot is free before anybody hears that the job is gone.
        drop(self.slot.take());
        self.gone.cancel();
    }
}

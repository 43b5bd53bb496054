use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use focus_core::JobId;
use focus_live::LiveFibre;
use focus_recordings::Catalogue;
use focus_stream::JobSpec;
use focus_upstream::Gate;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::idempotency::Keys;
use crate::launcher::gone;
use crate::slots::{Slot, Slots, first_sequence};
use crate::{ConfigureError, Job, Launcher, Metrics, Settings, Worker};

/// The jobs of this server. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    pub(crate) shared: Arc<Shared>,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").field("running", &self.shared.running).finish_non_exhaustive()
    }
}

/// What views need to be there.
#[derive(Clone)]
pub struct Upstreams {
    /// The fibre now.
    pub fibre: LiveFibre,
    /// The index of what was recorded ..
    pub catalogue: Arc<dyn Catalogue>,
    /// .. and whether it serves.
    pub catalogue_gate: Gate,
    /// Whether the broker serves, where there is one: jobs are run through it, whatever they show.
    pub broker: Option<Gate>,
}

impl std::fmt::Debug for Upstreams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstreams").finish_non_exhaustive()
    }
}

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) upstreams: Upstreams,
    pub(crate) launcher: Arc<dyn Launcher>,
    pub(crate) slots: Slots,
    pub(crate) keys: Keys,
    metrics: Metrics,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    jobs: BTreeMap<JobId, Arc<Job>>,
    draining: bool,
}

impl Jobs {
    /// No jobs yet; `launcher` decides where they will run.
    #[must_use]
    pub fn new(
        settings: Settings,
        upstreams: Upstreams,
        launcher: Arc<dyn Launcher>,
        metrics: Metrics,
    ) -> Self {
        let slots = Slots::new(settings.max_jobs, first_sequence(Timestamp::now()));
        metrics.set_limit(settings.max_jobs);
        let shared = Shared {
            settings,
            upstreams,
            launcher,
            slots,
            keys: Keys::default(),
            metrics,
            running: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// The running job of this name.
    #[must_use]
    pub fn get(&self, id: JobId) -> Option<Arc<Job>> {
        self.shared.running().jobs.get(&id).cloned()
    }

    /// All running jobs, the longest-running first.
    #[must_use]
    pub fn list(&self) -> Vec<Arc<Job>> {
        let mut jobs: Vec<_> = self.shared.running().jobs.values().cloned().collect();
        jobs.sort_by_key(|job| job.spec().id.sequence);
        jobs
    }

    /// Stops a job and waits until everything it owned is gone. `false`: there is no such job.
    pub async fn stop(&self, id: JobId) -> bool {
        let Some(job) = self.get(id) else { return false };
        job.worker.stop("the job was stopped");
        job.gone.cancelled().await;
        true
    }

    /// Takes no new jobs from now on, stops all and waits until they are gone.
    pub async fn drain(&self) {
        self.shared.running().draining = true;
        for job in self.list() {
            job.worker.stop("the server is shutting down");
        }
        for job in self.list() {
            job.gone.cancelled().await;
        }
    }

    /// Whether the server is shutting down.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.shared.running().draining
    }

    /// Makes a launched job known, and frees its slot and its key when it is gone.
    pub(crate) fn commit(
        &self,
        spec: Arc<JobSpec>,
        slot: &mut Option<Slot>,
        worker: &Arc<dyn Worker>,
        host: &str,
    ) -> Result<Arc<Job>, ConfigureError> {
        let scheme = if self.shared.settings.serving.tls.is_some() { "https" } else { "http" };
        let id = spec.id;
        let job = Arc::new(Job {
            spec,
            worker: Arc::clone(worker),
            stream_url: format!("{scheme}://{host}"),
            stream_port: worker.port(),
            started: Timestamp::now(),
            report: worker.report(),
            gone: CancellationToken::new(),
        });
        {
            let mut running = self.shared.running();
            if running.draining {
                return Err(ConfigureError::Draining);
            }
            running.jobs.insert(id, Arc::clone(&job));
        }
        self.shared.metrics.started();
        let (shared, kept, slot) = (Arc::clone(&self.shared), Arc::clone(&job), slot.take());
        tokio::spawn(async move {
            let end = Ended { shared: &shared, job: &kept, slot };
            gone(kept.report.clone()).await;
            drop(end);
        });
        Ok(job)
    }
}

impl Shared {
    fn running(&self) -> std::sync::MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Strikes a job off when it is gone: who waits for its end must not wait for ever.
struct Ended<'a> {
    shared: &'a Shared,
    job: &'a Job,
    slot: Option<Slot>,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let id = self.job.spec().id;
        self.shared.metrics.ended(self.job.state());
        self.shared.running().jobs.remove(&id);
        self.shared.keys.forget(id);
        // The slot is free before anybody hears that the job is gone.
        drop(self.slot.take());
        self.job.gone.cancel();
    }
}

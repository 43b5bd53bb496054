use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use focus_core::JobId;
use focus_live::LiveFibre;
use focus_recordings::Catalogue;
use focus_stream::Feed;
use tokio::sync::{Semaphore, SetOnce};
use tokio_util::sync::CancellationToken;

use crate::idempotency::Keys;
use crate::launcher::Launched;
use crate::slots::{Slot, Slots};
use crate::{ConfigureError, Job, JobState, Launcher, Metrics, Settings, keeper};

/// Most gRPC connections at the same time, over all jobs: half of what a process usually may open.
const MAX_CONNECTIONS: usize = 512;

/// The jobs of this server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Jobs {
    pub(crate) shared: Arc<Shared>,
}

/// What views need to be there.
#[derive(Clone)]
pub struct Upstreams {
    /// The fibre now.
    pub fibre: LiveFibre,
    /// The index of what was recorded.
    pub catalogue: Arc<dyn Catalogue>,
}

impl std::fmt::Debug for Upstreams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstreams").finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) upstreams: Upstreams,
    pub(crate) launcher: Launcher,
    pub(crate) slots: Slots,
    pub(crate) keys: Keys,
    /// Places for the connections to all jobs together, so that idle ones cannot use up the process's files.
    connections: Arc<Semaphore>,
    metrics: Metrics,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    jobs: BTreeMap<JobId, Arc<Job>>,
    draining: bool,
}

impl Jobs {
    /// No jobs yet.
    #[must_use]
    pub fn new(settings: Settings, upstreams: Upstreams, launcher: Launcher, metrics: Metrics) -> Self {
        let slots = Slots::new(settings.max_jobs);
        let shared = Shared {
            settings,
            upstreams,
            launcher,
            slots,
            keys: Keys::default(),
            connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
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
        job.stop("the job was stopped");
        job.gone.cancelled().await;
        true
    }

    /// Takes no new jobs from now on, stops all and waits until they are gone.
    pub async fn drain(&self) {
        self.shared.running().draining = true;
        for job in self.list() {
            job.stop("the server is shutting down");
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

    /// Puts a launched job under the care of its keeper and makes it known.
    pub(crate) fn commit(
        &self,
        launched: Launched,
        slot: Slot,
        host: &str,
    ) -> Result<Arc<Job>, ConfigureError> {
        let settings = &self.shared.settings;
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        let Launched { feed, listener, port } = launched;
        let job = Arc::new(new_job(feed, format!("{scheme}://{host}"), port));
        {
            let mut running = self.shared.running();
            if running.draining {
                return Err(ConfigureError::Draining);
            }
            running.jobs.insert(slot.id(), Arc::clone(&job));
        }
        self.shared.metrics.started();
        let (shared, kept) = (Arc::clone(&self.shared), Arc::clone(&job));
        tokio::spawn(async move {
            let end = Ended { shared: &shared, job: &kept, slot: Some(slot) };
            keeper::keep(&kept, listener, &shared.settings, Arc::clone(&shared.connections)).await;
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

/// Strikes a job off when its keeper has ended, even by a panic: who waits for its end must not wait for ever.
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

fn new_job(feed: Feed, stream_url: String, stream_port: u16) -> Job {
    Job {
        feed: Arc::new(feed),
        stream_url,
        stream_port,
        started: jiff::Timestamp::now(),
        state: Mutex::new(JobState::Pending),
        stop: SetOnce::new(),
        gone: CancellationToken::new(),
    }
}

use std::sync::Arc;

use focus_core::{JobId, Outage};
use focus_live::LiveFibre;
use focus_upstream::Gate;
use tokio_util::task::TaskTracker;

use crate::idempotency::KeyLocks;
use crate::{GatedCatalogue, Home, Job, Settings};

/// The jobs of this server. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    pub(crate) shared: Arc<Shared>,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").finish_non_exhaustive()
    }
}

/// What views need to be there.
#[derive(Clone)]
pub struct Upstreams {
    /// The fibre now.
    pub fibre: LiveFibre,
    /// The index of what was recorded.
    pub catalogue: GatedCatalogue,
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
    pub(crate) home: Arc<dyn Home>,
    pub(crate) keys: KeyLocks,
    /// Transactions outlive their requests, but not the server if it can be helped.
    pub(crate) transactions: TaskTracker,
}

impl Jobs {
    /// Jobs of these rules that live in `home`.
    #[must_use]
    pub fn new(settings: Settings, upstreams: Upstreams, home: Arc<dyn Home>) -> Self {
        let (keys, transactions) = (KeyLocks::default(), TaskTracker::new());
        Self { shared: Arc::new(Shared { settings, upstreams, home, keys, transactions }) }
    }

    /// The running job of this name.
    ///
    /// # Errors
    /// When whoever knows the jobs does not answer.
    pub async fn get(&self, id: JobId) -> Result<Option<Arc<Job>>, Outage> {
        self.shared.home.get(id).await
    }

    /// All running jobs, the longest-running first.
    ///
    /// # Errors
    /// When whoever knows the jobs does not answer.
    pub async fn list(&self) -> Result<Vec<Arc<Job>>, Outage> {
        self.shared.home.list().await
    }

    /// Stops a job and waits until everything it owned is gone. `false`: there is no such job.
    ///
    /// # Errors
    /// When whoever runs the jobs does not answer.
    pub async fn stop(&self, id: JobId) -> Result<bool, Outage> {
        self.shared.home.stop(id).await
    }

    /// Takes no new jobs from now on, and waits until no request is half done and the jobs that cannot live without
    /// this process are gone.
    pub async fn drain(&self) {
        self.shared.home.drain().await;
        self.shared.transactions.close();
        self.shared.transactions.wait().await;
    }

    /// Whether the server is shutting down.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.shared.home.is_draining()
    }
}

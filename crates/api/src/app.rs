use std::sync::Arc;
use std::time::Instant;

use focus_core::{JobId, Limits};
use focus_jobs::{GatedCatalogue, Job, Jobs};
use focus_live::LiveFibre;
use focus_upstream::Gate;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::visitors::Hosts;
use crate::{AllowedOrigins, Metrics};

/// Most WebSockets at the same time.
const MAX_VIEWERS: usize = 512;

/// What the HTTP interface speaks for.
pub struct Services {
    /// Starts, knows and stops jobs.
    pub jobs: Jobs,
    /// The fibre as it is now.
    pub fibre: LiveFibre,
    /// The fibre as it was.
    pub catalogue: GatedCatalogue,
    /// What one view may ask for, for `/info`.
    pub limits: Limits,
    /// The upstreams in use, for `/health` and `/info`.
    pub upstreams: Vec<Gate>,
    /// For `/metrics`.
    pub metrics: Metrics,
    /// Web sites that may use this server from a browser.
    pub origins: AllowedOrigins,
    /// The host name that clients are told; one that this server answers to, also on loopback.
    pub public_host: Option<String>,
    /// What is running.
    pub build: Build,
    /// Cancelled when the server is about to shut down: it still serves, and is not ready for more.
    pub leaving: CancellationToken,
}

/// Which program this is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Build {
    /// Version of the release.
    #[schema(example = "0.1.0")]
    pub version: String,
    /// Revision that it was built from; null when that is not known.
    pub commit: Option<String>,
}

/// What all requests share.
pub(crate) struct App {
    pub(crate) services: Services,
    pub(crate) started: Instant,
    /// Fires when the server shuts down.
    pub(crate) closing: CancellationToken,
    /// Every open WebSocket, so that shutting down can wait for them.
    pub(crate) sockets: TaskTracker,
    /// One permit for each WebSocket that may be open.
    pub(crate) viewers: Arc<Semaphore>,
    /// By which names this server may be asked.
    pub(crate) hosts: Hosts,
}

/// The state of all handlers.
pub(crate) type SharedApp = Arc<App>;

impl App {
    pub(crate) fn new(services: Services, hosts: Hosts, closing: CancellationToken) -> SharedApp {
        for gate in &services.upstreams {
            services.metrics.configure().expect_outages_of(gate.upstream());
        }
        Arc::new(Self {
            services,
            started: Instant::now(),
            closing,
            sockets: TaskTracker::new(),
            viewers: Arc::new(Semaphore::new(MAX_VIEWERS)),
            hosts,
        })
    }

    /// The running job of that name.
    pub(crate) async fn job(&self, id: JobId) -> Result<Arc<Job>, ApiError> {
        self.services.jobs.get(id).await?.ok_or_else(ApiError::unknown_job)
    }

    /// Whether the server shuts down, or is about to.
    pub(crate) fn is_leaving(&self) -> bool {
        self.services.leaving.is_cancelled()
            || self.closing.is_cancelled()
            || self.services.jobs.is_draining()
    }
}

//! Jobs inside this process: a feed, a port and a keeper each.

use std::sync::Arc;

use focus_stream::{Feed, JobSpec, LiveSpectra, Viewer, WatchError};
use futures::future::BoxFuture;
use rayon::ThreadPool;
use tokio::sync::{Semaphore, SetOnce, watch};
use tokio::time::Instant;

use crate::keeper::Keeper;
use crate::ports::Ports;
use crate::{LaunchError, Launcher, Report, Rows, Serving, Worker};

/// Most gRPC connections at the same time, over all jobs: half of what a process usually may open.
const MAX_CONNECTIONS: usize = 512;

/// Starts jobs inside this process.
#[derive(Debug)]
pub struct InProcess {
    serving: Arc<Serving>,
    ports: Ports,
    spectra: LiveSpectra,
    workers: Arc<ThreadPool>,
    metrics: focus_stream::Metrics,
    /// Places for the connections to all jobs together, so that idle ones cannot use up the process's files.
    connections: Arc<Semaphore>,
}

impl InProcess {
    /// Live jobs take their rows from `spectra`; those of the past are computed on `workers`.
    #[must_use]
    pub fn new(
        serving: Serving,
        spectra: LiveSpectra,
        workers: Arc<ThreadPool>,
        metrics: focus_stream::Metrics,
    ) -> Self {
        let ports = Ports::new(serving.ports.clone(), 0);
        let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        Self { serving: Arc::new(serving), ports, spectra, workers, metrics, connections }
    }

    /// Looks for free ports from this offset in their range on.
    pub(crate) fn with_port_offset(self, offset: usize) -> Self {
        Self { ports: Ports::new(self.serving.ports.clone(), offset), ..self }
    }

    async fn start(&self, spec: Arc<JobSpec>) -> Result<Arc<dyn Worker>, LaunchError> {
        let bound = self.ports.bind(self.serving.bind).await;
        let (listener, port) = bound.map_err(|error| LaunchError::NoPort(error.to_string()))?;
        let metrics = self.metrics.clone();
        let feed = Feed::new(spec, &self.spectra, Arc::clone(&self.workers), metrics);
        let feed = feed.ok_or(LaunchError::WaitingForFibre)?;
        let (feed, stop) = (Arc::new(feed), Arc::new(SetOnce::new()));
        let (report, reported) = watch::channel(Report::BEGIN);
        let keeper = Keeper {
            feed: Arc::clone(&feed),
            serving: Arc::clone(&self.serving),
            stop: Arc::clone(&stop),
            report,
        };
        tokio::spawn(keeper.keep(listener, Arc::clone(&self.connections)));
        Ok(Arc::new(Hosted { port, feed, stop, report: reported }))
    }
}

impl Launcher for InProcess {
    fn launch(
        &self,
        spec: Arc<JobSpec>,
        _by: Instant,
    ) -> BoxFuture<'_, Result<Arc<dyn Worker>, LaunchError>> {
        // Nothing in it can be silent.
        Box::pin(self.start(spec))
    }
}

/// One job inside this process.
#[derive(Debug)]
struct Hosted {
    port: u16,
    feed: Arc<Feed>,
    /// Asks the keeper to end the job, and why.
    stop: Arc<SetOnce<String>>,
    report: watch::Receiver<Report>,
}

impl Rows for Hosted {
    fn watch(&self, stream: usize) -> BoxFuture<'_, Result<Viewer, WatchError>> {
        Box::pin(async move { self.feed.watch(stream) })
    }
}

impl Worker for Hosted {
    fn port(&self) -> u16 {
        self.port
    }

    fn report(&self) -> watch::Receiver<Report> {
        self.report.clone()
    }

    fn stop(&self, reason: &str) {
        // An error says that it was asked for before.
        drop(self.stop.set(reason.to_owned()));
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.stop("nobody wanted it any more");
    }
}

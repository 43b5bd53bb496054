use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use focus_recordings::Recording;
use focus_stream::{Feed, JobSpec, LiveSpectra};
use rayon::ThreadPool;
use tokio::net::TcpListener;

use crate::ConfigureError;

/// What a job shows, ready to be launched.
#[derive(Debug)]
pub(crate) enum Show {
    /// The fibre from now on.
    Live,
    /// These recordings.
    Historic(Arc<[Recording]>),
}

/// A launched job that nobody serves yet; dropping it undoes the launch.
#[derive(Debug)]
pub(crate) struct Launched {
    pub(crate) feed: Feed,
    pub(crate) listener: TcpListener,
    pub(crate) port: u16,
}

/// Starts jobs inside this process: a feed and a port of its own.
#[derive(Debug)]
pub struct Launcher {
    bind: IpAddr,
    ports: RangeInclusive<u16>,
    /// Where the next search begins: a port rests as long as possible, so that a client which comes back
    /// late finds nobody there rather than another job.
    next: AtomicUsize,
    spectra: LiveSpectra,
    workers: Arc<ThreadPool>,
    metrics: focus_stream::Metrics,
}

impl Launcher {
    /// Jobs listen on `bind` at one of `ports`; their spectra are computed on `workers`.
    #[must_use]
    pub fn new(
        bind: IpAddr,
        ports: RangeInclusive<u16>,
        spectra: LiveSpectra,
        workers: Arc<ThreadPool>,
        metrics: focus_stream::Metrics,
    ) -> Self {
        Self { bind, ports, next: AtomicUsize::new(0), spectra, workers, metrics }
    }

    /// Everything that the job needs, or nothing.
    ///
    /// # Errors
    /// When no port of the range is free, or the live source has ended.
    pub(crate) async fn launch(&self, spec: Arc<JobSpec>, show: Show) -> Result<Launched, ConfigureError> {
        let (listener, port) =
            self.bind().await.map_err(|error| ConfigureError::NoPort(error.to_string()))?;
        let feed = match show {
            Show::Live => Feed::live(spec, &self.spectra, self.metrics.clone())
                .ok_or(ConfigureError::WaitingForFibre)?,
            Show::Historic(recordings) => {
                Feed::historic(spec, recordings, Arc::clone(&self.workers), self.metrics.clone())
            }
        };
        Ok(Launched { feed, listener, port })
    }

    /// A free port of the range; without one the reason is that of the last port tried.
    async fn bind(&self) -> io::Result<(TcpListener, u16)> {
        let mut last = io::Error::other("the port range is empty");
        for _ in self.ports.clone() {
            let offset = self.next.fetch_add(1, Ordering::Relaxed) % self.ports.len();
            let port = self.ports.start() + offset as u16;
            match TcpListener::bind(SocketAddr::new(self.bind, port)).await {
                Ok(listener) => return Ok((listener, port)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

//! What `focus up` and `focus serve` have in common: HTTP, jobs and recordings on whatever backend they choose.

mod catalogue;
pub(crate) mod data;

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use focus_api::{AllowedOrigins, Build, Metrics, Services};
use focus_jobs::{GatedCatalogue, Home, Jobs, Launcher, Local, Serving, Upstreams};
use focus_live::LiveFibre;
use focus_stream::Tls;
use focus_upstream::Gate;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use catalogue::Opened;

use crate::settings::{CorsOrigins, Settings};
use crate::signals::until_told_to_stop;

/// A server whose port is bound.
pub(crate) struct Server {
    listener: TcpListener,
    build: Build,
    /// What it will show of itself; backends add theirs.
    pub(crate) metrics: Metrics,
}

/// Where live samples come from and jobs run.
pub(crate) struct Backend {
    /// The fibre now.
    pub(crate) fibre: LiveFibre,
    /// Where jobs live.
    pub(crate) home: Arc<dyn Home>,
    /// Whether the broker serves, where there is one.
    pub(crate) broker: Option<Gate>,
    /// Whether the cluster serves, where there is one.
    pub(crate) cluster: Option<Gate>,
}

impl Server {
    /// Takes the port, before anything else is started.
    ///
    /// # Errors
    /// When it is taken.
    pub(crate) async fn bind(settings: &Settings) -> Result<Self> {
        let listener = TcpListener::bind(settings.listen).await.with_context(|| {
            format!("cannot listen on {}; choose another address with --listen", settings.listen)
        })?;
        let build = build();
        Ok(Self { listener, metrics: Metrics::new(&build), build })
    }

    /// A home for jobs that live with this process.
    pub(crate) fn local(&self, settings: &Settings, launcher: Arc<dyn Launcher>) -> Arc<dyn Home> {
        let metrics = self.metrics.register(focus_jobs::Metrics::register);
        Arc::new(Local::new(&job_settings(settings), launcher, metrics))
    }

    /// Serves until it is told to stop.
    ///
    /// # Errors
    /// When a part cannot start, or HTTP fails.
    pub(crate) async fn run(self, settings: Settings, backend: Backend) -> Result<()> {
        let Self { listener, build, metrics } = self;
        let address = listener.local_addr()?;
        let Opened { catalogue, gate, background } = catalogue::open(&settings, &metrics).await?;
        let catalogue = GatedCatalogue::new(catalogue, gate);
        let Backend { fibre, home, broker, cluster } = backend;
        let gates: Vec<Gate> = broker.iter().chain(&cluster).chain([catalogue.gate()]).cloned().collect();
        let upstreams = Upstreams { fibre: fibre.clone(), catalogue: catalogue.clone(), broker };
        let jobs = Jobs::new(job_settings(&settings), upstreams, home);
        let leaving = CancellationToken::new();
        let services = Services {
            jobs: jobs.clone(),
            fibre,
            catalogue,
            limits: settings.limits.clone(),
            upstreams: gates.clone(),
            metrics,
            origins: origins(&settings.cors_origins)?,
            public_host: settings.public_host,
            build,
            leaving: leaving.clone(),
        };

        let shutdown = CancellationToken::new();
        let mut server = tokio::spawn(focus_api::serve(listener, services, shutdown.clone()));
        tracing::info!(url = %format!("http://{address}"), "Focus Server is up");
        let told = until_told_to_stop()?;
        unless_it_ends(&mut server, told).await?;
        tracing::info!("stopping; Ctrl-C ends at once");
        leaving.cancel();
        // Whoever balances between servers asks now and then whether this one is ready.
        tokio::time::sleep(settings.shutdown_delay.unwrap_or_default()).await;
        jobs.drain().await;
        shutdown.cancel();
        server.await.context("the HTTP server failed")?;
        for gate in &gates {
            gate.end().await;
        }
        background.end().await;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Which program this is.
pub(crate) fn build() -> Build {
    Build { version: env!("CARGO_PKG_VERSION").to_owned(), commit: None }
}

/// Threads that compute spectra.
pub(crate) fn workers(name: &'static str, settings: &Settings) -> Result<Arc<ThreadPool>> {
    let threads = ThreadPoolBuilder::new()
        .num_threads(settings.threads.get())
        .thread_name(move |number| format!("{name}-{number}"));
    Ok(Arc::new(threads.build()?))
}

/// How each job is served.
pub(crate) fn serving(settings: &Settings) -> Serving {
    let tls = settings.grpc.tls.as_ref();
    Serving {
        bind: settings.listen.ip(),
        ports: settings.jobs.ports.first()..=settings.jobs.ports.last(),
        tls: tls
            .map(|tls| Tls { certificates: tls.certificates.clone(), private_key: tls.private_key.clone() }),
        connect_within: settings.jobs.connect_within,
        unwatched_for: settings.jobs.unwatched_for,
    }
}

/// The rules that jobs live by.
pub(crate) fn job_settings(settings: &Settings) -> focus_jobs::Settings {
    focus_jobs::Settings {
        max_jobs: u32::try_from(settings.jobs.max_jobs.get()).unwrap_or(u32::MAX),
        limits: settings.limits.clone(),
        public_host: settings.public_host.clone(),
        serving: serving(settings),
    }
}

fn origins(configured: &CorsOrigins) -> Result<AllowedOrigins> {
    Ok(match configured {
        CorsOrigins::Any => AllowedOrigins::parse(["*"]),
        CorsOrigins::Only(origins) => AllowedOrigins::parse(origins),
    }?)
}

/// Waits until it is told to stop.
///
/// # Errors
/// When the HTTP server ends before: without it nothing else is of use.
async fn unless_it_ends(server: &mut JoinHandle<()>, told: impl Future<Output = ()>) -> Result<()> {
    tokio::select! {
        () = told => Ok(()),
        ended = server => {
            ended.context("the HTTP server failed")?;
            bail!("the HTTP server ended by itself")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_server_that_fails_ends_the_process() {
        let mut broken = tokio::spawn(async { panic!("a fault of the server's") });
        assert!(unless_it_ends(&mut broken, pending()).await.is_err());
        let mut ended = tokio::spawn(ready(()));
        assert!(unless_it_ends(&mut ended, pending()).await.is_err());
        let mut serving = tokio::spawn(pending());
        assert!(unless_it_ends(&mut serving, ready(())).await.is_ok());
    }
}

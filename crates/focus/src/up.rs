//! `focus up`: the whole system in one process.

mod data;
mod live;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use focus_api::{AllowedOrigins, Build, Services};
use focus_core::Upstream;
use focus_jobs::{Jobs, Launcher, Upstreams};
use focus_recordings::Catalogue as _;
use focus_stream::LiveSpectra;
use focus_upstream::{Gate, Probe};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic::transport::Identity;

use crate::settings::{CorsOrigins, Settings};

/// A catalogue that takes longer for one answer is down.
const CATALOGUE_DEADLINE: Duration = Duration::from_millis(600);
/// The exit code after a second Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Shown below `--help`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  focus up                                       a real earthquake as the live fibre, on http://127.0.0.1:5000
  focus up --listen 0.0.0.0:8080                 for other machines too
  focus up --data-dir /data/fibre                recordings of your own (PRODML 2.0 and 2.1 HDF5 files)
  focus up --live simulator --set live.simulator.channels=5000
  FOCUS_JOBS_MAX_JOBS=5 focus up                 the same settings from the environment

Ctrl-C stops it: running jobs end, their viewers are told. Another one ends it at once.";

/// Starts everything and serves until it is told to stop.
///
/// # Errors
/// When a part cannot start.
pub(crate) async fn run(settings: Settings) -> Result<()> {
    let listener = TcpListener::bind(settings.listen).await.with_context(|| {
        format!("cannot listen on {}; choose another address with --listen", settings.listen)
    })?;
    let address = listener.local_addr()?;
    // The past has threads of its own: however many read recordings, the live fibre does not wait for them.
    let (now, past) = (workers("live", &settings)?, workers("historic", &settings)?);

    let build = Build { version: env!("CARGO_PKG_VERSION").to_owned(), commit: None };
    let metrics = focus_api::Metrics::new(&build);
    let catalogue = data::open(&settings.data_dir).await?;
    let _watching = AbortOnDropHandle::new(tokio::spawn(data::watch(catalogue.clone())));
    let (fibre, _source) = live::start(&settings.live, &settings.data_dir)?;

    let stream_metrics = metrics.register(focus_stream::Metrics::register);
    let spectra = LiveSpectra::start(&fibre, now, stream_metrics.clone())?;
    let job_settings = job_settings(&settings);
    let launcher =
        Launcher::new(job_settings.bind, job_settings.ports.clone(), spectra, past, stream_metrics);
    let upstreams = Upstreams { fibre: fibre.clone(), catalogue: Arc::new(catalogue.clone()) };
    let jobs = Jobs::new(job_settings, upstreams, launcher, metrics.register(focus_jobs::Metrics::register));

    let probed = catalogue.clone();
    let probe = Probe::new(Upstream::Catalogue, CATALOGUE_DEADLINE, move || {
        let catalogue = probed.clone();
        Box::pin(async move { catalogue.probe().await })
    });
    let gate = Gate::start(probe, metrics.upstreams(), None).await;
    let services = Services {
        jobs: jobs.clone(),
        fibre,
        catalogue: Arc::new(catalogue),
        limits: settings.limits.clone(),
        upstreams: vec![gate],
        metrics,
        origins: origins(&settings.cors_origins)?,
        public_host: settings.public_host.clone(),
        build,
    };

    let shutdown = CancellationToken::new();
    let mut server = tokio::spawn(focus_api::serve(listener, services, shutdown.clone()));
    tracing::info!(url = %format!("http://{address}"), "Focus Server is up");
    let told = until_told_to_stop()?;
    unless_it_ends(&mut server, told).await?;
    tracing::info!("stopping: running jobs end; Ctrl-C ends at once");
    jobs.drain().await;
    shutdown.cancel();
    server.await.context("the HTTP server failed")?;
    tracing::info!("stopped");
    Ok(())
}

/// Threads that compute spectra.
fn workers(name: &'static str, settings: &Settings) -> Result<Arc<ThreadPool>> {
    let threads = ThreadPoolBuilder::new()
        .num_threads(settings.threads.get())
        .thread_name(move |number| format!("{name}-{number}"));
    Ok(Arc::new(threads.build()?))
}

fn job_settings(settings: &Settings) -> focus_jobs::Settings {
    focus_jobs::Settings {
        max_jobs: u32::try_from(settings.jobs.max_jobs.get()).unwrap_or(u32::MAX),
        connect_within: settings.jobs.connect_within,
        unwatched_for: settings.jobs.unwatched_for,
        limits: settings.limits.clone(),
        bind: settings.listen.ip(),
        ports: settings.jobs.ports.first()..=settings.jobs.ports.last(),
        public_host: settings.public_host.clone(),
        tls: settings.grpc.tls.as_ref().map(|tls| Identity::from_pem(&tls.certificates, &tls.private_key)),
    }
}

fn origins(configured: &CorsOrigins) -> Result<AllowedOrigins> {
    Ok(match configured {
        CorsOrigins::Any => AllowedOrigins::parse(["*"]),
        CorsOrigins::Only(origins) => AllowedOrigins::parse(origins),
    }?)
}

/// From here on the first signal to stop is told, and a Ctrl-C after it ends the process at once.
fn until_told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tokio::spawn(async move {
            interrupt.recv().await;
            tracing::warn!("ended at once, jobs and viewers cut off");
            std::process::exit(INTERRUPTED);
        });
    })
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

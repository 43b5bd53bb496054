//! `focus up`: the whole system in one process.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use focus_jobs::InProcess;
use focus_stream::LiveSpectra;

use crate::playback::playback;
use crate::server::{Backend, Server, serving, workers};
use crate::settings::{LauncherKind, Settings};

/// How much of the live fibre is remembered, once for all jobs.
const REMEMBERED: Duration = Duration::from_secs(30);

/// Shown below `--help`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  focus up                                       a real earthquake as the live fibre, on http://127.0.0.1:5000
  focus up --listen 0.0.0.0:8080                 for other machines too
  focus up --data-dir /data/fibre                recordings of your own: PRODML, OptoDAS, Febus, SEG-Y, ..
  focus up --data-dir /mnt/fibre --index-dir ~/.cache/focus      recordings that can only be read
  focus up --live simulator --set live.simulator.channels=5000
  FOCUS_JOBS_MAX_JOBS=5 focus up                 the same settings from the environment

Ctrl-C stops it: running jobs end, their viewers are told. Another one ends it at once.";

/// Starts everything and serves until it is told to stop.
///
/// # Errors
/// When a part cannot start.
pub(crate) async fn run(settings: Settings) -> Result<()> {
    let server = Server::bind(&settings).await?;
    if settings.broker.is_some() {
        tracing::warn!("rabbitmq.url is not used: focus up has everything inside; focus serve uses a broker");
    }
    if settings.jobs.launcher == LauncherKind::Kubernetes {
        tracing::warn!("jobs.launcher is not used: focus up runs jobs in its own process");
    }
    // The past has threads of its own: however many read recordings, the live fibre does not wait for them.
    let (now, past) = (workers("live", &settings)?, workers("historic", &settings)?);
    let (fibre, _source) = match playback(&settings.live, settings.own_dir())? {
        Some(playback) => {
            let (fibre, source) = playback.live()?;
            (fibre, Some(source))
        }
        None => (focus_live::waiting(), None),
    };
    let metrics = server.metrics.register(focus_stream::Metrics::register);
    let spectra = LiveSpectra::start(&fibre, now, metrics.clone(), REMEMBERED)?;
    let launcher = Arc::new(InProcess::new(serving(&settings), spectra, past, metrics));
    let home = server.local(&settings, launcher);
    server.run(settings, Backend { fibre, home, broker: None, cluster: None }).await
}

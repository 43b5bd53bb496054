//! `focus work`: one job as a process of its own, started by `focus serve`, or by a cluster for it.

use std::env;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use focus_api::Exposition;
use focus_jobs::{JobOrder, JobState, ORDER_VARIABLE, Order, Pod, Serving};
use focus_live::rabbitmq;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::logging;
use crate::server::{build, serving};
use crate::settings::{LogSettings, Settings};
use crate::signals::until_told_to_stop;

/// Where the pod of a job shows what the job counts; beside a server the server does.
const METRICS_PORT: u16 = 9464;

/// Shown below `--help`.
pub(crate) const ABOUT: &str = "\
Not for people: focus serve starts one for each job. It reads its order, one line of JSON, from standard input, tells on
standard output how the job is, and ends when standard input closes.";

/// Reads the order and logs from then on as it says.
///
/// # Errors
/// When there is no order on standard input.
pub(crate) fn receive() -> Result<Order> {
    let order =
        Order::receive().context("this is started by focus serve, with an order on standard input")?;
    logging::start(&LogSettings::of(&order.log));
    logging::log_panics();
    Ok(order)
}

/// Runs the job of the pod that this runs in to its end, or until the pod is told to stop. The exit code says whether
/// it has failed, or could not be started; the log says why.
///
/// # Errors
/// When the system lets no signal be handled.
pub(crate) async fn in_pod(settings: Settings) -> Result<ExitCode> {
    let told = until_told_to_stop()?;
    let exposition = Exposition::new(&build());
    let metrics = SocketAddr::new(settings.listen.ip(), METRICS_PORT);
    let ended = match pod(settings, &exposition) {
        Ok(pod) => {
            let _shown = AbortOnDropHandle::new(tokio::spawn(show(exposition, metrics)));
            pod.run(told).await.map_err(anyhow::Error::from)
        }
        Err(error) => Err(error),
    };
    Ok(match ended {
        Ok(JobState::Failed) => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

fn pod(settings: Settings, exposition: &Exposition) -> Result<Pod> {
    let text = env::var(ORDER_VARIABLE).ok();
    let text =
        text.with_context(|| format!("{ORDER_VARIABLE} is not set: a job's pod finds its order there"))?;
    let order = JobOrder::from_json(&text).context(ORDER_VARIABLE)?;
    let port = settings.listen.port();
    let serving = Serving { ports: port..=port, ..serving(&settings) };
    let threads = settings.threads.get();
    Ok(Pod {
        order,
        data_dir: settings.data_dir,
        broker: settings.broker,
        serving,
        threads,
        metrics: exposition.register(focus_stream::Metrics::register),
        live_metrics: exposition.register(rabbitmq::Metrics::register_counts),
    })
}

/// The job does not depend on being watched.
async fn show(exposition: Exposition, address: SocketAddr) {
    match TcpListener::bind(address).await {
        Ok(listener) => exposition.serve(listener).await,
        Err(error) => tracing::warn!(%address, %error, "metrics are not shown: their port cannot be bound"),
    }
}

//! `focus work`: one job as a process of its own, started by `focus serve`, or by a cluster for it.

use std::env;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use focus_jobs::{JobOrder, JobState, ORDER_VARIABLE, Order, Pod, Serving};

use crate::logging;
use crate::server::serving;
use crate::settings::{LogSettings, Settings};
use crate::signals::until_told_to_stop;

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
    let ended = match pod(settings) {
        Ok(pod) => pod.run(told).await.map_err(anyhow::Error::from),
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

fn pod(settings: Settings) -> Result<Pod> {
    let text = env::var(ORDER_VARIABLE).ok();
    let text =
        text.with_context(|| format!("{ORDER_VARIABLE} is not set: a job's pod finds its order there"))?;
    let order = JobOrder::from_json(&text).context(ORDER_VARIABLE)?;
    let port = settings.listen.port();
    let serving = Serving { ports: port..=port, ..serving(&settings) };
    let threads = settings.threads.get();
    Ok(Pod { order, data_dir: settings.data_dir, broker: settings.broker, serving, threads })
}

//! `focus work`: one job as a process of its own, started by `focus serve`.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use focus_jobs::Order;

use crate::logging;
use crate::settings::{LogSettings, Settings};

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

/// Runs the job of the pod that this runs in.
///
/// # Errors
/// When it cannot be started.
#[expect(clippy::unused_async, reason = "it will wait for the job")]
pub(crate) async fn in_pod(_settings: Settings) -> Result<ExitCode> {
    bail!("this build runs no jobs in pods")
}

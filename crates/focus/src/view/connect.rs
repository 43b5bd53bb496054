//! The way to a job's rows, also while the job is being started: on a cluster its port opens only when its pod runs,
//! and its image may have to be fetched first.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use tokio::time::{Instant, sleep, timeout};
use tonic::transport::{Channel, Endpoint};

/// One try.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// A job that takes longer to start than this is not waited for.
const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// Between two tries.
const TRY_AGAIN: Duration = Duration::from_millis(200);
/// Whoever has to wait longer than this is told why.
const UNTOLD: Duration = Duration::from_secs(1);

/// A connection to the job whose rows are at `endpoint`. When that takes longer than a moment, `waiting` tells so.
///
/// # Errors
/// When it cannot be made; that nobody listens there, or that there is no way, only when the job has had time to start.
pub(super) async fn connect(endpoint: Endpoint, waiting: impl FnOnce()) -> anyhow::Result<Channel> {
    let endpoint = endpoint.connect_timeout(CONNECT_WITHIN);
    let address = format!("{} (stream_url and stream_port)", endpoint.uri());
    let asked = Instant::now();
    let mut waiting = Some(waiting);
    loop {
        let answer = timeout(CONNECT_WITHIN, endpoint.connect()).await;
        match answer.map_err(|_| anyhow!("{address} does not answer in time"))? {
            Err(error) if may_be_starting(&error) && asked.elapsed() < STARTS_WITHIN => {}
            answer => return answer.with_context(|| format!("{address} cannot be reached")),
        }
        if asked.elapsed() > UNTOLD
            && let Some(tell) = waiting.take()
        {
            tell();
        }
        sleep(TRY_AGAIN).await;
    }
}

/// Whether this is what one gets from a job that does not listen yet.
fn may_be_starting(error: &tonic::transport::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            let kinds =
                [ErrorKind::ConnectionRefused, ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable];
            return kinds.contains(&error.kind());
        }
        cause = error.source();
    }
    false
}

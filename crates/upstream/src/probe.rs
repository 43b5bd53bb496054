use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use focus_core::{Outage, Upstream};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::state::Verdict;

/// Tells a gate that something has happened to the upstream: it probes at once.
pub type Wake = Arc<Notify>;

type RoundTrip = dyn Fn() -> BoxFuture<'static, Result<(), Outage>> + Send + Sync;

/// A truthful round trip to one upstream, under a deadline.
#[derive(Clone)]
pub struct Probe {
    upstream: Upstream,
    deadline: Duration,
    round_trip: Arc<RoundTrip>,
}

impl Probe {
    /// `round_trip` must do what a client of the upstream does, and see the answer. Whatever takes longer than
    /// `deadline` is an outage.
    pub fn new<P>(upstream: Upstream, deadline: Duration, round_trip: P) -> Self
    where
        P: Fn() -> BoxFuture<'static, Result<(), Outage>> + Send + Sync + 'static,
    {
        Self { upstream, deadline, round_trip: Arc::new(round_trip) }
    }

    pub(crate) fn upstream(&self) -> Upstream {
        self.upstream
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// That it did not answer in time.
    pub(crate) fn silent(&self) -> Outage {
        let reason = format!("no answer within {} ms", self.deadline.as_millis());
        Outage::Unavailable { upstream: self.upstream, reason }
    }

    pub(crate) async fn ask(&self) -> Verdict {
        let asked = Instant::now();
        // A client that panics is an outage like any other: the gate must outlive it.
        let round_trip = AssertUnwindSafe(async { (self.round_trip)().await }).catch_unwind();
        let result = match tokio::time::timeout(self.deadline, round_trip).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => {
                let reason = "its client failed; the log says why".to_owned();
                Err(Outage::Unavailable { upstream: self.upstream, reason })
            }
            Err(_) => Err(self.silent()),
        };
        Verdict { asked, known: Instant::now(), result }
    }
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probe").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}

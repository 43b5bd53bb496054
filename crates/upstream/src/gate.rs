use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use focus_core::{Outage, Upstream};
use jiff::Timestamp;
use rand::Rng as _;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::{info, warn};

use crate::metrics::UpstreamMetrics;
use crate::state::Verdict;
use crate::{Metrics, Probe, State, Wake};

/// Time between probes of an upstream that is up.
const PERIOD_UP: Duration = Duration::from_secs(1);
/// The same while it is down, give or take a quarter.
const PERIOD_DOWN: Duration = Duration::from_millis(250);
/// An outage that was found longer ago than this, and than another probe takes, may be over.
const FRESH: Duration = Duration::from_secs(1);
/// What a busy machine adds to the pause before a probe and to its deadline.
const LATE: Duration = Duration::from_millis(100);

/// Knows whether one upstream serves. Cheap to clone; the last clone's end stops the probing.
#[derive(Clone, Debug)]
pub struct Gate {
    shared: Arc<Shared>,
    monitor: Arc<AbortOnDropHandle<()>>,
    /// Knows whether the monitor is still there.
    tracker: TaskTracker,
}

#[derive(Debug)]
struct Shared {
    probe: Probe,
    metrics: UpstreamMetrics,
    state: Mutex<State>,
    /// The newest verdict, from the monitor or from a request.
    newest: watch::Sender<Verdict>,
    /// Makes the monitor probe now.
    now: Notify,
}

impl Gate {
    /// Probes once, so that the state is known when this returns, then for ever in the background: every second,
    /// four times as often during an outage, and at once when `wake` is notified.
    pub async fn start(probe: Probe, metrics: &Metrics, wake: Option<Wake>) -> Self {
        let metrics = metrics.of(probe.upstream());
        let first = probe.ask().await;
        let state = State {
            up: first.result.is_ok(),
            since: Timestamp::now(),
            last_error: first.result.clone().err(),
            last_round_trip: first.result.is_ok().then(|| first.took()),
        };
        metrics.asked(first.took(), state.up);
        metrics.set_up(state.up);
        report(probe.upstream(), &first.result);
        let shared = Shared {
            probe,
            metrics,
            state: Mutex::new(state),
            newest: watch::Sender::new(first),
            now: Notify::new(),
        };
        let shared = Arc::new(shared);
        let tracker = TaskTracker::new();
        let monitor = tracker.spawn(monitor(Arc::clone(&shared), wake));
        tracker.close();
        Self { shared, monitor: Arc::new(AbortOnDropHandle::new(monitor)), tracker }
    }

    /// Ends its asking: when this returns, nothing asks by itself any more. Clients whose own tasks end under a call, as
    /// with the whole runtime, may panic.
    pub async fn end(&self) {
        self.monitor.abort();
        self.tracker.wait().await;
    }

    /// Which upstream.
    #[must_use]
    pub fn upstream(&self) -> Upstream {
        self.shared.probe.upstream()
    }

    /// How it is, as far as is known.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared.state().clone()
    }

    /// Succeeds when the upstream serves now.
    ///
    /// During an outage that was seen within the last second, or as long as another probe takes, it fails at once; one that was seen
    /// earlier may be over, and all who ask then share one probe. That the upstream was up is never trusted: the caller
    /// makes a round trip of its own.
    ///
    /// # Errors
    /// The outage, after at most the probe's deadline.
    pub async fn require(&self) -> Result<(), Outage> {
        let mut newest = self.shared.newest.subscribe();
        let Verdict { known, result, .. } = newest.borrow_and_update().clone();
        match result {
            Ok(()) => self.shared.ask().await,
            Err(outage) if known.elapsed() <= self.shared.fresh() => Err(outage),
            Err(_) => {
                self.shared.now.notify_one();
                // One probe may be just over its beginning, and is then followed by another.
                let shared_probe = tokio::time::timeout(self.shared.probe.deadline(), newest.changed());
                match shared_probe.await {
                    Ok(Ok(())) => newest.borrow().result.clone(),
                    Ok(Err(_)) | Err(_) => Err(self.shared.probe.silent()),
                }
            }
        }
    }
}

impl Gate {
    /// What `call` answers, where the call itself is the round trip: like [`Gate::require`] followed by the call, without
    /// asking twice while the upstream is thought to be up. The call must have a deadline of its own.
    ///
    /// # Errors
    /// The outage that is known, or that the call has met.
    pub async fn pass<T>(&self, call: impl Future<Output = Result<T, Outage>>) -> Result<T, Outage> {
        if self.shared.newest.borrow().result.is_err() {
            self.require().await?;
        }
        let asked = Instant::now();
        let answer = call.await;
        let result = match &answer {
            Ok(_) => Ok(()),
            Err(outage @ Outage::Unavailable { .. }) => Err(outage.clone()),
            // What it refuses to one it may grant to others: it serves, or the next probe will tell.
            Err(Outage::Refused { .. }) => return answer,
        };
        let verdict = Verdict { asked, known: Instant::now(), result };
        self.shared.metrics.asked(verdict.took(), verdict.result.is_ok());
        self.shared.note(verdict);
        answer
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a round trip and lets everybody know what it found.
    async fn ask(&self) -> Result<(), Outage> {
        let verdict = self.probe.ask().await;
        self.metrics.asked(verdict.took(), verdict.result.is_ok());
        let result = verdict.result.clone();
        self.note(verdict);
        result
    }

    fn note(&self, verdict: Verdict) {
        // Under the lock, so that log, gauge, state and verdict tell the same story in the same order.
        let mut state = self.state();
        if verdict.asked < self.newest.borrow().asked {
            return;
        }
        let up = verdict.result.is_ok();
        if state.up != up {
            (state.up, state.since) = (up, Timestamp::now());
            self.metrics.set_up(up);
            report(self.probe.upstream(), &verdict.result);
            // From now on the monitor keeps the other period.
            self.now.notify_one();
        }
        match &verdict.result {
            Ok(()) => state.last_round_trip = Some(verdict.took()),
            Err(outage) => state.last_error = Some(outage.clone()),
        }
        self.newest.send_replace(verdict);
    }

    /// How long an outage is known. In one that goes on, the next verdict is there before that.
    fn fresh(&self) -> Duration {
        FRESH.max(PERIOD_DOWN.mul_f64(1.25) + self.probe.deadline() + LATE)
    }

    fn pause(&self) -> Duration {
        if self.state().up {
            return PERIOD_UP;
        }
        PERIOD_DOWN.mul_f64(rand::rng().random_range(0.75..1.25))
    }
}

impl Verdict {
    fn took(&self) -> Duration {
        self.known.duration_since(self.asked)
    }
}

async fn monitor(shared: Arc<Shared>, wake: Option<Wake>) {
    let woken = async || match &wake {
        Some(wake) => wake.notified().await,
        None => std::future::pending().await,
    };
    loop {
        tokio::select! {
            () = tokio::time::sleep(shared.pause()) => {}
            () = shared.now.notified() => {}
            () = woken() => {}
        }
        // What it finds is noted; nobody waits for it here.
        drop(shared.ask().await);
    }
}

/// One line for each change; it belongs to no request, whoever noticed.
fn report(upstream: Upstream, result: &Result<(), Outage>) {
    let name = upstream.key();
    match result {
        Ok(()) => info!(parent: None, upstream = name, "{upstream} available"),
        Err(outage) => warn!(parent: None, upstream = name, "{outage}"),
    }
}

#[cfg(test)]
mod tests;

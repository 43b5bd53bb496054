use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use focus_core::{Outage, Upstream};
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use rand::Rng;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use crate::Metrics;
use crate::metrics::UpstreamGauges;

/// Time between probes of an upstream that is up.
const PERIOD_UP: Duration = Duration::from_secs(1);
/// The same while it is down, give or take a quarter.
const PERIOD_DOWN: Duration = Duration::from_millis(250);
/// An upstream that takes longer than this is down.
const PROBE_DEADLINE: Duration = Duration::from_secs(1);

/// How this process and its upstreams are.
#[derive(Debug)]
pub struct Health {
    started: Instant,
    upstreams: Vec<UpstreamMonitor>,
}

impl Health {
    /// Of a process that starts now.
    #[must_use]
    pub fn new(upstreams: Vec<UpstreamMonitor>) -> Self {
        Self { started: Instant::now(), upstreams }
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn upstreams(&self) -> &[UpstreamMonitor] {
        &self.upstreams
    }
}

/// Asks one upstream again and again whether it serves. Stops when dropped.
#[derive(Debug)]
pub struct UpstreamMonitor {
    upstream: Upstream,
    state: Arc<Mutex<UpstreamState>>,
    _task: AbortOnDropHandle<()>,
}

/// What the last probes found.
#[derive(Clone, Debug)]
pub(crate) struct UpstreamState {
    pub(crate) up: bool,
    /// When it became so.
    pub(crate) since: Timestamp,
    /// What the last probe that failed found, also when it is up again.
    pub(crate) last_error: Option<String>,
    /// How long the last answer took.
    pub(crate) last_round_trip: Option<Duration>,
}

impl UpstreamMonitor {
    /// Probes once, then for ever in the background. `probe` is a truthful round trip; its deadline is set here.
    pub async fn start<P>(upstream: Upstream, metrics: &Metrics, probe: P) -> Self
    where
        P: Fn() -> BoxFuture<'static, Result<(), Outage>> + Send + Sync + 'static,
    {
        let state =
            UpstreamState { up: false, since: Timestamp::now(), last_error: None, last_round_trip: None };
        let state = Arc::new(Mutex::new(state));
        let mut prober =
            Prober { upstream, probe, state: state.clone(), gauges: metrics.upstream(upstream), known: None };
        prober.probe().await;
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(prober.pause()).await;
                prober.probe().await;
            }
        });
        Self { upstream, state, _task: AbortOnDropHandle::new(task) }
    }

    pub(crate) fn upstream(&self) -> Upstream {
        self.upstream
    }

    pub(crate) fn state(&self) -> UpstreamState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Prober<P> {
    upstream: Upstream,
    probe: P,
    state: Arc<Mutex<UpstreamState>>,
    gauges: UpstreamGauges,
    /// What the log said last.
    known: Option<bool>,
}

impl<P: Fn() -> BoxFuture<'static, Result<(), Outage>>> Prober<P> {
    async fn probe(&mut self) {
        let started = Instant::now();
        // A probe that panics is an outage like any other: the monitor must outlive it.
        let probe = AssertUnwindSafe(async { (self.probe)().await }).catch_unwind();
        let result = match tokio::time::timeout(PROBE_DEADLINE, probe).await {
            Ok(Ok(result)) => result.map_err(|outage| outage.to_string()),
            Ok(Err(_)) => Err(format!("{} unavailable: its client failed", self.upstream)),
            Err(_) => Err(format!("{} unavailable: no answer within {PROBE_DEADLINE:?}", self.upstream)),
        };
        let took = started.elapsed();
        self.gauges.probe_seconds.set(took.as_secs_f64());
        self.gauges.up.set(i64::from(result.is_ok()));
        if result.is_ok() {
            self.gauges.last_success.set(focus_core::epoch_seconds(Timestamp::now()));
        } else {
            self.gauges.failures.inc();
        }
        self.report(&result);
        self.note(result, took);
    }

    /// One line for each change.
    fn report(&mut self, result: &Result<(), String>) {
        let before = self.known.replace(result.is_ok());
        if before == Some(result.is_ok()) {
            return;
        }
        let upstream = self.upstream.key();
        match result {
            Ok(()) => info!(upstream, "{} available", self.upstream),
            Err(error) => warn!(upstream, "{error}"),
        }
    }

    fn note(&self, result: Result<(), String>, took: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.up != result.is_ok() {
            state.up = result.is_ok();
            state.since = Timestamp::now();
        }
        match result {
            Ok(()) => state.last_round_trip = Some(took),
            Err(error) => state.last_error = Some(error),
        }
    }

    fn pause(&self) -> Duration {
        if self.known == Some(true) {
            return PERIOD_UP;
        }
        PERIOD_DOWN.mul_f64(rand::rng().random_range(0.75..1.25))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

    use super::*;
    use crate::Build;

    #[tokio::test(start_paused = true)]
    async fn an_outage_of_any_kind_is_seen_and_so_is_its_end() {
        const UP: u8 = 0;
        let mode = Arc::new(AtomicU8::new(UP));
        let probes = Arc::new(AtomicUsize::new(0));
        let metrics = Metrics::new(&Build { version: "1".into(), commit: None });
        let monitor = UpstreamMonitor::start(Upstream::Catalogue, &metrics, {
            let (mode, probes) = (mode.clone(), probes.clone());
            move || {
                probes.fetch_add(1, Ordering::Relaxed);
                let mode = mode.load(Ordering::Relaxed);
                Box::pin(async move {
                    match mode {
                        UP => Ok(()),
                        1 => Err(Outage::Unavailable {
                            upstream: Upstream::Catalogue,
                            reason: "disk full".to_owned(),
                        }),
                        2 => futures::future::pending().await,
                        _ => panic!("a bug of the client"),
                    }
                })
            }
        })
        .await;
        assert!(monitor.state().up, "the first probe is done when the monitor starts");

        for (kind, reason) in [(1, "disk full"), (2, "no answer within 1s"), (3, "its client failed")] {
            mode.store(kind, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(2500)).await;
            let state = monitor.state();
            assert!(!state.up && state.last_error.as_ref().unwrap().contains(reason), "{state:?}");
            assert!(metrics.text().unwrap().contains("focus_upstream_up{upstream=\"catalogue\"} 0\n"));

            mode.store(UP, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(1400)).await;
            assert!(monitor.state().up);
        }

        let before = probes.load(Ordering::Relaxed);
        drop(monitor);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(probes.load(Ordering::Relaxed), before, "a monitor that is gone probes no more");
    }
}

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use focus_core::epoch_seconds;
use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::calls::Call;
use super::failure::{Failure, Kind};
use super::rules::{Object, Reason};

/// What the cluster was asked for and what was swept there. Clones count together.
#[derive(Clone, Debug)]
pub struct KubernetesMetrics {
    calls: Family<CallLabels, Counter>,
    durations: Family<DurationLabels, Histogram, fn() -> Histogram>,
    removed: Family<RemovedLabels, Counter>,
    passes: Family<PassLabels, Counter>,
    last_success: Gauge<f64, AtomicU64>,
    overdue: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    call: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    call: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RemovedLabels {
    kind: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PassLabels {
    result: &'static str,
}

impl KubernetesMetrics {
    /// Metrics that `registry` shows, every reason to sweep from the start.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new([0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0]);
        let metrics = Self {
            calls: Family::default(),
            durations: Family::new_with_constructor(histogram),
            removed: Family::default(),
            passes: Family::default(),
            last_success: Gauge::default(),
            overdue: Gauge::default(),
        };
        let Self { calls, durations, removed, passes, last_success, overdue } = metrics.clone();
        registry.register("focus_kubernetes_calls", "Calls to the API server, by how they ended", calls);
        registry.register("focus_kubernetes_call_seconds", "How long they took, answered or not", durations);
        registry.register("focus_sweep_removed", "What no job owned and the sweep removed", removed);
        registry.register("focus_sweep_passes", "Passes of the sweep", passes);
        registry.register(
            "focus_sweep_last_success_timestamp_seconds",
            "When a pass last did all that it had to; 0: never",
            last_success,
        );
        registry.register("focus_sweep_overdue", "What the last pass had to leave for the next one", overdue);
        for reason in Reason::ALL {
            let labels = RemovedLabels { kind: reason.of().name(), reason: reason.name() };
            drop(metrics.removed.get_or_create(&labels));
        }
        for result in ["ok", "failed"] {
            drop(metrics.passes.get_or_create(&PassLabels { result }));
        }
        metrics
    }

    pub(super) fn called<T>(&self, call: Call, took: Duration, result: &Result<T, Failure>) {
        let result = match result {
            Ok(_) => "ok",
            Err(Failure { kind: Kind::Unavailable, .. }) => "unavailable",
            Err(Failure { kind: Kind::Missing, .. }) => "missing",
            Err(Failure { kind: Kind::Conflict, .. }) => "conflict",
            Err(_) => "refused",
        };
        let call = call.name();
        self.calls.get_or_create(&CallLabels { call, result }).inc();
        self.durations.get_or_create(&DurationLabels { call }).observe(took.as_secs_f64());
    }

    pub(super) fn removed(&self, object: Object, reason: Reason) {
        let labels = RemovedLabels { kind: object.name(), reason: reason.name() };
        self.removed.get_or_create(&labels).inc();
    }

    pub(super) fn passed(&self, ok: bool, overdue: usize) {
        let result = if ok { "ok" } else { "failed" };
        self.passes.get_or_create(&PassLabels { result }).inc();
        if ok {
            self.last_success.set(epoch_seconds(Timestamp::now()));
        }
        self.overdue.set(i64::try_from(overdue).unwrap_or(i64::MAX));
    }
}

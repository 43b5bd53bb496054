use std::sync::atomic::AtomicU64;
use std::time::Duration;

use focus_core::{Upstream, epoch_seconds};
use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

type FloatGauge = Gauge<f64, AtomicU64>;

/// How the upstreams are, for Prometheus. Clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    up: Family<Labels, Gauge>,
    durations: Family<Labels, Histogram, fn() -> Histogram>,
    last_success: Family<Labels, FloatGauge>,
    failures: Family<Labels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    upstream: &'static str,
}

impl Metrics {
    /// Metrics that `registry` shows.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new([0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0]);
        let metrics = Self {
            up: Family::default(),
            durations: Family::new_with_constructor(histogram),
            last_success: Family::default(),
            failures: Family::default(),
        };
        registry.register(
            "focus_upstream_up",
            "1 when the last round trip to the upstream succeeded, else 0",
            metrics.up.clone(),
        );
        registry.register(
            "focus_upstream_probe_duration_seconds",
            "How long round trips took, those of requests too, answered or not",
            metrics.durations.clone(),
        );
        registry.register(
            "focus_upstream_last_success_timestamp_seconds",
            "When a round trip last succeeded; 0: never",
            metrics.last_success.clone(),
        );
        registry.register(
            "focus_upstream_probe_failures",
            "Round trips without a good answer",
            metrics.failures.clone(),
        );
        metrics
    }

    /// The metrics of one upstream, shown from now on.
    pub(crate) fn of(&self, upstream: Upstream) -> UpstreamMetrics {
        let labels = Labels { upstream: upstream.key() };
        UpstreamMetrics {
            up: self.up.get_or_create(&labels).clone(),
            durations: self.durations.get_or_create(&labels).clone(),
            last_success: self.last_success.get_or_create(&labels).clone(),
            failures: self.failures.get_or_create(&labels).clone(),
        }
    }
}

/// The metrics of one upstream.
#[derive(Clone, Debug)]
pub(crate) struct UpstreamMetrics {
    up: Gauge,
    durations: Histogram,
    last_success: FloatGauge,
    failures: Counter,
}

impl UpstreamMetrics {
    /// Counts a round trip.
    pub(crate) fn asked(&self, took: Duration, good: bool) {
        self.durations.observe(took.as_secs_f64());
        if good {
            self.last_success.set(epoch_seconds(Timestamp::now()));
        } else {
            self.failures.inc();
        }
    }

    /// Shows whether it is up.
    pub(crate) fn set_up(&self, up: bool) {
        self.up.set(i64::from(up));
    }
}

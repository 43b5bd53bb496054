use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};

/// What the rows of all jobs look like from outside. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    pub(crate) rows: Counter,
    pub(crate) rows_lost: Counter,
    pub(crate) missing_samples: Counter,
    pub(crate) viewers: Gauge,
}

impl Metrics {
    /// Counters that `registry` shows.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("focus_rows", "Rows made by all jobs", metrics.rows.clone());
        registry.register(
            "focus_rows_lost",
            "Rows that viewers lost because they read too slowly",
            metrics.rows_lost.clone(),
        );
        registry.register(
            "focus_missing_samples",
            "Instants of the live fibre that never arrived, over all spectra",
            metrics.missing_samples.clone(),
        );
        registry.register("focus_viewers", "Readers of streams now", metrics.viewers.clone());
        metrics
    }
    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            rows: self.rows.get(),
            rows_lost: self.rows_lost.get(),
            missing_samples: self.missing_samples.get(),
            viewers: self.viewers.get(),
        }
    }
}

/// What [`Metrics`] have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows made.
    pub rows: u64,
    /// Rows that slow viewers lost.
    pub rows_lost: u64,
    /// Instants that never arrived.
    pub missing_samples: u64,
    /// Readers now.
    pub viewers: i64,
}

/// The share of another process in these metrics. When it is dropped, that process has no readers any more.
#[derive(Debug)]
pub struct Share {
    metrics: Metrics,
    counted: Counts,
}

impl Share {
    /// Nothing yet.
    #[must_use]
    pub fn of(metrics: Metrics) -> Self {
        Self { metrics, counted: Counts::default() }
    }

    /// Takes over what the other process has counted since it started.
    pub fn set(&mut self, counts: Counts) {
        let before = std::mem::replace(&mut self.counted, counts);
        self.metrics.rows.inc_by(counts.rows.saturating_sub(before.rows));
        self.metrics.rows_lost.inc_by(counts.rows_lost.saturating_sub(before.rows_lost));
        self.metrics.missing_samples.inc_by(counts.missing_samples.saturating_sub(before.missing_samples));
        self.metrics.viewers.inc_by(counts.viewers - before.viewers);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(Counts { viewers: 0, ..self.counted });
    }
}

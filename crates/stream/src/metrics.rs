use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use prometheus_client::registry::Registry;

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
}

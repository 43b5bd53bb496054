use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// How the live fibre comes in, for Prometheus. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    pub(super) blocked: Gauge,
    pub(super) connected: Gauge,
    pub(super) gaps: Counter,
    pub(super) blocks_lost: Counter,
    pub(super) reconnects: Counter,
}

impl Metrics {
    /// Metrics that `registry` shows.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "focus_rabbitmq_blocked",
            "1 while RabbitMQ blocks publishers because of an alarm, else 0",
            metrics.blocked.clone(),
        );
        registry.register(
            "focus_fibre_connected",
            "1 while the live fibre's metadata comes in, else 0",
            metrics.connected.clone(),
        );
        registry.register(
            "focus_live_gaps",
            "Breaks in the sequence of the live fibre's blocks",
            metrics.gaps.clone(),
        );
        registry.register(
            "focus_live_blocks_lost",
            "Blocks of the live fibre that are missing in those gaps",
            metrics.blocks_lost.clone(),
        );
        registry.register(
            "focus_live_reconnects",
            "Connections to RabbitMQ that were lost and made again",
            metrics.reconnects.clone(),
        );
        metrics
    }
}

/// Shows 1 as long as it lives.
#[derive(Debug)]
pub(super) struct Shown(Gauge);

impl Shown {
    pub(super) fn on(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.dec();
    }
}

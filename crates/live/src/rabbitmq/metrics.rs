use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};

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
        let metrics = Self::register_counts(registry);
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
        metrics
    }

    /// Metrics of which `registry` shows only what they count: whether the broker takes blocks and a fibre is there
    /// is for others to say.
    #[must_use]
    pub fn register_counts(registry: &mut Registry) -> Self {
        let metrics = Self::default();
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

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            gaps: self.gaps.get(),
            blocks_lost: self.blocks_lost.get(),
            reconnects: self.reconnects.get(),
        }
    }

    /// Adds what another process has counted from `before` to `now`.
    pub fn add(&self, before: Counts, now: Counts) {
        self.gaps.inc_by(now.gaps.saturating_sub(before.gaps));
        self.blocks_lost.inc_by(now.blocks_lost.saturating_sub(before.blocks_lost));
        self.reconnects.inc_by(now.reconnects.saturating_sub(before.reconnects));
    }
}

/// What [`Metrics`] have counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Breaks in the sequence of blocks.
    pub gaps: u64,
    /// Blocks that are missing in them.
    pub blocks_lost: u64,
    /// Connections that were lost and made again.
    pub reconnects: u64,
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

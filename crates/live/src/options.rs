use std::time::Duration;

/// How live blocks are cut and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveOptions {
    /// How much time one block holds; rounded to whole samples, at least one.
    pub block: Duration,
    /// How far a reader may fall behind before it loses blocks.
    pub queue: Duration,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self { block: Duration::from_millis(100), queue: Duration::from_secs(2) }
    }
}

impl LiveOptions {
    /// Samples per block at a sampling rate in Hz.
    pub(crate) fn block_times(&self, sampling_rate: f64) -> usize {
        ((self.block.as_secs_f64() * sampling_rate).round() as usize).max(1)
    }

    /// Blocks that are kept for readers that fall behind.
    pub(crate) fn capacity(&self) -> usize {
        let blocks = self.queue.as_secs_f64() / self.block.as_secs_f64().max(1e-3);
        (blocks.ceil() as usize).clamp(2, 4096)
    }
}

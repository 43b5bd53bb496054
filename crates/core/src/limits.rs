use serde::{Deserialize, Serialize};

/// What one view may ask for. Each is configurable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most channels in one view.
    pub max_channels: u32,
    /// Largest window of a multichannel view, samples.
    pub max_multichannel_nfft: u32,
    /// Most float32 rows that one job may produce, bytes per second of fibre time.
    pub max_row_bytes_per_second: f64,
    /// Most Fourier transforms that one job may need per second of fibre time, counted in transforms of 1024
    /// samples.
    pub max_ffts_per_second: f64,
    /// Most memory that one job may need for its windows and queues, bytes.
    pub max_memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_channels: 2222,
            max_multichannel_nfft: 2048,
            max_row_bytes_per_second: 100e6,
            max_ffts_per_second: 250_000.0,
            max_memory_bytes: 1 << 30,
        }
    }
}

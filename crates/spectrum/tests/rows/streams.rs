//! Streams to feed a spectrograph with.

use focus_core::{Block, ChannelRange, Samples, sample_offset};
use focus_spectrum::Row;
use jiff::Timestamp;

/// When every stream here begins.
pub(crate) const START: &str = "2026-03-01T12:00:00.25Z";

pub(crate) fn start() -> Timestamp {
    START.parse().expect("a time")
}

pub(crate) fn channels(first: u32, last: u32) -> ChannelRange {
    ChannelRange::new(first, last).expect("a range of channels")
}

/// A recording to cut blocks from, of channels from 1.
pub(crate) struct Stream {
    pub(crate) rate: f64,
    pub(crate) channels: usize,
    pub(crate) samples: Vec<f32>,
}

impl Stream {
    /// `value(instant, channel from 1)` throughout.
    pub(crate) fn new(
        rate: f64,
        channels: usize,
        instants: usize,
        value: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let samples = (0..instants * channels).map(|at| value(at / channels, at % channels + 1)).collect();
        Self { rate, channels, samples }
    }

    /// Whole numbers that look random, and fit into 16 bits.
    pub(crate) fn noise(rate: f64, channels: usize, instants: usize) -> Self {
        Self::new(rate, channels, instants, |instant, channel| {
            let hash = (instant as u64 * 1_000_003 + channel as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            f32::from((hash >> 48) as i16)
        })
    }

    pub(crate) fn instants(&self) -> usize {
        self.samples.len() / self.channels
    }

    /// The instants `from..to`, stamped as they were taken.
    pub(crate) fn block(&self, sequence: u64, from: usize, to: usize) -> Block {
        Block {
            sequence,
            start: start() + sample_offset(from as f64, self.rate),
            sampling_rate: self.rate,
            first_channel: 1,
            channels: self.channels,
            samples: Samples::Float32(self.samples[from * self.channels..to * self.channels].into()),
        }
    }

    pub(crate) fn whole(&self) -> Block {
        self.block(0, 0, self.instants())
    }
}

/// The values of a row.
pub(crate) fn values(row: &Row, channels: ChannelRange, bins: std::ops::Range<u32>) -> Vec<f32> {
    let mut values = Vec::new();
    row.copy_to(channels, bins, &mut values);
    values
}

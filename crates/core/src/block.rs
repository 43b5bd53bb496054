use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sample_offset;

/// Type of one sample, named as numpy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataType {
    /// 16-bit signed integer.
    Int16,
    /// 32-bit signed integer.
    Int32,
    /// 32-bit float.
    Float32,
}

impl DataType {
    /// Size of one sample in bytes.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::Int16 => 2,
            Self::Int32 | Self::Float32 => 4,
        }
    }
}

/// Samples of one block, time-major (`sample[time * channels + channel]`), in the type of their source.
///
/// Cloning shares them.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// 16-bit signed integers.
    Int16(Arc<[i16]>),
    /// 32-bit signed integers.
    Int32(Arc<[i32]>),
    /// 32-bit floats; NaN where the source has no value.
    Float32(Arc<[f32]>),
}

impl Samples {
    /// How many values there are: times x channels.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Int16(values) => values.len(),
            Self::Int32(values) => values.len(),
            Self::Float32(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their type.
    #[must_use]
    pub fn data_type(&self) -> DataType {
        match self {
            Self::Int16(_) => DataType::Int16,
            Self::Int32(_) => DataType::Int32,
            Self::Float32(_) => DataType::Float32,
        }
    }
}

/// A piece of the fibre's picture: every sample of some contiguous channels during a short time.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Counts blocks of one source from 0; a jump says how many were lost.
    pub sequence: u64,
    /// When the first sample was taken.
    pub start: Timestamp,
    /// Samples per second and channel, Hz.
    pub sampling_rate: f64,
    /// Number of the first channel, counted from 1.
    pub first_channel: u32,
    /// How many channels each instant has; at least 1.
    pub channels: usize,
    /// The values, time-major; their number is a multiple of `channels`.
    pub samples: Samples,
}

impl Block {
    /// How many instants the block holds.
    #[must_use]
    pub fn times(&self) -> usize {
        self.samples.len() / self.channels
    }

    /// When it ends, exclusive: one sample interval after its last instant.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        let length = sample_offset(self.times() as f64, self.sampling_rate);
        self.start.checked_add(length).unwrap_or(Timestamp::MAX)
    }
}

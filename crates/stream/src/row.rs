use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use focus_core::ChannelRange;
use jiff::Timestamp;

use crate::browser::Quantised;

/// A frame carries at most this many bytes of float values, unless a single row is larger: well under
/// the 4 MiB that gRPC clients accept by default.
pub(crate) const MAX_BATCH_BYTES: usize = 1 << 20;
/// Nor more rows than this, as each has a time and an index beside its values.
const MAX_BATCH_ROWS: usize = 4096;

/// Values that are looked at side by side.
const LANES: usize = 16;

/// One row of one stream, encoded once for all who watch it.
#[derive(Debug)]
pub struct StreamRow {
    /// Counts from 0 per job; a jump is a gap.
    pub index: u32,
    /// Centre of its interval.
    pub time: Timestamp,
    /// Whether no sample was missing.
    pub complete: bool,
    /// Little-endian float32, channel by channel, frequencies ascending.
    pub values: Bytes,
    /// Of the whole job up to this row.
    pub extremes: Extremes,
    quantised: OnceLock<Quantised>,
}

impl StreamRow {
    /// Encodes `values`, channel by channel.
    #[must_use]
    pub fn new(index: u32, time: Timestamp, values: Vec<f32>, extremes: Extremes) -> Self {
        // A missing sample makes every value of its channel NaN.
        let complete = !any_missing(&values);
        let values = Bytes::from_owner(LittleEndian(values));
        Self { index, time, complete, values, extremes, quantised: OnceLock::new() }
    }

    /// A row that was encoded elsewhere.
    pub(crate) fn received(index: u32, time: Timestamp, values: Bytes, extremes: Extremes) -> Self {
        let complete = !floats(&values).any(f32::is_nan);
        Self { index, time, complete, values, extremes, quantised: OnceLock::new() }
    }

    /// The index as it is sent. A job would have to run for years to reach the end of it.
    pub(crate) fn index_i32(&self) -> i32 {
        i32::try_from(self.index).unwrap_or(i32::MAX)
    }

    /// The values in decibels for browsers, made when the first browser asks.
    pub(crate) fn quantised(&self) -> &Quantised {
        self.quantised.get_or_init(|| Quantised::of(&self.values))
    }
}

/// The values of a row as they are sent.
pub(crate) fn floats(values: &[u8]) -> impl Iterator<Item = f32> + '_ {
    values.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes))
}

/// Float values whose memory is what goes over the wire.
struct LittleEndian(Vec<f32>);

const _: () = assert!(cfg!(target_endian = "little"), "rows are sent as they lie in memory, little-endian");

impl AsRef<[u8]> for LittleEndian {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

/// Smallest and largest value so far; both NaN before the first value.
#[derive(Clone, Copy, Debug)]
pub struct Extremes {
    /// Smallest value.
    pub minimum: f32,
    /// Largest value.
    pub maximum: f32,
}

impl Default for Extremes {
    fn default() -> Self {
        Self { minimum: f32::NAN, maximum: f32::NAN }
    }
}

impl Extremes {
    /// Takes more values into account; missing ones (NaN) change nothing.
    pub fn include(&mut self, values: &[f32]) {
        // Side by side, in the lanes of SIMD registers.
        let (mut least, mut most) = ([f32::NAN; LANES], [f32::NAN; LANES]);
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for ((value, least), most) in chunk.iter().zip(&mut least).zip(&mut most) {
                *least = least.min(*value);
                *most = most.max(*value);
            }
        }
        self.minimum = least.iter().chain(rest).copied().fold(self.minimum, f32::min);
        self.maximum = most.iter().chain(rest).copied().fold(self.maximum, f32::max);
    }
}

/// Whether any value is missing.
fn any_missing(values: &[f32]) -> bool {
    values.chunks(LANES).any(|chunk| chunk.iter().fold(false, |missing, value| missing | value.is_nan()))
}

/// Some consecutive rows of one stream, as one viewer gets them.
#[derive(Debug)]
pub struct Batch {
    /// The channels of the stream.
    pub channels: ChannelRange,
    /// Oldest first, at least one.
    pub rows: Vec<Arc<StreamRow>>,
    /// Rows that this viewer lost since its last batch, because it was too slow.
    pub lost: u64,
}

impl Batch {
    /// A batch that begins with `row`.
    pub(crate) fn new(channels: ChannelRange, row: Arc<StreamRow>, lost: u64) -> Self {
        Self { channels, rows: vec![row], lost }
    }

    /// Whether another row of the same size still fits.
    pub(crate) fn has_room(&self) -> bool {
        let row = self.rows.first().map_or(0, |row| row.values.len());
        self.rows.len() < MAX_BATCH_ROWS && (self.rows.len() + 1) * row <= MAX_BATCH_BYTES
    }

    /// Values per row.
    #[must_use]
    pub fn values_per_row(&self) -> usize {
        self.rows.first().map_or(0, |row| row.values.len() / size_of::<f32>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_ignore_what_is_missing() {
        let mut extremes = Extremes::default();
        extremes.include(&[f32::NAN]);
        assert!(extremes.minimum.is_nan() && extremes.maximum.is_nan());
        extremes.include(&[3.0, f32::NAN, 1.0]);
        extremes.include(&[2.0]);
        assert_eq!((extremes.minimum, extremes.maximum), (1.0, 3.0));
        let mut many: Vec<_> = (0..100).map(|value| value as f32).collect();
        (many[0], many[17], many[98]) = (f32::NAN, -5.0, 1e9);
        extremes.include(&many);
        assert_eq!((extremes.minimum, extremes.maximum), (-5.0, 1e9));
    }

    #[test]
    fn a_row_with_a_missing_value_says_so() {
        let row = |values| StreamRow::new(0, Timestamp::UNIX_EPOCH, values, Extremes::default());
        assert!(row(vec![1.0, 2.0]).complete);
        assert!(!row(vec![1.0, f32::NAN]).complete);
        for missing in [0, 15, 16, 39] {
            let mut values = vec![1.0; 40];
            values[missing] = f32::NAN;
            assert!(!row(values).complete);
        }
        assert_eq!(&row(vec![1.0]).values[..], 1.0_f32.to_le_bytes());
    }

    #[test]
    fn a_batch_is_bounded_in_bytes_but_holds_any_single_row() {
        let row = |values: usize| {
            Arc::new(StreamRow::new(0, Timestamp::UNIX_EPOCH, vec![0.0; values], Extremes::default()))
        };
        let channels = ChannelRange::new(1, 1).unwrap();
        let mut batch = Batch::new(channels, row(100_000), 0);
        while batch.has_room() {
            batch.rows.push(row(100_000));
        }
        assert_eq!(batch.rows.len(), 2);
        assert!(!Batch::new(channels, row(1_000_000), 0).has_room());
    }
}

use std::collections::BTreeMap;
use std::ops::Range;

use focus_core::Samples;

use super::samples::{Sample, unpack};
use super::timeline::Placed;
use crate::error::Problem;
use crate::seismic::Bytes;

/// Most bytes of samples that are kept: of a thousand channels those of the longest records that are usual.
const MAX_KEPT_BYTES: usize = 64 << 20;

/// Records of which not all samples have been read, unpacked: who reads on needs them again, and can unpack them only whole.
///
/// They are found by where they are in the file.
pub(super) struct Unpacked<T>(BTreeMap<u64, Vec<T>>);

impl<T> Default for Unpacked<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Sample> Unpacked<T> {
    /// Samples of some channels at some instants, time-major.
    ///
    /// Reads the records that hold them, one at a time.
    pub(super) fn read(
        &mut self,
        bytes: &Bytes,
        channels: &[Vec<Placed>],
        instants: Range<u64>,
    ) -> Result<Samples, Problem> {
        let times = instants.end.saturating_sub(instants.start) as usize;
        let mut samples = vec![T::MISSING; times * channels.len()];
        let (mut kept, mut room) = (BTreeMap::new(), MAX_KEPT_BYTES);
        for (column, records) in channels.iter().enumerate() {
            let begin = records.partition_point(|record| record.end() <= instants.start);
            for placed in records[begin..].iter().take_while(|record| record.first < instants.end) {
                let known = self.0.remove(&placed.offset);
                let unpacked = known.map_or_else(|| unpack::<T>(bytes, placed), Ok)?;
                let (from, to) = (instants.start.max(placed.first), instants.end.min(placed.end()));
                let within = |instant: u64| (instant - placed.first) as usize + placed.skip as usize;
                let row = (from - instants.start) as usize;
                let cells = samples.iter_mut().skip(row * channels.len() + column).step_by(channels.len());
                for (cell, sample) in cells.zip(&unpacked[within(from)..within(to)]) {
                    *cell = *sample;
                }
                let size = size_of_val(unpacked.as_slice());
                if placed.end() > instants.end && size <= room {
                    room -= size;
                    kept.insert(placed.offset, unpacked);
                }
            }
        }
        self.0 = kept;
        Ok(T::shared(samples))
    }
}

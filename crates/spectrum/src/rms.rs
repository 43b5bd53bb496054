use std::ops::Range;

use crate::gather::Gather;
use crate::lanes::LANES;

/// Instants that are read at a time.
const CHUNK: usize = 64;

/// The sum of squares of a strip's samples over the waterfall row in progress.
///
/// In `f64`, added one after the other: exact for 16-bit samples, and the same however they arrive.
#[derive(Default)]
pub(crate) struct Squares {
    sums: [f64; LANES],
    count: u64,
}

impl Squares {
    /// Adds those of `samples` that are `new`, beginning a new sum when the first of them is.
    pub(crate) fn add(&mut self, samples: Range<i64>, new: Range<i64>, gather: &Gather<'_>, block_begin: i64) {
        if samples.start >= new.start {
            *self = Self::default();
        }
        let mut frames = [[0.0; LANES]; CHUNK];
        let mut at = samples.start.max(new.start);
        while at < samples.end {
            let count = CHUNK.min((samples.end - at) as usize);
            gather.copy_to((at - block_begin) as usize, &mut frames[..count]);
            for frame in &frames[..count] {
                for (sum, &value) in self.sums.iter_mut().zip(frame) {
                    *sum += f64::from(value) * f64::from(value);
                }
            }
            self.count += count as u64;
            at += count as i64;
        }
    }

    /// The root of the mean of each of `lanes`.
    pub(crate) fn root_mean(&self, lanes: Range<usize>) -> Vec<f32> {
        self.sums[lanes].iter().map(|sum| (sum / self.count as f64).sqrt() as f32).collect()
    }
}

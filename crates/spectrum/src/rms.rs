use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::history::Window;
use crate::lanes::{Frame, LANES};

/// The sum of squares of a strip's samples over the waterfall row in progress.
///
/// In `f64`, added one after the other: exact for 16-bit samples, and the same however they arrive.
#[derive(Default)]
pub(crate) struct Squares {
    sums: [f64; LANES],
    count: u64,
}

impl Squares {
    /// Adds `frames`, those samples of a row that are there since sample `new`; begins a new sum when all the
    /// row's `samples` are.
    pub(crate) fn add(&mut self, samples: &Range<i64>, new: i64, frames: Window<'_>) {
        if samples.start >= new {
            *self = Self::default();
        }
        for frames in [frames.head, frames.tail] {
            self.count += frames.len() as u64;
            Arch::new().dispatch(Add { sums: &mut self.sums, frames });
        }
    }

    /// The root of the mean of each of `lanes`.
    pub(crate) fn root_mean(&self, lanes: Range<usize>) -> Vec<f32> {
        self.sums[lanes].iter().map(|sum| (sum / self.count as f64).sqrt() as f32).collect()
    }
}

struct Add<'a> {
    sums: &'a mut [f64; LANES],
    frames: &'a [Frame],
}

impl WithSimd for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut sums = *self.sums;
        for frame in self.frames {
            for (sum, &value) in sums.iter_mut().zip(frame) {
                *sum += f64::from(value) * f64::from(value);
            }
        }
        *self.sums = sums;
    }
}

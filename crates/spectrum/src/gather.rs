use std::ops::Range;

use focus_core::{Block, Samples};
use pulp::Arch;

use crate::lanes::{Frame, LANES};

/// Copies a strip's columns out of a block, as `f32`.
pub(crate) struct Gather<'a> {
    block: &'a Block,
    /// Lanes that the block has.
    lanes: Range<usize>,
    /// Column of the first of them.
    column: usize,
    arch: Arch,
}

impl<'a> Gather<'a> {
    /// For the strip whose first channel is `channel`.
    pub(crate) fn new(block: &'a Block, channel: u32) -> Self {
        let (strip, begin) = (i64::from(channel), i64::from(block.first_channel));
        let end = begin + block.channels as i64;
        let lane = |channel: i64| (channel - strip).clamp(0, LANES as i64) as usize;
        let lanes = lane(begin)..lane(end);
        Self { block, column: (strip + lanes.start as i64 - begin).max(0) as usize, lanes, arch: Arch::new() }
    }

    /// The frames from instant `first` of the block on; NaN in lanes that the block does not have.
    ///
    /// Values of 32-bit integers beyond 2^24 are rounded as `f32` must.
    pub(crate) fn copy_to(&self, first: usize, frames: &mut [Frame]) {
        match &self.block.samples {
            Samples::Int16(samples) => self.copy(samples, first, frames, f32::from),
            Samples::Int32(samples) => self.copy(samples, first, frames, |value| value as f32),
            Samples::Float32(samples) => self.copy(samples, first, frames, |value| value),
        }
    }

    fn copy<T: Copy>(&self, samples: &[T], first: usize, frames: &mut [Frame], convert: impl Fn(T) -> f32) {
        let instants = samples.chunks_exact(self.block.channels).skip(first);
        self.arch.dispatch(|| {
            if self.lanes.len() == LANES {
                for (instant, frame) in instants.zip(frames) {
                    if let Some(values) = instant[self.column..].first_chunk::<LANES>() {
                        *frame = values.map(&convert);
                    }
                }
            } else {
                for (instant, frame) in instants.zip(frames) {
                    *frame = [f32::NAN; LANES];
                    let values = instant.iter().skip(self.column);
                    for (to, &value) in frame[self.lanes.clone()].iter_mut().zip(values) {
                        *to = convert(value);
                    }
                }
            }
        });
    }
}

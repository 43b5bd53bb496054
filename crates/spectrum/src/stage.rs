use std::ops::Range;

use focus_core::{Block, Samples};
use pulp::{Arch, Simd, WithSimd};

use crate::lanes::{Frame, Frames, LANES};

/// Strips that are read from a block together: a block is time-major, so their samples of one instant are
/// neighbours, and memory is read in longer runs.
pub(crate) const GROUP: usize = 4;
/// Instants that are read at a time; with [`GROUP`] strips they fill a part of the second-level cache.
pub(crate) const SLAB: usize = 256;

/// A slab of a group's samples as frames, on their way from a block to the strips.
#[derive(Default)]
pub(crate) struct Stage {
    frames: Frames,
    /// How many there are of each strip.
    instants: usize,
}

impl Stage {
    /// Reads `instants` (at most [`SLAB`]) of the strips that begin at `channels`, at most [`GROUP`] of them.
    /// NaN in lanes that the block does not have.
    ///
    /// Values of 32-bit integers beyond 2^24 are rounded, as `f32` must.
    pub(crate) fn read(&mut self, block: &Block, instants: Range<usize>, channels: impl Iterator<Item = u32>) {
        if self.frames.len() == 0 {
            self.frames = Frames::new(GROUP * SLAB);
        }
        self.instants = instants.len();
        let mut strips = 0;
        let mut columns: [Columns; GROUP] = Default::default();
        for (columns, channel) in columns.iter_mut().zip(channels) {
            *columns = Columns::of(block, channel);
            strips += 1;
        }
        let columns = &columns[..strips];
        let frames = self.frames.all_mut();
        let range = instants.start * block.channels..instants.end * block.channels;
        let (width, arch) = (block.channels, Arch::new());
        match &block.samples {
            Samples::Int16(samples) => arch.dispatch(Read { samples: &samples[range], width, columns, frames }),
            Samples::Int32(samples) => arch.dispatch(Read { samples: &samples[range], width, columns, frames }),
            Samples::Float32(samples) => arch.dispatch(Read { samples: &samples[range], width, columns, frames }),
        }
    }

    /// What was read, strip by strip.
    pub(crate) fn strips(&self) -> impl Iterator<Item = &[Frame]> {
        self.frames.all().chunks(SLAB).map(|frames| &frames[..self.instants])
    }
}

/// Where a strip lies in a block.
#[derive(Clone, Default)]
struct Columns {
    /// Lanes that the block has.
    lanes: Range<usize>,
    /// Column of the first of them.
    first: usize,
}

impl Columns {
    fn of(block: &Block, channel: u32) -> Self {
        let (strip, begin) = (i64::from(channel), i64::from(block.first_channel));
        let lane = |channel: i64| (channel - strip).clamp(0, LANES as i64) as usize;
        let lanes = lane(begin)..lane(begin + block.channels as i64);
        Self { first: (strip + lanes.start as i64 - begin).max(0) as usize, lanes }
    }
}

/// A type of sample, and what it is as `f32`.
trait Sample: Copy {
    /// 16 at once: spelt so that the compiler sees one conversion of a whole register.
    fn frame(values: &[Self; LANES]) -> Frame;
}

impl Sample for i16 {
    #[inline(always)]
    fn frame(values: &[Self; LANES]) -> Frame {
        let mut wide = [0; LANES];
        for lane in 0..LANES {
            wide[lane] = i32::from(values[lane]);
        }
        i32::frame(&wide)
    }
}

impl Sample for i32 {
    #[inline(always)]
    fn frame(values: &[Self; LANES]) -> Frame {
        let mut frame = [0.0; LANES];
        for lane in 0..LANES {
            frame[lane] = values[lane] as f32;
        }
        frame
    }
}

impl Sample for f32 {
    #[inline(always)]
    fn frame(values: &[Self; LANES]) -> Frame {
        *values
    }
}

struct Read<'a, T> {
    /// Instants of `width` channels each.
    samples: &'a [T],
    width: usize,
    columns: &'a [Columns],
    frames: &'a mut [Frame],
}

impl<T: Sample> WithSimd for Read<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (at, instant) in self.samples.chunks_exact(self.width).enumerate() {
            for (columns, frames) in self.columns.iter().zip(self.frames.chunks_exact_mut(SLAB)) {
                let values = instant.get(columns.first..).unwrap_or_default();
                frames[at] = match values.first_chunk::<LANES>() {
                    Some(values) if columns.lanes.len() == LANES => T::frame(values),
                    _ => partial(values, &columns.lanes),
                };
            }
        }
    }
}

/// A frame of which the block has only some `lanes`.
fn partial<T: Sample>(values: &[T], lanes: &Range<usize>) -> Frame {
    let mut frame = [f32::NAN; LANES];
    for (to, &value) in frame[lanes.clone()].iter_mut().zip(values) {
        *to = T::frame(&[value; LANES])[0];
    }
    frame
}

use std::ops::Range;

use focus_core::{Block, Samples};
use pulp::{Arch, Simd, WithSimd};

use crate::lanes::{Frame, LANES};

/// Most instants that are read at a time.
pub(crate) const SLAB: usize = 256;

/// Reads `instants` of a block for some strips: each has its first channel and the room for its frames. All of
/// them together, instant by instant, because that is how a block lies in memory. NaN in lanes that the block does not have.
///
/// Values of 32-bit integers beyond 2^24 are rounded, as `f32` must.
pub(crate) fn read<'a>(
    block: &Block,
    instants: Range<usize>,
    strips: impl Iterator<Item = (u32, [&'a mut [Frame]; 2])>,
) {
    let mut columns: Vec<_> = strips.map(|(channel, frames)| Columns::of(block, channel, frames)).collect();
    let range = instants.start * block.channels..instants.end * block.channels;
    let (width, columns, arch) = (block.channels, &mut columns, Arch::new());
    match &block.samples {
        Samples::Int16(samples) => arch.dispatch(Read { samples: &samples[range], width, columns }),
        Samples::Int32(samples) => arch.dispatch(Read { samples: &samples[range], width, columns }),
        Samples::Float32(samples) => arch.dispatch(Read { samples: &samples[range], width, columns }),
    }
}

/// Where a strip lies in a block.
struct Columns<'a> {
    /// Lanes that the block has.
    lanes: Range<usize>,
    /// Column of the first of them.
    first: usize,
    /// Where they go to: the first ones, and the others.
    frames: [&'a mut [Frame]; 2],
}

impl<'a> Columns<'a> {
    fn of(block: &Block, channel: u32, frames: [&'a mut [Frame]; 2]) -> Self {
        let (strip, begin) = (i64::from(channel), i64::from(block.first_channel));
        let lane = |channel: i64| (channel - strip).clamp(0, LANES as i64) as usize;
        let lanes = lane(begin)..lane(begin + block.channels as i64);
        Self { first: (strip - begin).max(0) as usize, lanes, frames }
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
        let mut frame = [0.0; LANES];
        frame.copy_from_slice(values);
        frame
    }
}

struct Read<'a, 'b, T> {
    /// Instants of `width` channels each.
    samples: &'a [T],
    width: usize,
    columns: &'a mut [Columns<'b>],
}

impl<T: Sample> WithSimd for Read<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (at, instant) in self.samples.chunks_exact(self.width).enumerate() {
            for columns in self.columns.iter_mut() {
                let [first, others] = &mut columns.frames;
                let frame = match at.checked_sub(first.len()) {
                    None => &mut first[at],
                    Some(at) if at < others.len() => &mut others[at],
                    Some(_) => continue,
                };
                let values = instant.get(columns.first..).unwrap_or_default();
                match values.first_chunk::<LANES>() {
                    Some(values) if columns.lanes.len() == LANES => *frame = T::frame(values),
                    _ => partial(values, &columns.lanes, frame),
                }
            }
        }
    }
}

/// A frame of which the block has only some `lanes`. Apart, to keep the usual way short.
#[inline(never)]
fn partial<T: Sample>(values: &[T], lanes: &Range<usize>, frame: &mut Frame) {
    *frame = [f32::NAN; LANES];
    for (to, &value) in frame[lanes.clone()].iter_mut().zip(values) {
        *to = T::frame(&[value; LANES])[0];
    }
}

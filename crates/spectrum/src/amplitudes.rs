use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::lanes::{Frame, LANES};

/// From the sum of the powers of some windows, bin by bin, to amplitudes, lane by lane.
pub(crate) struct Amplitudes<'a> {
    /// Of each bin.
    pub(crate) powers: &'a [Frame],
    /// What makes the square of an amplitude of the power of one window, of each bin.
    pub(crate) factors: &'a [f32],
    /// One, divided by the number of windows.
    pub(crate) share: f32,
    /// Those that are wanted.
    pub(crate) lanes: Range<usize>,
    /// Shape lanes x bins.
    pub(crate) values: &'a mut [f32],
}

impl WithSimd for Amplitudes<'_> {
    type Output = ();

    /// Roots a tile of bins at a time, and turns the tile from bin-major to lane-major while it is in the cache.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { powers, factors, share, lanes, values } = self;
        let bins = powers.len();
        let (mut tile, mut turned) = ([[0.0; LANES]; LANES], [[0.0; LANES]; LANES]);
        for begin in (0..bins).step_by(LANES) {
            let end = bins.min(begin + LANES);
            for ((frame, powers), &factor) in
                tile.iter_mut().zip(&powers[begin..end]).zip(&factors[begin..end])
            {
                let factor = simd.splat_f32s(factor * share);
                let powers = S::as_simd_f32s(powers).0;
                for (amplitude, power) in S::as_mut_simd_f32s(frame).0.iter_mut().zip(powers) {
                    *amplitude = simd.sqrt_f32s(simd.mul_f32s(*power, factor));
                }
            }
            if lanes.len() == LANES && end - begin == LANES {
                for _ in 0..2 {
                    interleave(&tile, &mut turned);
                    interleave(&turned, &mut tile);
                }
                for (lane, values) in tile.iter().zip(values.chunks_exact_mut(bins)) {
                    values[begin..end].copy_from_slice(lane);
                }
            } else {
                for (at, lane) in lanes.clone().enumerate() {
                    for (value, frame) in values[at * bins + begin..at * bins + end].iter_mut().zip(&tile) {
                        *value = frame[lane];
                    }
                }
            }
        }
    }
}

/// Interleaves row i of a tile with row i + 8. That rotates the bits of (row, column) by one: four times, and
/// rows have become columns.
#[inline(always)]
fn interleave(from: &[Frame; LANES], to: &mut [Frame; LANES]) {
    for row in 0..LANES / 2 {
        let (a, b) = (&from[row], &from[row + LANES / 2]);
        // Spelt out, for the compiler to see a shuffle in it.
        to[2 * row] =
            [a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3], a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7]];
        to[2 * row + 1] = [
            a[8], b[8], a[9], b[9], a[10], b[10], a[11], b[11], a[12], b[12], a[13], b[13], a[14], b[14],
            a[15], b[15],
        ];
    }
}

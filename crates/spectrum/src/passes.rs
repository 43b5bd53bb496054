//! The passes of the transform, in the order that is kindest to the cache.
//!
//! The first pass splits the points into 8 blocks; from then on each is a transform of its own, small enough for the
//! first-level cache (for nfft 1024: 8 kB), and is finished before the next is begun. Block j ends up with the
//! frequencies k of which `k mod 8 = j`. Untangling needs frequencies k and -k together, so blocks j and 8 - j are
//! made one after the other and untangled at once.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::butterfly::{Butterfly, Complex, Radix4, Radix8, turned};
use crate::fft::Passes;
use crate::history::Window;
use crate::lanes::{Frame, LANES};

/// Radix of the first pass, which loads and weights the samples.
pub(crate) const FIRST: usize = 8;

/// A complex number in each lane: real parts and imaginary parts.
pub(crate) type Point = [Frame; 2];

/// One pass: transforms of `length` points become `radix` times as many of `length / radix`.
pub(crate) struct Pass {
    pub(crate) length: usize,
    pub(crate) radix: usize,
    /// For each p: `exp(-2 pi i p k / length)` for k in 1..radix; the slots beyond are unused.
    pub(crate) twiddles: Vec<[[f32; 2]; 7]>,
}

/// See [`crate::fft::LaneFft::add_powers`].
pub(crate) struct AddPowers<'a> {
    pub(crate) passes: &'a Passes,
    pub(crate) samples: Window<'a>,
    pub(crate) bins: Range<usize>,
    pub(crate) first: bool,
    pub(crate) powers: &'a mut [Frame],
    /// Room for the points; what is in there does not matter.
    pub(crate) points: &'a mut [Point],
}

impl WithSimd for AddPowers<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let passes = self.passes;
        first_pass(simd, passes, self.samples, self.points);
        for block in 0..=FIRST / 2 {
            let mirror = (FIRST - block) % FIRST;
            next_passes(simd, passes, &mut self.points[block * passes.stride..][..passes.stride - 1]);
            if mirror != block {
                next_passes(simd, passes, &mut self.points[mirror * passes.stride..][..passes.stride - 1]);
            }
            self.untangle(simd, block);
            if mirror != block {
                self.untangle(simd, mirror);
            }
        }
    }
}

/// Registers in a frame.
const fn registers<S: Simd>() -> usize {
    LANES / S::F32_LANES
}

#[inline(always)]
fn load<S: Simd>(point: &Point, register: usize) -> Complex<S::f32s> {
    Complex { re: S::as_simd_f32s(&point[0]).0[register], im: S::as_simd_f32s(&point[1]).0[register] }
}

#[inline(always)]
fn store<S: Simd>(point: &mut Point, register: usize, value: Complex<S::f32s>) {
    S::as_mut_simd_f32s(&mut point[0]).0[register] = value.re;
    S::as_mut_simd_f32s(&mut point[1]).0[register] = value.im;
}

#[inline(always)]
fn first_pass<S: Simd>(simd: S, passes: &Passes, samples: Window<'_>, points: &mut [Point]) {
    let zero = simd.splat_f32s(0.0);
    let twiddles = &passes.first.twiddles;
    let length = twiddles.len();
    let window: [&[[f32; 2]]; FIRST] = cut(&passes.window, length);
    let points: [&mut [Point]; FIRST] = cut_mut(points, passes.stride);
    for (p, twiddles) in twiddles.iter().enumerate() {
        for register in 0..registers::<S>() {
            let mut values = [Complex { re: zero, im: zero }; FIRST];
            for part in 0..FIRST {
                let at = 2 * (part * length + p);
                let even = S::as_simd_f32s(samples.frame(at)).0[register];
                let odd = S::as_simd_f32s(samples.frame(at + 1)).0[register];
                let weights = window[part][p];
                values[part].re = simd.mul_f32s(even, simd.splat_f32s(weights[0]));
                values[part].im = simd.mul_f32s(odd, simd.splat_f32s(weights[1]));
            }
            let values = Radix8::apply(simd, values);
            store::<S>(&mut points[0][p], register, values[0]);
            for k in 1..FIRST {
                store::<S>(&mut points[k][p], register, turned(simd, values[k], twiddles[k - 1]));
            }
        }
    }
}

/// Transforms one block.
#[inline(always)]
fn next_passes<S: Simd>(simd: S, passes: &Passes, block: &mut [Point]) {
    for pass in &passes.next {
        for points in block.chunks_exact_mut(pass.length) {
            match pass.radix {
                4 => next_pass::<S, Radix4, 4>(simd, points, &pass.twiddles),
                _ => next_pass::<S, Radix8, 8>(simd, points, &pass.twiddles),
            }
        }
    }
    match passes.last {
        4 => last_pass::<S, Radix4, 4>(simd, block),
        _ => last_pass::<S, Radix8, 8>(simd, block),
    }
}

#[inline(always)]
fn next_pass<S: Simd, B: Butterfly<R>, const R: usize>(
    simd: S,
    points: &mut [Point],
    twiddles: &[[[f32; 2]; 7]],
) {
    let zero = simd.splat_f32s(0.0);
    let points: [&mut [Point]; R] = cut_mut(points, twiddles.len());
    for (p, twiddles) in twiddles.iter().enumerate() {
        for register in 0..registers::<S>() {
            let mut values = [Complex { re: zero, im: zero }; R];
            for part in 0..R {
                values[part] = load::<S>(&points[part][p], register);
            }
            let values = B::apply(simd, values);
            store::<S>(&mut points[0][p], register, values[0]);
            for k in 1..R {
                store::<S>(&mut points[k][p], register, turned(simd, values[k], twiddles[k - 1]));
            }
        }
    }
}

#[inline(always)]
fn last_pass<S: Simd, B: Butterfly<R>, const R: usize>(simd: S, block: &mut [Point]) {
    let zero = simd.splat_f32s(0.0);
    for points in block.as_chunks_mut::<R>().0 {
        for register in 0..registers::<S>() {
            let mut values = [Complex { re: zero, im: zero }; R];
            for part in 0..R {
                values[part] = load::<S>(&points[part], register);
            }
            let values = B::apply(simd, values);
            for k in 0..R {
                store::<S>(&mut points[k], register, values[k]);
            }
        }
    }
}

/// R parts of `length` each.
#[inline(always)]
fn cut<T, const R: usize>(mut values: &[T], length: usize) -> [&[T]; R] {
    let mut parts: [&[T]; R] = [&[]; R];
    for part in &mut parts {
        (*part, values) = values.split_at(length);
    }
    parts
}

/// R parts of `length` each.
#[inline(always)]
fn cut_mut<T, const R: usize>(mut values: &mut [T], length: usize) -> [&mut [T]; R] {
    let mut parts: [&mut [T]; R] = std::array::from_fn(|_| Default::default());
    for part in &mut parts {
        (*part, values) = values.split_at_mut(length);
    }
    parts
}

impl AddPowers<'_> {
    /// `|X[k]|^2` of those bins k that are in a block, from the transform Z of the packed samples:
    /// `X[k] = (Z[k] + conj Z[n-k]) / 2 - i/2 exp(-2 pi i k / nfft) (Z[k] - conj Z[n-k])`, n = nfft / 2.
    #[inline(always)]
    fn untangle<S: Simd>(&mut self, simd: S, block: usize) {
        let Passes { places, untangle, .. } = self.passes;
        let mask = places.len() - 1;
        let quarter = simd.splat_f32s(0.25);
        let begin = self.bins.start + (block + FIRST - self.bins.start % FIRST) % FIRST;
        for k in (begin..self.bins.end).step_by(FIRST) {
            let at = &self.points[places[k & mask] as usize];
            let mirror = &self.points[places[(places.len() - k) & mask] as usize];
            let power = &mut self.powers[k - self.bins.start];
            for register in 0..registers::<S>() {
                let (a, b) = (load::<S>(at, register), load::<S>(mirror, register));
                let even = Complex { re: simd.add_f32s(a.re, b.re), im: simd.sub_f32s(a.im, b.im) };
                // -i (Z[k] - conj Z[n-k])
                let odd = Complex { re: simd.add_f32s(a.im, b.im), im: simd.sub_f32s(b.re, a.re) };
                let odd = turned(simd, odd, untangle[k]);
                let re = simd.add_f32s(even.re, odd.re);
                let im = simd.add_f32s(even.im, odd.im);
                let square = simd.mul_add_e_f32s(re, re, simd.mul_f32s(im, im));
                let power = &mut S::as_mut_simd_f32s(power).0[register];
                let before = if self.first { simd.splat_f32s(0.0) } else { *power };
                *power = simd.mul_add_e_f32s(square, quarter, before);
            }
        }
    }
}

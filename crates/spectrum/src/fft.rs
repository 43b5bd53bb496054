//! The Fourier transform of [`LANES`] channels at once.
//!
//! Every sample is a [`Frame`]: the value of 16 neighbouring channels. One butterfly on frames is the same
//! butterfly on 16 channels, so each instruction of a SIMD register does useful work, nothing is shuffled,
//! twiddle factors are shared, and time-major blocks are read as they arrive. That is why this exists
//! beside `realfft`, which transforms one channel at a time and needs the samples channel-major:
//! see `benches/throughput.rs` for both on the same machine.
//!
//! A real transform of N points is a complex one of N/2 points, even samples as real and odd ones as
//! imaginary parts, untangled afterwards (Press et al., "Numerical Recipes", 3rd ed., section 12.3.2).
//! The complex one is Stockham's self-sorting algorithm, decimation in frequency, radix 8 and 4 (Van Loan,
//! "Computational Frameworks for the Fast Fourier Transform", section 1.7).

use std::f64::consts::TAU;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::amplitudes::Amplitudes;
use crate::butterfly::{Butterfly, Complex, Radix4, Radix8, turned};
use crate::lanes::{Frame, Frames, LANES};
use crate::window::{amplitude_scale, hann};

/// Radix of the first pass, which loads and weights the samples.
const FIRST: usize = 8;

/// A plan for windows of `nfft` samples, a power of two from 128.
pub(crate) struct LaneFft {
    nfft: usize,
    arch: Arch,
    window: Vec<f32>,
    /// Every pass but the last, which needs no factors.
    passes: Vec<Pass>,
    last: usize,
    /// `exp(-2 pi i k / nfft)` for k up to `nfft / 2`.
    untangle: Vec<[f32; 2]>,
    /// What turns the power of each bin into the square of its amplitude.
    factors: Vec<f32>,
}

/// One pass of Stockham's algorithm: sub-transforms of `radix * twiddles.len()` points become `radix`
/// times as many of `twiddles.len()` points.
struct Pass {
    radix: usize,
    /// For each p: `exp(-2 pi i p k / length)` for k in 1..radix; the slots beyond are unused.
    twiddles: Vec<[[f32; 2]; 7]>,
}

/// Working memory of one thread.
#[derive(Default)]
pub(crate) struct LaneScratch {
    front: Frames,
    back: Frames,
}

impl LaneFft {
    pub(crate) fn new(nfft: usize) -> Self {
        assert!(nfft.is_power_of_two() && nfft >= 128, "nfft {nfft} is no power of two from 128");
        let mut radices = vec![FIRST];
        let mut rest = nfft / 2 / FIRST;
        while rest > 1 {
            // 2^e: eights as long as no lone 2 remains.
            let radix = if rest == 4 || rest == 16 { 4 } else { 8 };
            radices.push(radix);
            rest /= radix;
        }
        let last = radices.pop().unwrap_or(FIRST);
        let mut length = nfft / 2;
        let passes = radices
            .into_iter()
            .map(|radix| {
                let twiddles = (0..length / radix)
                    .map(|p| std::array::from_fn(|k| root(p * (k + 1) % length, length)))
                    .collect();
                length /= radix;
                Pass { radix, twiddles }
            })
            .collect();
        Self {
            nfft,
            arch: Arch::new(),
            window: hann(nfft),
            passes,
            last,
            factors: (0..=nfft / 2).map(|bin| amplitude_scale(nfft, bin).powi(2)).collect(),
            untangle: (0..=nfft / 2).map(|k| root(k, nfft)).collect(),
        }
    }

    pub(crate) fn nfft(&self) -> usize {
        self.nfft
    }

    /// One-sided amplitudes of `lanes` from the sum of the powers of `windows` windows, of which the first is bin
    /// `first`: lane by lane, bins ascending.
    pub(crate) fn amplitudes(
        &self,
        powers: &[Frame],
        first: u32,
        windows: i64,
        lanes: Range<usize>,
    ) -> Vec<f32> {
        let mut values = vec![0.0; powers.len() * lanes.len()];
        let factors = &self.factors[first as usize..][..powers.len()];
        let share = 1.0 / windows as f32;
        self.arch.dispatch(Amplitudes { powers, factors, share, lanes, values: &mut values });
        values
    }

    /// `|X|^2` of each of `bins` for one window of `nfft` frames: added to `powers`, or instead of them if this
    /// is the `first` window.
    pub(crate) fn add_powers(
        &self,
        samples: &[Frame],
        bins: Range<usize>,
        first: bool,
        powers: &mut [Frame],
        scratch: &mut LaneScratch,
    ) {
        let (front, back) = (scratch.front.at_least(self.nfft), scratch.back.at_least(self.nfft));
        self.arch.dispatch(AddPowers { fft: self, samples, bins, first, powers, front, back });
    }
}

/// `exp(-2 pi i numerator / denominator)`.
fn root(numerator: usize, denominator: usize) -> [f32; 2] {
    let (sin, cos) = (TAU * numerator as f64 / denominator as f64).sin_cos();
    [cos as f32, -sin as f32]
}

struct AddPowers<'a> {
    fft: &'a LaneFft,
    samples: &'a [Frame],
    bins: Range<usize>,
    first: bool,
    powers: &'a mut [Frame],
    front: &'a mut [Frame],
    back: &'a mut [Frame],
}

impl WithSimd for AddPowers<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { fft, samples, bins, first: is_first, powers, front, back } = self;
        let samples = S::as_simd_f32s(samples.as_flattened()).0;
        let powers = S::as_mut_simd_f32s(powers.as_flattened_mut()).0;
        let mut from = S::as_mut_simd_f32s(front.as_flattened_mut()).0;
        let mut to = S::as_mut_simd_f32s(back.as_flattened_mut()).0;
        let [first, middle @ ..] = fft.passes.as_slice() else { return };
        first_pass(simd, samples, &fft.window, &first.twiddles, from);
        let mut stride = first.radix;
        for pass in middle {
            match pass.radix {
                4 => middle_pass::<S, Radix4, 4>(simd, from, to, &pass.twiddles, stride),
                _ => middle_pass::<S, Radix8, 8>(simd, from, to, &pass.twiddles, stride),
            }
            stride *= pass.radix;
            std::mem::swap(&mut from, &mut to);
        }
        match fft.last {
            4 => last_pass::<S, Radix4, 4>(simd, from, to),
            _ => last_pass::<S, Radix8, 8>(simd, from, to),
        }
        untangle(simd, to, &fft.untangle, bins, is_first, powers);
    }
}

/// Registers in a frame.
const fn registers<S: Simd>() -> usize {
    LANES / S::F32_LANES
}

#[inline(always)]
fn first_pass<S: Simd>(
    simd: S,
    samples: &[S::f32s],
    window: &[f32],
    twiddles: &[[[f32; 2]; 7]],
    to: &mut [S::f32s],
) {
    let width = 2 * registers::<S>();
    let part = samples.len() / FIRST;
    let inputs: [&[S::f32s]; FIRST] = std::array::from_fn(|r| &samples[r * part..][..part]);
    let weights: [&[f32]; FIRST] =
        std::array::from_fn(|r| &window[r * twiddles.len() * 2..][..twiddles.len() * 2]);
    for ((p, twiddles), to) in twiddles.iter().enumerate().zip(to.chunks_exact_mut(FIRST * width)) {
        let zero = simd.splat_f32s(0.0);
        for h in 0..registers::<S>() {
            let mut points = [Complex { re: zero, im: zero }; FIRST];
            for r in 0..FIRST {
                let at = p * width + h;
                points[r].re = simd.mul_f32s(inputs[r][at], simd.splat_f32s(weights[r][2 * p]));
                points[r].im =
                    simd.mul_f32s(inputs[r][at + registers::<S>()], simd.splat_f32s(weights[r][2 * p + 1]));
            }
            let points = Radix8::apply(simd, points);
            for k in 0..FIRST {
                let point = if k == 0 { points[0] } else { turned(simd, points[k], twiddles[k - 1]) };
                to[k * width + h] = point.re;
                to[k * width + registers::<S>() + h] = point.im;
            }
        }
    }
}

#[inline(always)]
fn middle_pass<S: Simd, B: Butterfly<R>, const R: usize>(
    simd: S,
    from: &[S::f32s],
    to: &mut [S::f32s],
    twiddles: &[[[f32; 2]; 7]],
    stride: usize,
) {
    let span = stride * 2 * registers::<S>();
    let part = from.len() / R;
    for ((p, twiddles), to) in twiddles.iter().enumerate().zip(to.chunks_exact_mut(R * span)) {
        let inputs: [&[S::f32s]; R] = std::array::from_fn(|r| &from[r * part + p * span..][..span]);
        butterflies::<S, B, R>(simd, inputs, to, Some(twiddles));
    }
}

#[inline(always)]
fn last_pass<S: Simd, B: Butterfly<R>, const R: usize>(simd: S, from: &[S::f32s], to: &mut [S::f32s]) {
    let part = from.len() / R;
    let inputs: [&[S::f32s]; R] = std::array::from_fn(|r| &from[r * part..][..part]);
    butterflies::<S, B, R>(simd, inputs, to, None);
}

/// The butterflies that share their factors: point r of each in `inputs[r]`, results R apart in `to`.
#[inline(always)]
fn butterflies<S: Simd, B: Butterfly<R>, const R: usize>(
    simd: S,
    inputs: [&[S::f32s]; R],
    to: &mut [S::f32s],
    twiddles: Option<&[[f32; 2]; 7]>,
) {
    let zero = simd.splat_f32s(0.0);
    let half = registers::<S>();
    let span = inputs[0].len();
    let mut chunks = to.chunks_exact_mut(span);
    let outputs: [&mut [S::f32s]; R] = std::array::from_fn(|_| chunks.next().unwrap_or_default());
    for at in (0..span).step_by(2 * half) {
        for at in at..at + half {
            let mut points = [Complex { re: zero, im: zero }; R];
            for r in 0..R {
                points[r] = Complex { re: inputs[r][at], im: inputs[r][at + half] };
            }
            let points = B::apply(simd, points);
            for k in 0..R {
                let point = match twiddles {
                    Some(twiddles) if k > 0 => turned(simd, points[k], twiddles[k - 1]),
                    _ => points[k],
                };
                outputs[k][at] = point.re;
                outputs[k][at + half] = point.im;
            }
        }
    }
}

/// `|X[k]|^2` from the transform Z of the packed samples:
/// `X[k] = (Z[k] + conj Z[n-k]) / 2 - i/2 exp(-2 pi i k / nfft) (Z[k] - conj Z[n-k])`, n = nfft / 2.
#[inline(always)]
fn untangle<S: Simd>(
    simd: S,
    packed: &[S::f32s],
    roots: &[[f32; 2]],
    bins: Range<usize>,
    first: bool,
    powers: &mut [S::f32s],
) {
    let half = registers::<S>();
    let width = 2 * half;
    let points = packed.len() / width;
    let quarter = simd.splat_f32s(0.25);
    for ((k, root), powers) in bins.clone().zip(&roots[bins]).zip(powers.chunks_exact_mut(half)) {
        let a = &packed[(k & (points - 1)) * width..][..width];
        let b = &packed[((points - k) & (points - 1)) * width..][..width];
        for h in 0..half {
            let even = Complex { re: simd.add_f32s(a[h], b[h]), im: simd.sub_f32s(a[half + h], b[half + h]) };
            // -i (Z[k] - conj Z[n-k])
            let odd = Complex { re: simd.add_f32s(a[half + h], b[half + h]), im: simd.sub_f32s(b[h], a[h]) };
            let odd = turned(simd, odd, *root);
            let re = simd.add_f32s(even.re, odd.re);
            let im = simd.add_f32s(even.im, odd.im);
            let power = simd.mul_add_e_f32s(re, re, simd.mul_f32s(im, im));
            let before = if first { simd.splat_f32s(0.0) } else { powers[h] };
            powers[h] = simd.mul_add_e_f32s(power, quarter, before);
        }
    }
}

#[cfg(test)]
mod tests {
    use realfft::RealFftPlanner;

    use super::*;

    /// Every instruction set that this machine has.
    fn arches() -> Vec<Arch> {
        let mut arches = vec![Arch::Scalar, Arch::new()];
        #[cfg(target_arch = "x86_64")]
        arches.extend(pulp::x86::V3::try_new().map(Arch::V3));
        arches
    }

    fn noise(nfft: usize) -> Frames {
        let mut frames = Frames::new(nfft);
        let mut state = 7_u32;
        for value in frames.all_mut().as_flattened_mut() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *value = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
        }
        frames
    }

    /// The amplitudes of one lane, computed in `f64` by another library.
    fn expected(frames: &[Frame], lane: usize) -> Vec<f64> {
        let nfft = frames.len();
        let fft = RealFftPlanner::<f64>::new().plan_fft_forward(nfft);
        let mut input: Vec<_> = (0..nfft)
            .map(|n| f64::from(frames[n][lane]) * (0.5 - 0.5 * (TAU * n as f64 / nfft as f64).cos()))
            .collect();
        let mut output = fft.make_output_vec();
        fft.process(&mut input, &mut output).unwrap();
        let one_sided = |bin| if bin == 0 || bin == nfft / 2 { 1.0 } else { 2.0 };
        output.iter().enumerate().map(|(bin, x)| x.norm() * one_sided(bin) / (nfft as f64 / 2.0)).collect()
    }

    #[test]
    fn every_length_equals_another_library_on_every_instruction_set() {
        for nfft in (7..=16).map(|e| 1 << e) {
            let frames = noise(nfft);
            let expected = [0, 5, LANES - 1].map(|lane| (lane, expected(frames.all(), lane)));
            for arch in arches() {
                let fft = LaneFft { arch, ..LaneFft::new(nfft) };
                let bins = nfft / 2 + 1;
                let mut powers = Frames::new(bins);
                fft.add_powers(frames.all(), 0..bins, true, powers.all_mut(), &mut LaneScratch::default());
                let values = fft.amplitudes(powers.all(), 0, 1, 0..LANES);
                for (lane, expected) in &expected {
                    let largest = expected.iter().copied().fold(0.0, f64::max);
                    for (bin, expected) in expected.iter().enumerate() {
                        let value = f64::from(values[lane * bins + bin]);
                        let tolerance = 1e-5 * expected + 1e-6 * largest;
                        assert!(
                            (value - expected).abs() < tolerance,
                            "{nfft}, lane {lane}, bin {bin}: {value}, {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_band_is_a_part_of_the_whole() {
        let (nfft, frames) = (512, noise(512));
        let fft = LaneFft::new(nfft);
        let mut scratch = LaneScratch::default();
        let mut amplitudes = |bins: Range<usize>, lanes: Range<usize>| {
            let mut powers = Frames::new(bins.len());
            fft.add_powers(frames.all(), bins.clone(), true, powers.all_mut(), &mut scratch);
            fft.amplitudes(powers.all(), bins.start as u32, 1, lanes)
        };
        let whole = amplitudes(0..257, 0..LANES);
        for (bins, lanes) in
            [(0..1, 0..LANES), (256..257, 3..4), (13..47, 0..LANES), (100..257, 2..9), (5..5, 0..3)]
        {
            let part: Vec<_> =
                lanes.clone().flat_map(|lane| whole[lane * 257..][bins.clone()].to_vec()).collect();
            assert_eq!(amplitudes(bins, lanes), part);
        }
    }

    #[test]
    fn powers_of_windows_are_averaged() {
        let (nfft, frames) = (128, noise(128));
        let fft = LaneFft::new(nfft);
        let mut scratch = LaneScratch::default();
        let mut silence = Frames::new(nfft);
        silence.all_mut().fill([0.0; LANES]);
        let mut powers = Frames::new(65);
        fft.add_powers(frames.all(), 0..65, true, powers.all_mut(), &mut scratch);
        let one = fft.amplitudes(powers.all(), 0, 1, 0..LANES);
        for _ in 0..3 {
            fft.add_powers(silence.all(), 0..65, false, powers.all_mut(), &mut scratch);
        }
        let four = fft.amplitudes(powers.all(), 0, 4, 0..LANES);
        assert!(one.iter().zip(&four).all(|(one, four)| (one / 2.0 - four).abs() <= 1e-6 * one));
    }
}

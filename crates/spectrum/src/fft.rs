//! The Fourier transform of [`LANES`](crate::LANES) channels at once.
//!
//! Every sample is a [`Frame`]: the value of 16 neighbouring channels. One butterfly on frames is the same
//! butterfly on 16 channels, so each instruction of a SIMD register does useful work, nothing is shuffled,
//! twiddle factors are shared, and time-major blocks are read as they arrive. That is why this exists
//! beside `realfft`, which transforms one channel at a time and needs the samples channel-major:
//! see `benches/throughput.rs` for both on the same machine. All lengths go this way, also for the sake of a single
//! channel: 16 lanes of 65536 samples take about half a millisecond.
//!
//! A real transform of N points is a complex one of N/2 points, even samples as real and odd ones as
//! imaginary parts, untangled afterwards (Press et al., "Numerical Recipes", 3rd ed., section 12.3.2).
//! The complex one decimates in frequency, in place, radix 8 and 4 (Van Loan,
//! "Computational Frameworks for the Fast Fourier Transform"): see [`crate::passes`] for the order of the work.

use std::f64::consts::TAU;
use std::ops::Range;

use pulp::Arch;

use crate::amplitudes::Amplitudes;
use crate::history::Window;
use crate::lanes::{Frame, Frames};
use crate::passes::{AddPowers, FIRST, Pass};
use crate::window::{amplitude_scale, hann};

/// A plan for windows of `nfft` samples, a power of two from 128.
pub(crate) struct LaneFft {
    nfft: usize,
    arch: Arch,
    passes: Passes,
    /// What turns the power of each bin into the square of its amplitude.
    factors: Vec<f32>,
}

/// What the passes need.
pub(crate) struct Passes {
    /// Weights of an even and an odd sample each.
    pub(crate) window: Vec<[f32; 2]>,
    /// The first splits the points into [`FIRST`] blocks, the next ones each block.
    pub(crate) first: Pass,
    pub(crate) next: Vec<Pass>,
    /// Radix of the last pass, which needs no factors.
    pub(crate) last: usize,
    /// Points from one block to the next: one more than it has, so that they do not share cache sets.
    pub(crate) stride: usize,
    /// Where each frequency of the complex transform ends up.
    pub(crate) places: Vec<u32>,
    /// `exp(-2 pi i k / nfft)` for k up to `nfft / 2`.
    pub(crate) untangle: Vec<[f32; 2]>,
}

/// Working memory of one thread.
#[derive(Default)]
pub(crate) struct LaneScratch {
    points: Frames,
}

impl Passes {
    fn new(nfft: usize) -> Self {
        let points = nfft / 2;
        let block = points / FIRST;
        let mut radices = Vec::new();
        let mut rest = block;
        while rest > 1 {
            // 2^e: eights as long as no lone 2 remains.
            let radix = if rest == 4 || rest == 16 { 4 } else { 8 };
            radices.push(radix);
            rest /= radix;
        }
        let stride = block + 1;
        let place = |frequency: usize| {
            let (mut place, mut rest, mut length) = (0, frequency / FIRST, block);
            for radix in &radices {
                length /= radix;
                place += rest % radix * length;
                rest /= radix;
            }
            (frequency % FIRST * stride + place) as u32
        };
        let places = (0..points).map(place).collect();
        let last = radices.pop().unwrap_or(FIRST);
        let mut length = block;
        let next = radices.iter().map(|&radix| {
            let pass = Pass::new(length, radix);
            length /= radix;
            pass
        });
        Self {
            window: hann(nfft).as_chunks().0.to_vec(),
            first: Pass::new(points, FIRST),
            next: next.collect(),
            last,
            stride,
            places,
            untangle: (0..=points).map(|k| root(k, nfft)).collect(),
        }
    }
}

impl Pass {
    fn new(length: usize, radix: usize) -> Self {
        let twiddles = (0..length / radix)
            .map(|p| std::array::from_fn(|k| root(p * (k + 1) % length, length)))
            .collect();
        Self { length, radix, twiddles }
    }
}

impl LaneFft {
    pub(crate) fn new(nfft: usize) -> Self {
        assert!(nfft.is_power_of_two() && nfft >= 128, "nfft {nfft} is no power of two from 128");
        Self {
            nfft,
            arch: Arch::new(),
            passes: Passes::new(nfft),
            factors: (0..=nfft / 2).map(|bin| amplitude_scale(nfft, bin).powi(2)).collect(),
        }
    }

    pub(crate) fn nfft(&self) -> usize {
        self.nfft
    }

    /// One-sided amplitudes of `lanes` from the sum of the powers of `windows` windows, of which the first is bin
    /// `first`: lane by lane, bins ascending, in `room`, whatever that held.
    pub(crate) fn amplitudes(
        &self,
        powers: &[Frame],
        first: u32,
        windows: i64,
        lanes: Range<usize>,
        mut room: Vec<f32>,
    ) -> Vec<f32> {
        room.resize(powers.len() * lanes.len(), 0.0);
        let factors = &self.factors[first as usize..][..powers.len()];
        let share = 1.0 / windows as f32;
        self.arch.dispatch(Amplitudes { powers, factors, share, lanes, values: &mut room });
        room
    }

    /// `|X|^2` of each of `bins` for one window of `nfft` frames: added to `powers`, or instead of them if this
    /// is the `first` window.
    pub(crate) fn add_powers(
        &self,
        samples: Window<'_>,
        bins: Range<usize>,
        first: bool,
        powers: &mut [Frame],
        scratch: &mut LaneScratch,
    ) {
        let points = scratch.points.at_least(2 * FIRST * self.passes.stride).as_chunks_mut().0;
        self.arch.dispatch(AddPowers { passes: &self.passes, samples, bins, first, powers, points });
    }
}

/// `exp(-2 pi i numerator / denominator)`.
fn root(numerator: usize, denominator: usize) -> [f32; 2] {
    let (sin, cos) = (TAU * numerator as f64 / denominator as f64).sin_cos();
    [cos as f32, -sin as f32]
}

#[cfg(test)]
mod tests {
    use realfft::RealFftPlanner;

    use super::*;
    use crate::LANES;

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

    /// In two parts, which begin anywhere.
    fn window(frames: &Frames) -> Window<'_> {
        let (head, tail) = frames.all().split_at(77);
        Window { head, tail }
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
                fft.add_powers(window(&frames), 0..bins, true, powers.all_mut(), &mut LaneScratch::default());
                let values = fft.amplitudes(powers.all(), 0, 1, 0..LANES, Vec::new());
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
            fft.add_powers(window(&frames), bins.clone(), true, powers.all_mut(), &mut scratch);
            fft.amplitudes(powers.all(), bins.start as u32, 1, lanes, vec![7.0; 99])
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
        fft.add_powers(window(&frames), 0..65, true, powers.all_mut(), &mut scratch);
        let one = fft.amplitudes(powers.all(), 0, 1, 0..LANES, Vec::new());
        for _ in 0..3 {
            fft.add_powers(window(&silence), 0..65, false, powers.all_mut(), &mut scratch);
        }
        let four = fft.amplitudes(powers.all(), 0, 4, 0..LANES, Vec::new());
        assert!(one.iter().zip(&four).all(|(one, four)| (one / 2.0 - four).abs() <= 1e-6 * one));
    }
}

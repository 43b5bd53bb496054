//! Samples in, rows out: windows, Fourier transforms, bands, averaging. Pure and fast.
//!
//! A [`Spectrograph`] takes the [`Block`](focus_core::Block)s of one fibre as they come, of any size, and gives
//! [`Row`]s: amplitude spectra, or the root mean square, of every channel that is wanted.
//!
//! Blocks are time-major, and stay so: [`LANES`] neighbouring channels (a *strip*) are transformed side by side
//! in the lanes of SIMD registers, AVX-512, AVX2 or NEON as found at run time.

#![expect(
    clippy::inline_always,
    reason = "code is compiled for an instruction set by being inlined into pulp's entry"
)]

mod amplitudes;
mod butterfly;
mod continuity;
mod fft;
mod grid;
mod history;
mod lanes;
mod passes;
mod rms;
mod row;
mod spectrograph;
mod stage;
mod strip;
mod transform;
mod window;

pub use lanes::LANES;
pub use row::Row;
pub use spectrograph::Spectrograph;
pub use transform::Transform;

use std::f64::consts::TAU;

/// A Hann window of `nfft` points, `w[n] = (1 - cos(2 pi n / nfft)) / 2`.
///
/// Periodic, as spectra want it (`scipy.signal.windows.hann(nfft, sym=False)`): its sum is exactly
/// `nfft / 2`, and a sine on a bin centre leaks into the two neighbouring bins only.
pub(crate) fn hann(nfft: usize) -> Vec<f32> {
    (0..nfft).map(|n| (0.5 - 0.5 * (TAU * n as f64 / nfft as f64).cos()) as f32).collect()
}

/// What `|X|` of bin `bin` is multiplied by for a sine of amplitude A on its centre to show A.
///
/// A real sine puts half of its amplitude at the positive frequency, hence `2 / sum(w)`; DC and Nyquist
/// are their own mirror images, hence `1 / sum(w)` (Heinzel et al. 2002, "Spectrum and spectral density
/// estimation by the DFT").
pub(crate) fn amplitude_scale(nfft: usize, bin: usize) -> f32 {
    let sum = nfft as f32 / 2.0;
    if bin == 0 || bin == nfft / 2 { 1.0 / sum } else { 2.0 / sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hann_is_periodic_and_sums_to_half_its_length() {
        for nfft in [128, 1024, 65_536] {
            let window = hann(nfft);
            assert!(window[0].abs() < f32::EPSILON && (window[nfft / 2] - 1.0).abs() < f32::EPSILON);
            let sum: f64 = window.iter().map(|&w| f64::from(w)).sum();
            assert!((sum - nfft as f64 / 2.0).abs() < 1e-3, "{nfft}: {sum}");
        }
    }
}

use super::Scene;

/// Standard deviation of the optical noise in the quietest stretch, nm/m/s.
const QUIET: f64 = 10.0;
/// Share of it that all channels have in common: the laser's own.
const COMMON: f32 = 3.0;
/// Standard deviation of the sum of four independent random bytes.
const BYTES_DEVIATION: f32 = 147.8;

/// Optical noise: strong near the unit, quiet behind, and growing with the distance that light has travelled.
#[derive(Clone, Debug)]
pub(super) struct Noise {
    seed: u64,
    keys: Vec<u32>,
    amplitudes: Vec<f32>,
}

impl Noise {
    pub(super) fn new(scene: &Scene) -> Self {
        let share = |channel| f64::from(channel) / f64::from(scene.channels);
        let amplitude =
            |channel| QUIET * (1.0 + 8.0 * (-share(channel) / 0.02).exp() + 2.0 * share(channel).powi(2));
        Self {
            seed: scene.seed,
            keys: (0..scene.channels).map(|channel| key(scene.seed, u64::from(channel))).collect(),
            amplitudes: (0..scene.channels).map(|channel| amplitude(channel) as f32).collect(),
        }
    }

    /// Sets one instant of all channels.
    pub(super) fn fill(&self, sample: u64, row: &mut [f32]) {
        // Another half of the seed's numbers than the channels' keys.
        let instant = key(!self.seed, sample);
        let common = COMMON * gaussian(instant);
        for ((value, key), amplitude) in row.iter_mut().zip(&self.keys).zip(&self.amplitudes) {
            *value = common + amplitude * gaussian(hash32(key ^ instant));
        }
    }
}

/// A random number for each pair.
pub(super) fn key(seed: u64, number: u64) -> u32 {
    (hash64(seed ^ hash64(number)) >> 32) as u32
}

/// A mixing of 32 bits that is a permutation and passes as random (Wellons' lowbias32).
pub(super) fn hash32(mut bits: u32) -> u32 {
    bits ^= bits >> 16;
    bits = bits.wrapping_mul(0x7feb_352d);
    bits ^= bits >> 15;
    bits = bits.wrapping_mul(0x846c_a68b);
    bits ^ (bits >> 16)
}

/// The same for 64 bits (the output function of `SplitMix64`).
pub(super) fn hash64(bits: u64) -> u64 {
    let mut bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Nearly normally distributed with deviation 1: the sum of the four bytes of random bits.
pub(super) fn gaussian(bits: u32) -> f32 {
    let pairs = (bits & 0x00ff_00ff) + ((bits >> 8) & 0x00ff_00ff);
    let sum = (pairs & 0xffff) + (pairs >> 16);
    (sum as f32 - 510.0) * (1.0 / BYTES_DEVIATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_nearly_normal_and_independent() {
        let values: Vec<f64> = (0..100_000).map(|number| f64::from(gaussian(key(5, number)))).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let power =
            |lag: usize| mean(&values[lag..].iter().zip(&values).map(|(a, b)| a * b).collect::<Vec<_>>());
        assert!(mean(&values).abs() < 0.01);
        assert!((power(0) - 1.0).abs() < 0.02, "{}", power(0));
        assert!((1..20).all(|lag| power(lag).abs() < 0.02));
        let within = values.iter().filter(|value| value.abs() < 1.0).count();
        assert!((66_000..70_500).contains(&within), "{within}");
    }
}

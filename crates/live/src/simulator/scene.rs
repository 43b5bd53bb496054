use super::noise::hash64;

/// What to simulate. The same scene gives the same samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    /// How many channels, 1 to 1 048 576.
    pub channels: u32,
    /// Samples per second and channel, Hz; above 0, at most 1 MHz.
    pub sampling_rate: f64,
    /// Distance between channels, metres; above 0.
    pub dx: f64,
    /// Decides where everything is and every value of the noise.
    pub seed: u64,
}

impl Default for Scene {
    fn default() -> Self {
        Self { channels: 1000, sampling_rate: 1000.0, dx: 5.0, seed: 1 }
    }
}

/// A scene that cannot be simulated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field} is {value}, but must be {rule}")]
pub struct InvalidScene {
    /// The field at fault.
    pub field: &'static str,
    /// Its value.
    pub value: f64,
    /// What it must be.
    pub rule: &'static str,
}

impl Scene {
    pub(super) fn check(&self) -> Result<(), InvalidScene> {
        let rules = [
            ("channels", f64::from(self.channels), 1.0, f64::from(1 << 20), "1 to 1048576"),
            ("sampling_rate", self.sampling_rate, f64::MIN_POSITIVE, 1e6, "above 0 and at most 1e6 Hz"),
            ("dx", self.dx, f64::MIN_POSITIVE, 1e6, "above 0 and at most 1e6 m"),
        ];
        match rules.into_iter().find(|&(_, value, least, most, _)| !(least..=most).contains(&value)) {
            Some((field, value, _, _, rule)) => Err(InvalidScene { field, value, rule }),
            None => Ok(()),
        }
    }

    /// Length of the fibre, metres.
    pub(super) fn length(&self) -> f64 {
        f64::from(self.channels) * self.dx
    }

    /// A number in `least..most` that the seed and the name decide.
    pub(super) fn place(&self, name: &str, least: f64, most: f64) -> f64 {
        let key = name.bytes().fold(self.seed, |key, byte| hash64(key ^ u64::from(byte)));
        least + (most - least) * (hash64(key) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

use serde::{Deserialize, Serialize};

use crate::{ChannelRange, DataType};

/// The sensing cable and how it is sampled, as its source describes it.
///
/// What the source does not say is `None`: nothing is guessed. Serialises to the field names of the
/// clients' contract, unknown values as null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fibre {
    /// Laser pulses per second, Hz. Not the rate of the samples.
    #[serde(rename = "prr")]
    pub pulse_rate: Option<f64>,
    /// Output samples per second and channel, Hz; finite and above 0. Nyquist is half of it.
    pub sampling_rate: f64,
    /// Distance between neighbouring channels, metres.
    pub dx: Option<f64>,
    /// Gauge length, metres.
    #[serde(rename = "gauge_length_meters")]
    pub gauge_length: Option<f64>,
    /// How many channels there are; at least 1. They are numbered from 1.
    #[serde(rename = "number_of_channels")]
    pub channels: u32,
    /// Distance along the fibre of channel 1, metres.
    #[serde(rename = "fiber_start_meters")]
    pub start: Option<f64>,
    /// Length of the sensed fibre, metres.
    #[serde(rename = "fiber_length_meters")]
    pub length: Option<f64>,
    /// Raw samples that the interrogator takes from each pulse's trace.
    #[serde(rename = "num_samples_per_trace")]
    pub samples_per_trace: Option<u32>,
    /// Type of one sample as the source has it.
    #[serde(rename = "dtype")]
    pub data_type: DataType,
    /// Unit of one sample, e.g. `nm/m/s`.
    pub unit: Option<String>,
    /// Software of the interrogator or of the file's writer.
    #[serde(rename = "sw_version")]
    pub software: Option<String>,
    /// What the owner calls this fibre.
    #[serde(rename = "fiber_description")]
    pub description: Option<String>,
}

impl Fibre {
    /// All channels.
    ///
    /// # Panics
    /// Never for a fibre that keeps its promise of at least one channel.
    #[must_use]
    pub fn all_channels(&self) -> ChannelRange {
        ChannelRange::new(1, self.channels).expect("a fibre has at least one channel")
    }

    /// Highest frequency that the samples can carry, Hz.
    #[must_use]
    pub fn nyquist(&self) -> f64 {
        self.sampling_rate / 2.0
    }
}

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

    /// What keeps the samples of two fibres out of one picture: its name, and its value here and in `other`.
    ///
    /// `None` when they can follow each other: then they have the same channels, sampling rate, data type and unit, and
    /// nothing that both know of their channel distances and gauge length differs: of formats that tell less than others
    /// nothing is guessed. What the fibre is called, and by which software it was recorded, does not matter.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        type Text = fn(&Fibre) -> String;
        type Metres = fn(&Fibre) -> Option<f64>;
        let same: [(&'static str, Text); 4] = [
            ("the number of channels", |fibre| fibre.channels.to_string()),
            ("the sampling rate", |fibre| fibre.sampling_rate.to_string()),
            ("the sample type", |fibre| format!("{:?}", fibre.data_type)),
            ("the unit", |fibre| {
                fibre.unit.as_ref().map_or_else(|| "unknown".into(), |unit| format!("{unit:?}"))
            }),
        ];
        let known: [(&'static str, Metres); 3] = [
            ("the distance between channels", |fibre| fibre.dx),
            ("the distance of channel 1", |fibre| fibre.start),
            ("the gauge length", |fibre| fibre.gauge_length),
        ];
        let same = same.into_iter().map(|(what, text)| (what, text(self), text(other)));
        let known = known
            .into_iter()
            .filter_map(|(what, metres)| Some((what, metres(self)?.to_string(), metres(other)?.to_string())));
        same.chain(known).find(|(_, here, there)| here != there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_stand_in_one_picture_is_named() {
        let fibre = Fibre {
            pulse_rate: None,
            sampling_rate: 100.0,
            dx: Some(1.0),
            gauge_length: Some(10.0),
            channels: 3,
            start: Some(7.0),
            length: None,
            samples_per_trace: None,
            data_type: DataType::Int16,
            unit: Some("rad".into()),
            software: None,
            description: None,
        };
        for (other, what) in [
            (Fibre { channels: 4, ..fibre.clone() }, "the number of channels"),
            (Fibre { sampling_rate: 99.0, ..fibre.clone() }, "the sampling rate"),
            (Fibre { data_type: DataType::Int32, ..fibre.clone() }, "the sample type"),
            (Fibre { dx: Some(2.0), ..fibre.clone() }, "the distance between channels"),
            (Fibre { start: Some(0.0), ..fibre.clone() }, "the distance of channel 1"),
            (Fibre { gauge_length: Some(5.0), ..fibre.clone() }, "the gauge length"),
            (Fibre { unit: None, ..fibre.clone() }, "the unit"),
        ] {
            assert_eq!(fibre.difference(&other).unwrap().0, what);
        }
        let named = ("the unit", "\"rad\"".to_owned(), "unknown".to_owned());
        assert_eq!(fibre.difference(&Fibre { unit: None, ..fibre.clone() }), Some(named));
        let renamed = Fibre {
            pulse_rate: Some(1e4),
            length: Some(3.0),
            samples_per_trace: Some(7),
            software: Some("2".into()),
            description: Some("renamed".into()),
            ..fibre.clone()
        };
        assert_eq!(fibre.difference(&renamed), None);
        let told_less = Fibre { dx: None, start: None, gauge_length: None, ..fibre.clone() };
        assert_eq!((fibre.difference(&told_less), told_less.difference(&fibre)), (None, None));
    }
}

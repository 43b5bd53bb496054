use focus_core::{DataType, Fibre};
use serde::Serialize;
use utoipa::ToSchema;

const WAITING: &str = "waiting for fiber";

/// The sensing cable and how it is sampled. What its source does not say is null: nothing is guessed.
///
/// While no fibre is connected, `prr` and `dx` are 0, `sw_version` and `fiber_description` say `waiting for fiber`,
/// and the rest is null.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct FibreBody {
    /// Laser pulses per second, Hz. Not the rate of the samples. 0: no fibre is connected.
    #[schema(example = 2000.0)]
    prr: Option<f64>,
    /// Output samples per second and channel; Nyquist is half of it.
    #[schema(example = 500.0)]
    sampling_rate: Option<f64>,
    /// Metres between neighbouring channels.
    #[schema(example = 1.02)]
    dx: Option<f64>,
    /// Gauge length, metres.
    #[schema(example = 10.0)]
    gauge_length_meters: Option<f64>,
    /// How many channels there are, numbered from 1.
    #[schema(example = 500)]
    number_of_channels: Option<u32>,
    /// Distance along the fibre of channel 1, metres.
    #[schema(example = 0.0)]
    fiber_start_meters: Option<f64>,
    /// Length of the sensed fibre, metres.
    #[schema(example = 510.0)]
    fiber_length_meters: Option<f64>,
    /// Raw samples that the interrogator takes from each pulse's trace.
    num_samples_per_trace: Option<u32>,
    /// Type of one sample as the source has it: `int16`, `int32` or `float32`.
    #[schema(value_type = Option<String>, example = "int16")]
    dtype: Option<DataType>,
    /// Unit of one sample.
    #[schema(example = "nm/m/s")]
    unit: Option<String>,
    /// Software of the interrogator or of the file's writer.
    sw_version: Option<String>,
    /// What the owner calls this fibre.
    #[schema(example = "PoroTomo DASH")]
    fiber_description: Option<String>,
}

impl FibreBody {
    /// While no fibre is connected.
    pub(crate) fn waiting() -> Self {
        Self {
            prr: Some(0.0),
            sampling_rate: None,
            dx: Some(0.0),
            gauge_length_meters: None,
            number_of_channels: None,
            fiber_start_meters: None,
            fiber_length_meters: None,
            num_samples_per_trace: None,
            dtype: None,
            unit: None,
            sw_version: Some(WAITING.to_owned()),
            fiber_description: Some(WAITING.to_owned()),
        }
    }
}

impl From<&Fibre> for FibreBody {
    fn from(fibre: &Fibre) -> Self {
        Self {
            prr: fibre.pulse_rate,
            sampling_rate: Some(fibre.sampling_rate),
            dx: fibre.dx,
            gauge_length_meters: fibre.gauge_length,
            number_of_channels: Some(fibre.channels),
            fiber_start_meters: fibre.start,
            fiber_length_meters: fibre.length,
            num_samples_per_trace: fibre.samples_per_trace,
            dtype: Some(fibre.data_type),
            unit: fibre.unit.clone(),
            sw_version: fibre.software.clone(),
            fiber_description: fibre.description.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fibre_is_described_as_core_writes_it() {
        let fibre = Fibre {
            pulse_rate: Some(2000.0),
            sampling_rate: 500.0,
            dx: Some(1.02),
            gauge_length: Some(10.0),
            channels: 500,
            start: None,
            length: Some(510.0),
            samples_per_trace: Some(4096),
            data_type: DataType::Int16,
            unit: Some("nm/m/s".to_owned()),
            software: None,
            description: Some("PoroTomo".to_owned()),
        };
        let ours = serde_json::to_string(&FibreBody::from(&fibre)).unwrap();
        assert_eq!(ours, serde_json::to_string(&fibre).unwrap());
    }
}

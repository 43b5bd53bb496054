//! Silixa iDAS: one HDF5 dataset `Acoustic`, times by channels; its attributes are the header, as texts.

use std::path::Path;

use focus_core::Fibre;
use hdf5_reader::Hdf5File;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::error::Problem;
use crate::file::{distance, place, sampling_rate};
use crate::hdf5::{Attributes, Axes, Matrix, MatrixFile, dataset, required};
use crate::{Header, Segment};

const DATA: &str = "Acoustic";
const RATE: &str = "SamplingFrequency[Hz]";

/// Whether a file says that it is one.
pub(crate) fn recognises(file: &Hdf5File) -> bool {
    let attributes = dataset(file, DATA).and_then(|data| Attributes::of_dataset(&data));
    attributes.is_ok_and(|attributes| attributes.has(RATE))
}

pub(crate) fn read(path: &Path, file: &Hdf5File) -> Result<MatrixFile, Problem> {
    let data = Matrix::new(DATA, dataset(file, DATA)?, Axes::TimeFirst)?;
    let attributes = data.attributes()?;
    let rate = sampling_rate(RATE, required(RATE, positive(&attributes, RATE)?)?)?;
    let (field, start) = start_time(&attributes)?;
    let dx = channel_distance(&attributes)?;
    let version = attributes.text("iDASVersion")?;
    let fibre = Fibre {
        pulse_rate: None,
        sampling_rate: rate,
        dx,
        gauge_length: distance("GaugeLength", number(&attributes, "GaugeLength")?)?,
        channels: data.channels(),
        start: first_distance(&attributes, dx, data.channels())?,
        length: dx.map(|dx| f64::from(data.channels()) * dx),
        samples_per_trace: None,
        data_type: data.data_type(),
        // The file does not say what its counts are.
        unit: None,
        software: version.as_ref().map(|version| format!("iDAS {version}")),
        description: attributes.text("Tags")?,
    };
    let segment = Segment::new(field, start, data.samples(), rate)?;
    let format = format!("Silixa iDAS {}", version.as_deref().unwrap_or("of unknown version"));
    Ok(MatrixFile::new(path, Header { format, fibre, segments: vec![segment] }, data))
}

/// A number, written as text, that may be absent.
fn number(attributes: &Attributes, name: &str) -> Result<Option<f64>, Problem> {
    let parse = |text: String| {
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| Problem::field(name, format!("`{text}` is not a number")))
    };
    attributes.text(name)?.map(parse).transpose()
}

/// A number above 0, written as text, that may be absent.
fn positive(attributes: &Attributes, name: &str) -> Result<Option<f64>, Problem> {
    match number(attributes, name)? {
        Some(number) if number <= 0.0 => {
            Err(Problem::field(name, format!("{number} is not a positive number")))
        }
        number => Ok(number),
    }
}

/// When the first sample was taken, by the satellites' clock if there was one, and the field that says it.
fn start_time(attributes: &Attributes) -> Result<(&'static str, Timestamp), Problem> {
    for field in ["GPSTimeStamp", "CPUTimeStamp"] {
        if let Some(text) = attributes.text(field)? {
            let time = DateTime::strptime("%d/%m/%Y %H:%M:%S%.f (UTC)", &text)
                .and_then(|time| time.to_zoned(TimeZone::UTC))
                .map_err(|_| Problem::field(field, format!("`{text}` is no time in UTC")))?;
            return Ok((field, time.timestamp()));
        }
    }
    Err(Problem::field("GPSTimeStamp", "is missing, and so is CPUTimeStamp"))
}

/// Metres of cable between channels: the instrument counts metres of fibre, which is longer.
fn channel_distance(attributes: &Attributes) -> Result<Option<f64>, Problem> {
    const RESOLUTION: &str = "SpatialResolution[m]";
    let resolution = positive(attributes, RESOLUTION)?;
    let multiplier = positive(attributes, "Fibre Length Multiplier")?;
    distance(RESOLUTION, resolution.zip(multiplier).map(|(resolution, multiplier)| resolution * multiplier))
}

/// Where the first channel is, metres. (`StartPosition[m]` counts the instrument's own fibre.)
fn first_distance(attributes: &Attributes, dx: Option<f64>, channels: u32) -> Result<Option<f64>, Problem> {
    const STOP: &str = "Stop Distance (m)";
    const START: &str = "Start Distance (m)";
    let start = place(START, number(attributes, START)?)?;
    let stop = number(attributes, STOP)?;
    if let (Some(start), Some(stop), Some(dx)) = (start, stop, dx) {
        // Whether the last channel is meant or the end behind it makes 1.
        let intervals = (stop - start) / dx;
        if (intervals - f64::from(channels)).abs() > 1.5 {
            let reason = format!("with {channels} channels every {dx} m from {start} m it is not {stop} m");
            return Err(Problem::field(STOP, reason));
        }
    }
    Ok(start)
}

//! ASN `OptoDAS`, file version 8 and later: the header is many small datasets, the samples are in `data`.
//!
//! A file need not hold every channel of the fibre, nor each one of a stretch (regions of interest, decimation):
//! `header/channels` says which, counted along the fibre in steps of `header/dx`.

use std::path::Path;

use focus_core::{Fibre, sample_offset};
use hdf5_reader::Hdf5File;

use crate::error::Problem;
use crate::file::{distance, place, sampling_rate};
use crate::hdf5::{Axes, Matrix, MatrixFile, Values, dataset, epoch, index, required};
use crate::{Header, Segment};

const FIRST_VERSION: f64 = 8.0;
const DISTANCES: &str = "cableSpec/sensorDistances";

/// Whether a file says that it is one.
pub(crate) fn recognises(file: &Hdf5File) -> bool {
    file.dataset("fileVersion").is_ok() && file.group("header").is_ok() && file.group("cableSpec").is_ok()
}

pub(crate) fn read(path: &Path, file: &Hdf5File) -> Result<MatrixFile, Problem> {
    let values = Values::new(file);
    let version = required("fileVersion", values.number("fileVersion")?)?;
    if version < FIRST_VERSION {
        let reason = format!("{version} is not supported, only {FIRST_VERSION} and later");
        return Err(Problem::field("fileVersion", reason));
    }
    let scale = values.positive("header/dataScale")?.unwrap_or(1.0);
    let data = Matrix::new("data", dataset(file, "data")?, axes(&values)?)?.scaled(scale);
    let times = time_axis(&values, &data)?;
    let (start, dx) = channel_axis(&values, &data)?;
    let fibre = Fibre {
        pulse_rate: None,
        sampling_rate: times.sampling_rate,
        dx,
        gauge_length: distance("header/gaugeLength", values.number("header/gaugeLength")?)?,
        channels: data.channels(),
        start: Some(start),
        length: dx.map(|dx| f64::from(data.channels()) * dx),
        samples_per_trace: None,
        data_type: data.data_type(),
        unit: values.text("header/unit")?,
        software: software(&values)?,
        description: values.text("header/experiment")?,
    };
    let header = Header { format: format!("OptoDAS {version}"), fibre, segments: vec![times] };
    Ok(MatrixFile::new(path, header, data))
}

/// Which axis is first; checks their units.
fn axes(values: &Values) -> Result<Axes, Problem> {
    const NAMES: &str = "header/dimensionNames";
    const UNITS: &str = "header/dimensionUnits";
    let names = required(NAMES, values.texts(NAMES)?)?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (axes, expected) = match names[..] {
        ["time", "distance"] => (Axes::TimeFirst, ["s", "m"]),
        ["distance", "time"] => (Axes::LocusFirst, ["m", "s"]),
        _ => {
            let reason = format!("{names:?} is neither time, distance nor distance, time");
            return Err(Problem::field(NAMES, reason));
        }
    };
    let units = required(UNITS, values.texts(UNITS)?)?;
    if units == expected {
        Ok(axes)
    } else {
        Err(Problem::field(UNITS, format!("{units:?} is not supported, only {expected:?}")))
    }
}

fn time_axis(values: &Values, data: &Matrix) -> Result<Segment, Problem> {
    const DT: &str = "header/dt";
    const TIME: &str = "header/time";
    let dimension = match data.axes() {
        Axes::TimeFirst => 0,
        Axes::LocusFirst => 1,
    };
    let range = |what| format!("header/dimensionRanges/dimension{dimension}/{what}");
    let seconds = required(DT, values.positive(DT)?)?;
    let rate = sampling_rate(DT, 1.0 / seconds)?;
    let unit_scale = range("unitScale");
    match values.number(&unit_scale)? {
        Some(scale) if (scale - seconds).abs() > seconds * 1e-6 => {
            return Err(Problem::field(unit_scale, format!("is {scale} s, but {DT} is {seconds} s")));
        }
        _ => {}
    }
    let size = range("size");
    match values.number(&size)? {
        Some(count) if (count - data.samples() as f64).abs() >= 0.5 => {
            let reason = format!("says {count}, but the data hold {} times", data.samples());
            return Err(Problem::field(size, reason));
        }
        _ => {}
    }
    // `header/time` is the time of the sample with the number 0; a file may begin with a later one.
    let min = range("min");
    let first = index(&min, values.number(&min)?.unwrap_or(0.0))?;
    let start = epoch(TIME, required(TIME, values.number(TIME)?)?)?
        .checked_add(sample_offset(first, rate))
        .map_err(|_| Problem::field(min, format!("sample {first} has no time")))?;
    Segment::new(TIME, start, data.samples(), rate)
}

/// Where the first of the stored channels is, and how far the others are apart if that is always the same, metres.
fn channel_axis(values: &Values, data: &Matrix) -> Result<(f64, Option<f64>), Problem> {
    const CHANNELS: &str = "header/channels";
    const DX: &str = "header/dx";
    let dx = required(DX, distance(DX, values.number(DX)?)?)?;
    let channels = required(CHANNELS, values.numbers(CHANNELS)?)?;
    if channels.len() != data.channels() as usize {
        let reason = format!("lists {}, but the data hold {}", channels.len(), data.channels());
        return Err(Problem::field(CHANNELS, reason));
    }
    // Distances of other sensors than the stored ones do not say where these are.
    let sensors = values.numbers(DISTANCES)?.filter(|sensors| sensors.len() == channels.len());
    let (field, distances) = match sensors {
        Some(sensors) => (DISTANCES, sensors),
        None => (CHANNELS, channels.iter().map(|channel| channel * dx).collect()),
    };
    for end in [distances[0], distances[distances.len() - 1]] {
        place(field, Some(end))?;
    }
    let steps: Vec<f64> = distances.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if !steps.iter().all(|&step| step > 0.0) {
        return Err(Problem::field(field, "does not grow from channel to channel"));
    }
    // Channels are whole numbers of dx, so an equal step differs by rounding alone.
    let step = match steps.first() {
        None => Some(dx),
        Some(&first) => steps.iter().all(|step| (step - first).abs() < dx * 1e-3).then(|| {
            let span = distances[distances.len() - 1] - distances[0];
            span / steps.len() as f64
        }),
    };
    Ok((distances[0], step))
}

fn software(values: &Values) -> Result<Option<String>, Problem> {
    let name = values.text("fileGenerator")?;
    let revision = values.text("versions/DasControl/swRevision")?;
    Ok(match (name, revision) {
        (Some(name), Some(revision)) => Some(format!("{name} {revision}")),
        (name, _) => name,
    })
}

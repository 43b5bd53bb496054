//! Terra15 Treble, file version 4 to 6: attributes at the root, and samples and their times in one group.
//!
//! Room for samples is made in frames. Those that are not occupied are no data.

use std::path::Path;

use focus_core::Fibre;
use hdf5_reader::{Dataset, Hdf5File};
use jiff::Timestamp;

use crate::error::Problem;
use crate::file::{distance, place, sampling_rate};
use crate::hdf5::{Attributes, Axes, Matrix, MatrixFile, dataset, epoch, range, required, slice};
use crate::{Header, Segment};

const VERSION: &str = "file_version";
const OCCUPIED: &str = "nframes_occupied";
/// How much the clock of the stored times may run faster or slower than dT says. Without satellites, 0.06 % was seen.
const CLOCK: f64 = 1e-3;

/// Whether a file says that it is one.
pub(crate) fn recognises(file: &Hdf5File) -> bool {
    let attributes = file.root_group().map_err(Problem::from).and_then(|root| Attributes::of_group(&root));
    attributes.is_ok_and(|root| [VERSION, OCCUPIED, "data_product"].iter().all(|name| root.has(name)))
}

pub(crate) fn read(path: &Path, file: &Hdf5File) -> Result<MatrixFile, Problem> {
    let root = Attributes::of_group(&file.root_group()?)?;
    let version = required(VERSION, root.number(VERSION)?)?;
    let group = match version {
        5.0 | 6.0 => "data_product".to_owned(),
        // It is named by what it holds.
        4.0 => required("data_product", root.text("data_product")?)?,
        _ => {
            let reason = format!("{version} is not supported, only 4, 5, and 6");
            return Err(Problem::field(VERSION, reason));
        }
    };
    let stored = dataset(file, &format!("{group}/data"))?;
    let stored = Matrix::new("data", stored, Axes::TimeFirst)?;
    let attributes = stored.attributes()?;
    check_channels(&root, &stored)?;
    let rows = stored.samples();
    let data = stored.shortened(occupied(&root, &attributes, rows)?);
    let dt = match attributes.positive("dT")? {
        None => required("dT", root.positive("dT")?)?,
        Some(dt) => dt,
    };
    let rate = sampling_rate("dT", 1.0 / dt)?;
    let (field, times) = times(file, &group)?;
    let start = first_time(field, &times, rows, data.samples(), rate)?;
    let dx = distance("dx", root.number("dx")?)?;
    let fibre = Fibre {
        pulse_rate: root.positive("pulse_rate")?,
        sampling_rate: rate,
        dx,
        gauge_length: distance("gauge_length", root.number("gauge_length")?)?,
        channels: data.channels(),
        start: place("sensing_range_start", root.number("sensing_range_start")?)?,
        length: dx.map(|dx| f64::from(data.channels()) * dx),
        samples_per_trace: None,
        data_type: data.data_type(),
        unit: root.text("data_product_units")?,
        software: root.text("server_software_version")?,
        description: root.text("setup_comments")?,
    };
    let segment = Segment::new(field, start, data.samples(), rate)?;
    let header = Header { format: format!("Terra15 {version}"), fibre, segments: vec![segment] };
    Ok(MatrixFile::new(path, header, data))
}

fn check_channels(root: &Attributes, data: &Matrix) -> Result<(), Problem> {
    match root.number("nx")? {
        Some(count) if (count - f64::from(data.channels())).abs() >= 0.5 => {
            let reason = format!("says {count}, but the data hold {} channels", data.channels());
            Err(Problem::field("nx", reason))
        }
        _ => Ok(()),
    }
}

/// How many of the `rows` hold samples.
fn occupied(root: &Attributes, data: &Attributes, rows: u64) -> Result<u64, Problem> {
    let frames = required(OCCUPIED, root.number(OCCUPIED)?)?;
    let frame = match data.positive("nT")? {
        None => required("frame_size", root.positive("frame_size")?)?,
        Some(samples) => samples,
    };
    let samples = (frames * frame).round();
    if samples < 1.0 {
        Err(Problem::field(OCCUPIED, format!("is {frames}: the file holds no samples yet")))
    } else if samples <= rows as f64 {
        Ok(samples as u64)
    } else {
        let reason =
            format!("{frames} frames of {frame} samples are more than the {rows} that the data hold");
        Err(Problem::field(OCCUPIED, reason))
    }
}

/// The times of all rows: by satellites if there are such.
fn times(file: &Hdf5File, group: &str) -> Result<(&'static str, Dataset), Problem> {
    let names = file.group(group)?.member_names()?.1;
    let field = ["gps_time", "posix_time"].into_iter().find(|field| names.iter().any(|name| name == field));
    let field = field.ok_or_else(|| Problem::field("gps_time", "is missing, and so is posix_time"))?;
    Ok((field, dataset(file, &format!("{group}/{field}"))?))
}

/// When the first sample was taken, if the last was taken when it has to be.
fn first_time(
    field: &str,
    times: &Dataset,
    rows: u64,
    samples: u64,
    rate: f64,
) -> Result<Timestamp, Problem> {
    if times.shape() != [rows] {
        return Err(Problem::field(field, format!("has shape {:?} for {rows} times", times.shape())));
    }
    let at = |sample: u64| -> Result<f64, Problem> {
        let time = slice::<f64>(times, vec![range(sample, sample + 1)])?;
        time.first().copied().ok_or_else(|| Problem::field(field, "is empty"))
    };
    let first = at(0)?;
    let start = epoch(field, first)?;
    let (actual, expected) = (at(samples - 1)? - first, (samples - 1) as f64 / rate);
    if (actual - expected).abs() <= 1.5 / rate + expected * CLOCK {
        Ok(start)
    } else {
        let reason = format!("spans {actual:.6} s, but {samples} samples at {rate} Hz span {expected:.6} s");
        Err(Problem::field(field, reason))
    }
}

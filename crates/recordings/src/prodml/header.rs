use focus_core::Fibre;
use hdf5_reader::{Dataset, Hdf5File, SliceInfo, SliceInfoElem};
use jiff::{SignedDuration, Timestamp};

use crate::error::Problem;
use crate::file::{place, sampling_rate};
use crate::hdf5::{Attributes, Axes, Matrix};
use crate::{Header, Segment};

const RAW: &str = "Acquisition/Raw[0]";

/// Reads and checks everything but the samples.
pub(super) fn read(file: &Hdf5File) -> Result<(Header, Matrix), Problem> {
    let acquisition = Attributes::of_group(&file.group("Acquisition")?)?;
    let version = version(&acquisition)?;
    let raw = Attributes::of_group(&file.group(RAW)?)?;
    let data = file.dataset(&format!("{RAW}/RawData"))?;
    let data_attributes = Attributes::of_dataset(&data)?;
    let data = Matrix::new("RawData", data, axes(&data_attributes)?)?;
    let (samples, channels) = (data.samples(), data.channels());
    for (place, attributes) in [("Acquisition", &acquisition), ("Raw[0]", &raw)] {
        check_count(attributes, place, "NumberOfLoci", u64::from(channels))?;
    }
    check_count(&data_attributes, "RawData", "Count", samples * u64::from(channels))?;
    if acquisition.number("NumberOfLoci")?.or(raw.number("NumberOfLoci")?).is_none() {
        return Err(missing("NumberOfLoci"));
    }

    let rate = raw.hertz("OutputDataRate")?.ok_or_else(|| missing("OutputDataRate"))?;
    let sampling_rate = sampling_rate("OutputDataRate", rate)?;
    let start = start_time(file, &data_attributes, samples, sampling_rate)?;
    let dx = acquisition.metres("SpatialSamplingInterval")?;
    let first_locus = match raw.number("StartLocusIndex")? {
        None => acquisition.number("StartLocusIndex")?,
        locus => locus,
    };
    let fibre = Fibre {
        pulse_rate: acquisition.hertz("PulseRate")?,
        sampling_rate,
        dx,
        gauge_length: acquisition.metres("GaugeLength")?,
        channels,
        start: place("StartLocusIndex", first_locus.zip(dx).map(|(locus, dx)| locus * dx))?,
        length: dx.map(|dx| f64::from(channels) * dx),
        samples_per_trace: None,
        data_type: data.data_type(),
        unit: raw.text("RawDataUnit")?,
        software: acquisition.text("VendorCode")?,
        description: acquisition.text("AcquisitionDescription")?,
    };
    let segment = Segment::new("RawDataTime", start, samples, sampling_rate)?;
    Ok((Header { format: format!("PRODML {version}"), fibre, segments: vec![segment] }, data))
}

fn missing(field: &str) -> Problem {
    Problem::field(field, "is missing")
}

fn version(acquisition: &Attributes) -> Result<String, Problem> {
    const NAME: &str = "schemaVersion";
    let version = acquisition.text(NAME)?.ok_or_else(|| missing(NAME))?;
    if ["2.0", "2.1"].contains(&version.as_str()) {
        Ok(version)
    } else {
        Err(Problem::field(NAME, format!("PRODML {version} is not supported, only 2.0 and 2.1")))
    }
}

fn axes(data: &Attributes) -> Result<Axes, Problem> {
    let names = data.texts("Dimensions")?.ok_or_else(|| missing("Dimensions"))?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names[..] {
        ["time", "locus"] => Ok(Axes::TimeFirst),
        ["locus", "time"] => Ok(Axes::LocusFirst),
        _ => Err(Problem::field("Dimensions", format!("{names:?} is neither time, locus nor locus, time"))),
    }
}

fn check_count(attributes: &Attributes, place: &str, name: &str, actual: u64) -> Result<(), Problem> {
    match attributes.number(name)? {
        Some(count) if (count - actual as f64).abs() >= 0.5 => {
            Err(Problem::field(name, format!("{place} says {count}, but the data hold {actual}")))
        }
        _ => Ok(()),
    }
}

/// When the file's own first sample was taken.
///
/// `MeasurementStartTime` is not it: an acquisition is usually cut into many files, and all of them carry the
/// start of the first.
fn start_time(file: &Hdf5File, data: &Attributes, samples: u64, rate: f64) -> Result<Timestamp, Problem> {
    let path = format!("{RAW}/RawDataTime");
    let has_times = file.group(RAW)?.member_names()?.1.iter().any(|name| name == "RawDataTime");
    let times = if has_times { Some(file.dataset(&path)?) } else { None };
    let stated = match &times {
        Some(times) => part_start(&Attributes::of_dataset(times)?)?.or(part_start(data)?),
        None => part_start(data)?,
    };
    let Some(times) = times else {
        return stated.ok_or_else(|| missing("PartStartTime"));
    };
    let first = first_time(&times, samples, rate)?;
    match stated {
        Some(stated) if stated.duration_since(first).as_secs_f64().abs() * rate > 1.0 => {
            Err(Problem::field("PartStartTime", format!("says {stated}, but RawDataTime begins at {first}")))
        }
        // The same time, but it has nanoseconds.
        Some(stated) if stated.duration_since(first).abs() < SignedDuration::from_micros(1) => Ok(stated),
        _ => Ok(first),
    }
}

fn part_start(attributes: &Attributes) -> Result<Option<Timestamp>, Problem> {
    let name = "PartStartTime";
    attributes
        .text(name)?
        .map(|text| {
            text.parse().map_err(|_| Problem::field(name, format!("`{text}` is no time with a zone")))
        })
        .transpose()
}

/// The first of the times that are stored beside the samples, checked to be as many and as far apart.
fn first_time(times: &Dataset, samples: u64, rate: f64) -> Result<Timestamp, Problem> {
    const FIELD: &str = "RawDataTime";
    if times.shape() != [samples] {
        return Err(Problem::field(FIELD, format!("has shape {:?} for {samples} times", times.shape())));
    }
    let unit = match Attributes::of_dataset(times)?.text("Uom")?.as_deref() {
        // PRODML defines microseconds.
        None | Some("us") => 1_000,
        Some("ns") => 1,
        Some(unit) => {
            return Err(Problem::field("Uom", format!("`{unit}` is not supported, only us and ns")));
        }
    };
    let at = |index: u64| -> Result<Timestamp, Problem> {
        let range = SliceInfoElem::Slice { start: index, end: index + 1, step: 1 };
        let value = times.read_slice::<i64>(&SliceInfo { selections: vec![range] })?;
        let value = value.first().copied().ok_or_else(|| Problem::field(FIELD, "is empty"))?;
        Timestamp::from_nanosecond(i128::from(value) * unit)
            .map_err(|_| Problem::field(FIELD, format!("{value} is no time")))
    };
    let first = at(0)?;
    let expected = (samples - 1) as f64 / rate;
    let actual = at(samples - 1)?.duration_since(first);
    // A clock may be off by 10 ppm; a gap or a wrong rate may not hide behind that.
    let tolerance = SignedDuration::from_secs_f64(1.5 / rate + expected * 1e-5);
    if (actual.as_secs_f64() - expected).abs() > tolerance.as_secs_f64() {
        return Err(Problem::field(
            FIELD,
            format!(
                "spans {:.6} s, but {samples} samples at {rate} Hz span {expected:.6} s",
                actual.as_secs_f64()
            ),
        ));
    }
    Ok(first)
}

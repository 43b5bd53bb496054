use focus_core::{DataType, Fibre};
use hdf5_reader::{Dataset, Datatype, Hdf5File, SliceInfo, SliceInfoElem};
use jiff::{SignedDuration, Timestamp};

use super::attributes::Attributes;
use crate::Header;
use crate::error::Problem;

const RAW: &str = "Acquisition/Raw[0]";

/// Sampling rates that can be, Hz. With them and the most samples that [`extent`] lets through, no time overflows.
const RATES: std::ops::RangeInclusive<f64> = 1e-6..=1e9;

/// Which axis of the stored array comes first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum AxisOrder {
    TimeFirst,
    LocusFirst,
}

/// Reads and checks everything but the samples.
pub(super) fn read(file: &Hdf5File) -> Result<(Header, AxisOrder, Dataset), Problem> {
    let acquisition = file
        .group("Acquisition")
        .map_err(|error| Problem::File(format!("no PRODML file: group Acquisition: {error}")))?;
    let acquisition = Attributes::new(acquisition.attributes()?);
    check_version(&acquisition)?;
    let raw = Attributes::new(file.group(RAW)?.attributes()?);
    let data = file.dataset(&format!("{RAW}/RawData"))?;
    let data_attributes = Attributes::new(data.attributes());

    let order = axis_order(&data_attributes)?;
    let (samples, channels) = extent(&data, order)?;
    for (place, attributes) in [("Acquisition", &acquisition), ("Raw[0]", &raw)] {
        check_count(attributes, place, "NumberOfLoci", u64::from(channels))?;
    }
    check_count(&data_attributes, "RawData", "Count", samples * u64::from(channels))?;
    if acquisition.number("NumberOfLoci")?.or(raw.number("NumberOfLoci")?).is_none() {
        return Err(missing("NumberOfLoci"));
    }

    let sampling_rate = raw.hertz("OutputDataRate")?.ok_or_else(|| missing("OutputDataRate"))?;
    if !RATES.contains(&sampling_rate) {
        return Err(Problem::field("OutputDataRate", format!("{sampling_rate} Hz is not possible")));
    }
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
        start: first_locus.zip(dx).map(|(locus, dx)| locus * dx),
        length: dx.map(|dx| f64::from(channels) * dx),
        samples_per_trace: None,
        data_type: data_type(&data)?,
        unit: raw.text("RawDataUnit")?,
        software: acquisition.text("VendorCode")?,
        description: acquisition.text("AcquisitionDescription")?,
    };
    let header = Header { fibre, start, samples };
    header.end().map_err(|_| Problem::field("RawDataTime", "the recording would end after the year 9999"))?;
    Ok((header, order, data))
}

fn missing(field: &str) -> Problem {
    Problem::field(field, "is missing")
}

fn check_version(acquisition: &Attributes) -> Result<(), Problem> {
    match acquisition.text("schemaVersion")?.as_deref() {
        Some("2.0" | "2.1") => Ok(()),
        Some(version) => Err(Problem::field(
            "schemaVersion",
            format!("PRODML {version} is not supported, only 2.0 and 2.1"),
        )),
        None => Err(missing("schemaVersion")),
    }
}

fn axis_order(data: &Attributes) -> Result<AxisOrder, Problem> {
    let names = data.texts("Dimensions")?.ok_or_else(|| missing("Dimensions"))?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names[..] {
        ["time", "locus"] => Ok(AxisOrder::TimeFirst),
        ["locus", "time"] => Ok(AxisOrder::LocusFirst),
        _ => Err(Problem::field("Dimensions", format!("{names:?} is neither time, locus nor locus, time"))),
    }
}

/// How many instants and channels the array holds.
fn extent(data: &Dataset, order: AxisOrder) -> Result<(u64, u32), Problem> {
    let &[first, second] = data.shape() else {
        return Err(Problem::field("RawData", format!("has {} axes instead of 2", data.shape().len())));
    };
    let (samples, loci) = match order {
        AxisOrder::TimeFirst => (first, second),
        AxisOrder::LocusFirst => (second, first),
    };
    if samples == 0 || loci == 0 {
        return Err(Problem::field("RawData", "holds no samples"));
    }
    // Within these bounds no product overflows 64 bits, and counts are exact as floats.
    match u32::try_from(loci) {
        Ok(channels) if channels <= 1 << 20 && samples <= 1 << 40 => Ok((samples, channels)),
        _ => Err(Problem::field("RawData", format!("claims {samples} times x {loci} channels"))),
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

fn data_type(data: &Dataset) -> Result<DataType, Problem> {
    match data.dtype() {
        Datatype::FixedPoint { size: 2, signed: true, .. } => Ok(DataType::Int16),
        Datatype::FixedPoint { size: 4, signed: true, .. } => Ok(DataType::Int32),
        Datatype::FloatingPoint { size: 4, .. } => Ok(DataType::Float32),
        other => {
            let found = match other {
                Datatype::FixedPoint { size, signed, .. } => {
                    format!("{}int{}", if *signed { "" } else { "u" }, u32::from(*size) * 8)
                }
                Datatype::FloatingPoint { size, .. } => format!("float{}", u32::from(*size) * 8),
                _ => "not numbers".into(),
            };
            Err(Problem::field(
                "RawData",
                format!("samples are {found}, supported are int16, int32, float32"),
            ))
        }
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
        Some(times) => part_start(&Attributes::new(times.attributes()))?.or(part_start(data)?),
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
    let unit = match Attributes::new(times.attributes()).text("Uom")?.as_deref() {
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

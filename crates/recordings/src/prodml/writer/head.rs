use std::io;

use focus_core::DataType;
use hdf5_writer::{
    AttributeBuilder, ByteOrder, DatasetBuilder, Datatype, EnumMember, Error, Hdf5Builder, WriteOptions,
};
use jiff::Timestamp;
use jiff::tz::Offset;
use uuid::Uuid;

use super::{Part, zero};

/// How the machine lays out its numbers: samples are written as they lie in memory.
const NATIVE: ByteOrder =
    if cfg!(target_endian = "little") { ByteOrder::LittleEndian } else { ByteOrder::BigEndian };

const ACQUISITION: &str = "Acquisition";
const CUSTOM: &str = "Acquisition/Custom";
const RAW: &str = "Acquisition/Raw[0]";

/// The file of a part with `samples` instants, but without the data of its two datasets: samples, then times.
///
/// Numbers that PRODML demands and the fibre does not know are NaN, texts are empty.
pub(super) fn encode(part: &Part, samples: u64) -> io::Result<Vec<u8>> {
    describe(part, samples).map_err(|error| match error {
        Error::Io(error) => error,
        error => io::Error::other(error),
    })
}

fn describe(part: &Part, samples: u64) -> Result<Vec<u8>, Error> {
    let last = part.time_of(samples.saturating_sub(1))?;
    let mut file = Hdf5Builder::new().attribute(text("uuid", Uuid::new_v4().to_string()));
    for (group, attributes) in [(ACQUISITION, acquisition(part)?), (CUSTOM, custom(part)?), (RAW, raw(part)?)]
    {
        file = attributes.into_iter().fold(file, |file, attribute| file.group_attribute(group, attribute));
    }
    file.dataset(raw_data(part, samples, last)?)
        .dataset(raw_data_time(part, samples, last)?)
        .into_plan()?
        .encode(WriteOptions { byte_order: NATIVE, ..WriteOptions::default() })
}

fn acquisition(part: &Part) -> Result<Vec<AttributeBuilder>, Error> {
    let fibre = &part.fibre;
    let (id, start) = part.acquisition;
    Ok(vec![
        text("schemaVersion", "2.1"),
        text("uuid", Uuid::new_v4().to_string()),
        text("AcquisitionId", id.to_string()),
        text("AcquisitionDescription", fibre.description.as_deref().unwrap_or_default()),
        AttributeBuilder::fixed_string_vector("FacilityId", &[""])?,
        text("VendorCode", fibre.software.as_deref().unwrap_or_default()),
        text("MeasurementStartTime", stamp(start)),
        AttributeBuilder::new("TriggeredMeasurement", boolean(), vec![], vec![0]),
        number("GaugeLength", fibre.gauge_length)?,
        text("GaugeLength.uom", "m"),
        number("SpatialSamplingInterval", fibre.dx)?,
        text("SpatialSamplingInterval.uom", "m"),
        number("PulseRate", fibre.pulse_rate)?,
        text("PulseRate.uom", "Hz"),
        number("PulseWidth", None)?,
        text("PulseWidth.uom", "ns"),
        number("MinimumFrequency", Some(0.0))?,
        text("MinimumFrequency.uom", "Hz"),
        number("MaximumFrequency", Some(fibre.nyquist()))?,
        text("MaximumFrequency.uom", "Hz"),
        count("NumberOfLoci", part.channels.count() as u64)?,
        start_locus(part)?,
    ])
}

/// What PRODML has no place for: the fibre as its source described it, and where on it the file's channels are.
fn custom(part: &Part) -> Result<Vec<AttributeBuilder>, Error> {
    let fibre = serde_json::to_string(&part.fibre).map_err(|error| Error::Io(error.into()))?;
    Ok(vec![
        text("Writer", concat!("Focus Server ", env!("CARGO_PKG_VERSION"))),
        text("Fibre", fibre),
        count("FirstChannel", part.channels.first().into())?,
    ])
}

fn raw(part: &Part) -> Result<Vec<AttributeBuilder>, Error> {
    Ok(vec![
        text("uuid", Uuid::new_v4().to_string()),
        count("RawIndex", 0)?,
        count("NumberOfLoci", part.channels.count() as u64)?,
        start_locus(part)?,
        number("OutputDataRate", Some(part.fibre.sampling_rate))?,
        text("OutputDataRate.uom", "Hz"),
        text("RawDataUnit", part.fibre.unit.as_deref().unwrap_or_default()),
        text("RawDescription", ""),
    ])
}

fn raw_data(part: &Part, samples: u64, last: Timestamp) -> Result<DatasetBuilder, Error> {
    let channels = part.channels.count() as u64;
    let (name, shape) = (format!("{RAW}/RawData"), [samples, channels]);
    let dataset = match part.fibre.data_type {
        DataType::Int16 => DatasetBuilder::typed::<i16>(name, shape),
        DataType::Int32 => DatasetBuilder::typed::<i32>(name, shape),
        DataType::Float32 => DatasetBuilder::typed::<f32>(name, shape),
    };
    Ok(dataset
        .fill_value(zero(part.fibre.data_type))
        .attribute(AttributeBuilder::fixed_string_vector("Dimensions", &["time", "locus"])?)
        .attribute(count("Count", samples * channels)?)
        .attribute(count("StartIndex", part.start_index * channels)?)
        .attribute(text("PartStartTime", stamp(part.start)))
        .attribute(text("PartEndTime", stamp(last))))
}

fn raw_data_time(part: &Part, samples: u64, last: Timestamp) -> Result<DatasetBuilder, Error> {
    Ok(DatasetBuilder::typed::<i64>(format!("{RAW}/RawDataTime"), [samples])
        .fill_value([0; 8])
        .attribute(text("Uom", "us"))
        .attribute(count("Count", samples)?)
        .attribute(count("StartIndex", part.start_index)?)
        .attribute(text("StartTime", stamp(part.start)))
        .attribute(text("EndTime", stamp(last)))
        .attribute(text("PartStartTime", stamp(part.start)))
        .attribute(text("PartEndTime", stamp(last))))
}

/// Where the file's first channel lies, in channels from the fibre's zero: a whole number as PRODML has it, unless
/// the fibre begins between two.
fn start_locus(part: &Part) -> Result<AttributeBuilder, Error> {
    const NAME: &str = "StartLocusIndex";
    const NEAR: f64 = 1e-6;
    let skipped = f64::from(part.channels.first() - 1);
    let locus = part.fibre.start.zip(part.fibre.dx).map(|(start, dx)| start / dx + skipped);
    match locus {
        Some(locus) if (locus - locus.round()).abs() < NEAR => {
            AttributeBuilder::scalar(NAME, locus.round() as i64)
        }
        locus => number(NAME, locus),
    }
}

fn text(name: &str, value: impl AsRef<str>) -> AttributeBuilder {
    AttributeBuilder::fixed_string(name, value)
}

fn number(name: &str, value: Option<f64>) -> Result<AttributeBuilder, Error> {
    AttributeBuilder::scalar(name, value.unwrap_or(f64::NAN))
}

fn count(name: &str, value: u64) -> Result<AttributeBuilder, Error> {
    AttributeBuilder::scalar(name, value as i64)
}

/// The time as interrogators write it, with as many digits as it has.
fn stamp(time: Timestamp) -> String {
    time.display_with_offset(Offset::UTC).to_string()
}

/// How h5py and its relatives store a boolean.
fn boolean() -> Datatype {
    let base = Datatype::FixedPoint { size: 1, signed: true, byte_order: NATIVE };
    let members = [("FALSE", 0), ("TRUE", 1)]
        .map(|(name, value)| EnumMember { name: name.to_owned(), value: vec![value] });
    Datatype::Enum { base: Box::new(base), members: members.into() }
}

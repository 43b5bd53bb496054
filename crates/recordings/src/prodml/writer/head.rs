use std::io;

use focus_core::DataType;
use hdf5_writer::{AttributeBuilder, DatasetBuilder, Error, Hdf5Builder};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Part, zero};
use crate::prodml::acquisition::{ACQUISITION, CUSTOM, acquisition, custom, loci};
use crate::prodml::attributes::{self, count, describe, measure, stamp, text, texts};

const RAW: &str = "Acquisition/Raw[0]";

/// The file of a part with `samples` instants, but without the data of its two datasets: samples, then times.
pub(super) fn encode(part: &Part, samples: u64) -> io::Result<Vec<u8>> {
    attributes::encode(file(part, samples))
}

fn file(part: &Part, samples: u64) -> Result<Hdf5Builder, Error> {
    let last = part.time_of(samples.saturating_sub(1))?;
    let (id, start) = part.acquisition;
    let file = Hdf5Builder::new().attribute(text("uuid", Uuid::new_v4().to_string()));
    let file = describe(file, ACQUISITION, acquisition(id, start, &part.fibre, part.channels)?);
    let file = describe(file, CUSTOM, custom(&part.fibre, part.channels)?);
    let file = describe(file, RAW, raw(part)?);
    Ok(file.dataset(raw_data(part, samples, last)?).dataset(raw_data_time(part, samples, last)?))
}

fn raw(part: &Part) -> Result<Vec<AttributeBuilder>, Error> {
    let mut attributes = vec![text("uuid", Uuid::new_v4().to_string()), count("RawIndex", 0)?];
    attributes.extend(loci(&part.fibre, part.channels)?);
    attributes.extend(measure("OutputDataRate", Some(part.fibre.sampling_rate), "Hz")?);
    attributes.push(text("RawDataUnit", part.fibre.unit.as_deref().unwrap_or_default()));
    attributes.push(text("RawDescription", ""));
    Ok(attributes)
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
        .attribute(texts("Dimensions", &["time", "locus"])?)
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

use std::io;

use hdf5_writer::{AttributeBuilder, DatasetBuilder, Error, Hdf5Builder};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Rows, Spectrum};
use crate::prodml::acquisition::{ACQUISITION, CUSTOM, acquisition, custom, loci};
use crate::prodml::attributes::{self, count, describe, measure, number, stamp, text, texts};

/// What PRODML calls the parts of a kind of processed data.
struct Names {
    group: &'static str,
    kind: &'static str,
    data: &'static str,
}

const SPECTRA: Names =
    Names { group: "Acquisition/Processed/Spectra[0]", kind: "Spectra", data: "SpectraData" };
const FBE: Names = Names { group: "Acquisition/Processed/Fbe[0]", kind: "Fbe", data: "FbeData[0]" };

/// The file of rows that begin at `times` (epoch microseconds; at least one), but without the data of its two
/// datasets: values, then times.
pub(super) fn encode(rows: &Rows, times: &[i64]) -> io::Result<Vec<u8>> {
    attributes::encode(file(rows, times))
}

fn file(rows: &Rows, times: &[i64]) -> Result<Hdf5Builder, Error> {
    let time = |at: Option<&i64>| {
        let time = Timestamp::from_microsecond(at.copied().unwrap_or_default());
        time.map_err(|error| Error::Io(io::Error::other(error)))
    };
    let (first, last) = (time(times.first())?, time(times.last())?);
    let part = [text("PartStartTime", stamp(first)), text("PartEndTime", stamp(last))];
    let names = if rows.spectrum.is_some() { &SPECTRA } else { &FBE };

    let file = Hdf5Builder::new().attribute(text("uuid", Uuid::new_v4().to_string()));
    let all = rows.fibre.all_channels();
    let file = describe(file, ACQUISITION, acquisition(Uuid::new_v4(), first, &rows.fibre, all)?);
    let file = describe(file, CUSTOM, custom(&rows.fibre, all)?);
    let file = describe(file, names.group, processed(rows, names)?);
    let file = describe(file, &format!("{}/Custom", names.group), own(rows)?);
    let values = values(rows, names, times.len() as u64)?;
    let times =
        DatasetBuilder::typed::<i64>(format!("{}/{}DataTime", names.group, names.kind), [times.len() as u64])
            .fill_value([0; 8])
            .attribute(text("Uom", "us"))
            .attribute(count("Count", times.len() as u64)?)
            .attribute(count("StartIndex", 0)?)
            .attribute(text("StartTime", stamp(first)))
            .attribute(text("EndTime", stamp(last)));
    let with = |data: DatasetBuilder| part.iter().cloned().fold(data, DatasetBuilder::attribute);
    Ok(file.dataset(with(values)).dataset(with(times)))
}

fn processed(rows: &Rows, names: &Names) -> Result<Vec<AttributeBuilder>, Error> {
    let kind = names.kind;
    let description = match rows.spectrum {
        Some(_) => "One-sided amplitude spectra, in the unit of the samples: a sine of amplitude A shows A",
        None => "Root mean square of the samples from each time to the next, in their unit",
    };
    let mut attributes = vec![
        text("uuid", Uuid::new_v4().to_string()),
        count(&format!("{kind}Index"), 0)?,
        text(&format!("{kind}Description"), description),
        text(&format!("{kind}DataUnit"), rows.fibre.unit.as_deref().unwrap_or_default()),
    ];
    attributes.extend(measure("OutputDataRate", Some(1.0 / rows.interval), "Hz")?);
    attributes.extend(loci(&rows.fibre, rows.channels)?);
    attributes.extend(measure("SpatialSamplingInterval", rows.fibre.dx, "m")?);
    if let Some(Spectrum { nfft, .. }) = rows.spectrum {
        attributes.extend([
            text("TransformType", "FFT"),
            count("TransformSize", nfft.into())?,
            text("WindowFunction", "HANNING"),
            count("WindowSize", nfft.into())?,
        ]);
        // Where several windows share an interval, nobody says how they overlap.
        let overlap = f64::from(nfft) - rows.hop();
        if overlap >= 0.0 {
            attributes.push(count("WindowOverlap", overlap.round() as u64)?);
        }
    } else {
        attributes.extend([count("WindowSize", rows.hop().round() as u64)?, count("WindowOverlap", 0)?]);
    }
    Ok(attributes)
}

/// What PRODML has no place for: where the middle of a row is, and which channels there are.
fn own(rows: &Rows) -> Result<Vec<AttributeBuilder>, Error> {
    Ok(vec![
        count("FirstChannel", rows.channels.first().into())?,
        count("LastChannel", rows.channels.last().into())?,
        number("RowInterval", Some(rows.interval))?,
        number("FromTimeToMiddleOfRow", Some(rows.half().as_secs_f64()))?,
    ])
}

fn values(rows: &Rows, names: &Names, times: u64) -> Result<DatasetBuilder, Error> {
    let mut shape = vec![times, rows.channels.count() as u64];
    let mut dimensions = vec!["time", "locus"];
    let mut frequencies = [0.0, rows.fibre.nyquist()];
    if let Some(spectrum) = rows.spectrum {
        shape.push(spectrum.bins as u64);
        dimensions.push("frequency");
        frequencies = [spectrum.first, spectrum.last];
    }
    let values = shape.iter().product();
    let mut data = DatasetBuilder::typed::<f32>(format!("{}/{}", names.group, names.data), shape)
        .fill_value(f32::NAN.to_ne_bytes())
        .attribute(texts("Dimensions", &dimensions)?)
        .attribute(count("Count", values)?)
        .attribute(count("StartIndex", 0)?);
    for (name, hertz) in ["StartFrequency", "EndFrequency"].into_iter().zip(frequencies) {
        data = measure(name, Some(hertz), "Hz")?.into_iter().fold(data, DatasetBuilder::attribute);
    }
    Ok(data)
}

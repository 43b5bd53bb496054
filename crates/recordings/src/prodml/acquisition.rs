use focus_core::{ChannelRange, Fibre};
use hdf5_writer::{AttributeBuilder, Error};
use jiff::Timestamp;
use uuid::Uuid;

use super::attributes::{boolean, count, measure, number, stamp, text, texts};

/// The group that all of a file is in.
pub(super) const ACQUISITION: &str = "Acquisition";
/// Its part for what PRODML has no place for.
pub(super) const CUSTOM: &str = "Acquisition/Custom";

/// What was acquired: these channels of the fibre, from `start` on.
///
/// Numbers that PRODML demands and the fibre does not know are NaN, texts are empty.
pub(super) fn acquisition(
    id: Uuid,
    start: Timestamp,
    fibre: &Fibre,
    channels: ChannelRange,
) -> Result<Vec<AttributeBuilder>, Error> {
    let mut attributes = vec![
        text("schemaVersion", "2.1"),
        text("uuid", Uuid::new_v4().to_string()),
        text("AcquisitionId", id.to_string()),
        text("AcquisitionDescription", fibre.description.as_deref().unwrap_or_default()),
        texts("FacilityId", &[""])?,
        text("VendorCode", fibre.software.as_deref().unwrap_or_default()),
        text("MeasurementStartTime", stamp(start)),
        boolean("TriggeredMeasurement", false),
    ];
    for (name, value, unit) in [
        ("GaugeLength", fibre.gauge_length, "m"),
        ("SpatialSamplingInterval", fibre.dx, "m"),
        ("PulseRate", fibre.pulse_rate, "Hz"),
        ("PulseWidth", None, "ns"),
        ("MinimumFrequency", Some(0.0), "Hz"),
        ("MaximumFrequency", Some(fibre.nyquist()), "Hz"),
    ] {
        attributes.extend(measure(name, value, unit)?);
    }
    attributes.extend(loci(fibre, channels)?);
    Ok(attributes)
}

/// What PRODML has no place for: the fibre as its source described it, and which of its channels the file holds.
pub(super) fn custom(fibre: &Fibre, channels: ChannelRange) -> Result<Vec<AttributeBuilder>, Error> {
    let told = serde_json::to_string(fibre).map_err(|error| Error::Io(error.into()))?;
    Ok(vec![
        text("Writer", concat!("Focus Server ", env!("CARGO_PKG_VERSION"))),
        text("Fibre", told),
        count("FirstChannel", channels.first().into())?,
    ])
}

/// How many channels there are, and where the first of them lies, in channels from the fibre's zero: a whole number as
/// PRODML has it, unless the fibre begins between two.
pub(super) fn loci(fibre: &Fibre, channels: ChannelRange) -> Result<[AttributeBuilder; 2], Error> {
    const START: &str = "StartLocusIndex";
    const NEAR: f64 = 1e-6;
    let skipped = f64::from(channels.first() - 1);
    let locus = fibre.start.zip(fibre.dx).map(|(start, dx)| start / dx + skipped);
    let start = match locus {
        Some(locus) if (locus - locus.round()).abs() < NEAR => {
            AttributeBuilder::scalar(START, locus.round() as i64)
        }
        locus => number(START, locus),
    };
    Ok([count("NumberOfLoci", channels.count() as u64)?, start?])
}

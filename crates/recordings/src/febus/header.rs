use focus_core::{Fibre, sample_offset};
use hdf5_reader::{Dataset, Hdf5File};
use jiff::{SignedDuration, Timestamp};

use super::blocks::{Blocks, segments};
use crate::error::Problem;
use crate::file::{distance, place, sampling_rate};
use crate::hdf5::{Attributes, Values, data_type, epoch, extent, index, required};
use crate::{Header, Segment};

/// How the vendor's software overlaps blocks where a file does not say it, percent.
const USUAL_OVERLAP: f64 = 100.0;
/// From here on a sampling rate is not that of the samples but a constant of the instrument, Hz.
const CONSTANT_RATE: f64 = 1e8;
/// `DataDomain` of an axis that is time.
const TIME_DOMAIN: f64 = 2.0;

/// Groups of a file of whatever kind that are looked into. Each is found by looking through all.
const LOOKED_INTO: usize = 16;

/// Axes of a zone, as `Extent`, `Origin`, and `Spacing` have them.
const DISTANCE: usize = 0;
const TIME: usize = 1;

/// Whether a file says that it is one.
pub(crate) fn recognises(file: &Hdf5File) -> bool {
    let sources = |device: &str| Ok::<_, Problem>(file.group(device)?.member_names()?.0);
    let devices = file.root_group().and_then(|root| root.member_names()).unwrap_or_default().0;
    devices
        .iter()
        .take(LOOKED_INTO)
        .any(|device| sources(device).is_ok_and(|names| names.iter().any(|name| name.starts_with("Source"))))
}

/// Reads and checks everything but the samples.
pub(super) fn read(file: &Hdf5File) -> Result<(Header, Blocks, Dataset), Problem> {
    let device = only("device", file.root_group()?.member_names()?.0)?;
    let source_name = only("Source", file.group(&device)?.member_names()?.0)?;
    let source = format!("{device}/{source_name}");
    let zone_name = only("Zone", file.group(&source)?.member_names()?.0)?;
    let zone = format!("{source}/{zone_name}");
    let name = only("the data of the zone", file.group(&zone)?.member_names()?.1)?;
    let data = file.dataset(&format!("{zone}/{name}"))?;
    let zone = Zone {
        zone: Attributes::of_group(&file.group(&zone)?)?,
        source: Attributes::of_group(&file.group(&source)?)?,
    };
    zone.check_domain()?;

    let &[count, length, channels] = data.shape() else {
        let reason = format!("has {} axes instead of block, time, channel", data.shape().len());
        return Err(Problem::field(name, reason));
    };
    let channels = extent(&name, count.saturating_mul(length), channels)?;
    let data_type = data_type(&name, &data)?;
    let spacing = zone.three("Spacing")?;
    let rate = zone.rate(spacing[TIME])?;
    let times = block_times(file, &format!("{source}/time"), count)?;
    let blocks =
        Blocks { kept: Blocks::middle(length, zone.kept(length, rate)?), segments: segments(&times) };

    let origin = zone.three("Origin")?;
    let (first_channel, first_time) =
        (zone.first(DISTANCE, u64::from(channels))?, zone.first(TIME, length)?.unwrap_or(0.0));
    // The time of a block is that of its middle; `Origin` leads from there to its begin, which may be cut off.
    // The first kept sample counts: readers that begin with the one behind it get one sample less. That blocks may
    // follow each other at another pace than their kept samples is a contradiction of real files, and no gap.
    let to_begin = SignedDuration::from_nanos((index("Origin", origin[TIME])? * 1e6).round() as i64);
    let to_kept = sample_offset(first_time + blocks.kept.start as f64, rate);
    let start = |block: u64| -> Result<Timestamp, Problem> {
        epoch("time", times[block as usize])?
            .checked_add(to_begin)
            .and_then(|time| time.checked_add(to_kept))
            .map_err(|_| Problem::field("Origin", format!("{} ms leads to no time", origin[TIME])))
    };
    let segments =
        blocks.segments.iter().enumerate().map(|(number, segment)| {
            Segment::new("time", start(segment.start)?, blocks.samples(number), rate)
        });
    let segments: Vec<Segment> = segments.collect::<Result<_, _>>()?;
    if segments.windows(2).any(|pair| pair[1].start <= pair[0].start) {
        return Err(Problem::field("time", "a gap ends when it begins"));
    }

    let dx = distance("Spacing", Some(spacing[DISTANCE]))?;
    let first_place = first_channel.zip(dx).map(|(first, dx)| origin[DISTANCE] + first * dx);
    let software = zone.zone.text("Version")?.or(zone.source.text("Version")?);
    let fibre = Fibre {
        // In mHz, like BlockRate.
        pulse_rate: zone.positive("PulseRateFreq")?.map(|rate| rate / 1e3),
        sampling_rate: rate,
        dx,
        gauge_length: distance("GaugeLength", zone.number("GaugeLength")?)?,
        channels,
        start: place("Origin", first_place)?,
        length: dx.map(|dx| f64::from(channels) * dx),
        samples_per_trace: None,
        data_type,
        // The file does not say it.
        unit: None,
        software: software.clone(),
        description: None,
    };
    let format = format!("Febus A1 {}", software.as_deref().unwrap_or("without a version"));
    Ok((Header { format, fibre, segments }, blocks, data))
}

/// The one member of a group; which of several is meant nobody says.
fn only(what: &str, names: Vec<String>) -> Result<String, Problem> {
    match <[String; 1]>::try_from(names) {
        Ok([name]) => Ok(name),
        Err(names) => Err(Problem::field(what, format!("there are {} instead of one", names.len()))),
    }
}

/// When each block was taken, seconds since 1970.
fn block_times(file: &Hdf5File, path: &str, blocks: u64) -> Result<Vec<f64>, Problem> {
    const FIELD: &str = "time";
    let times = required(FIELD, Values::new(file).numbers(path)?)?;
    if times.len() as u64 != blocks {
        return Err(Problem::field(FIELD, format!("has {} times for {blocks} blocks", times.len())));
    }
    match times.windows(2).position(|pair| pair[1].partial_cmp(&pair[0]) != Some(std::cmp::Ordering::Greater))
    {
        Some(block) => {
            let reason = format!("block {} is not later than the one before", block + 2);
            Err(Problem::field(FIELD, reason))
        }
        None => Ok(times),
    }
}

/// What a zone says about itself, and its source for it.
struct Zone {
    zone: Attributes,
    source: Attributes,
}

impl Zone {
    fn number(&self, name: &str) -> Result<Option<f64>, Problem> {
        match self.zone.number(name)? {
            None => self.source.number(name),
            number => Ok(number),
        }
    }

    fn positive(&self, name: &str) -> Result<Option<f64>, Problem> {
        match self.zone.positive(name)? {
            None => self.source.positive(name),
            number => Ok(number),
        }
    }

    /// The values of an attribute for distance, time, and the third axis.
    fn three(&self, name: &str) -> Result<[f64; 3], Problem> {
        let values = required(name, self.zone.numbers(name)?)?;
        <[f64; 3]>::try_from(values)
            .ok()
            .filter(|values| values.iter().all(|value| value.is_finite()))
            .ok_or_else(|| Problem::field(name, "is not three numbers"))
    }

    /// Other zones hold spectra.
    fn check_domain(&self) -> Result<(), Problem> {
        const NAME: &str = "DataDomain";
        let domain = required(NAME, self.zone.numbers(NAME)?)?;
        match domain.get(TIME) {
            Some(&TIME_DOMAIN) => Ok(()),
            _ => Err(Problem::field(NAME, format!("{domain:?} says that the data are no samples over time"))),
        }
    }

    /// Samples per second; `spacing` is the time between them as `Spacing` has it, ms.
    fn rate(&self, spacing: f64) -> Result<f64, Problem> {
        const NAME: &str = "SamplingRate";
        match required(NAME, self.zone.positive(NAME)?)? {
            rate if rate < CONSTANT_RATE => sampling_rate(NAME, rate),
            _ => sampling_rate("Spacing", 1e3 / spacing),
        }
    }

    /// How many of the `length` samples of a block are not in another one, too.
    fn kept(&self, length: u64, rate: f64) -> Result<u64, Problem> {
        // Blocks that are as long as the time from one to the next have been cut already.
        if let Some(millihertz) = self.positive("BlockRate")?
            && (rate * 1e3 / millihertz - length as f64).abs() < 0.5
        {
            return Ok(length);
        }
        let (name, overlap) = match self.number("BlockOverlap")? {
            None => ("Overlap", self.number("Overlap")?.unwrap_or(USUAL_OVERLAP)),
            Some(overlap) => ("BlockOverlap", overlap),
        };
        let kept = (length as f64 / (1.0 + overlap / 100.0)).round();
        if overlap >= 0.0 && kept >= 1.0 {
            Ok(kept as u64)
        } else {
            Err(Problem::field(name, format!("{overlap} % of blocks of {length} samples is not possible")))
        }
    }

    /// Number of the first stored sample or channel, if `Extent` fits the data: in files without a version it does not.
    fn first(&self, axis: usize, count: u64) -> Result<Option<f64>, Problem> {
        const NAME: &str = "Extent";
        let extent = self.zone.numbers(NAME)?.unwrap_or_default();
        match extent.get(2 * axis..2 * axis + 2) {
            Some(&[first, last]) if (last - first + 1.0 - count as f64).abs() < 0.5 => {
                index(NAME, first).map(Some)
            }
            _ => Ok(None),
        }
    }
}

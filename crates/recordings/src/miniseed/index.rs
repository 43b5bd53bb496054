use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use focus_core::{DataType, Fibre};
use jiff::Timestamp;

use super::record::{self, HEADER_BYTES, Record};
use crate::error::Problem;
use crate::file::sampling_rate;
use crate::seismic::Bytes;
use crate::{Header, Segment};

/// Most records of one file: 2 GiB of the shortest that are usual, and 256 MiB of memory here.
const MAX_RECORDS: usize = 1 << 22;
/// Most channels of one file.
const MAX_CHANNELS: usize = 1 << 20;
/// By how much measured rates of one clock differ from another; other readers have the same.
const RATE_TOLERANCE: f64 = 1e-4;

/// Records of one channel that follow each other without a gap.
pub(super) struct Run {
    pub(super) segment: Segment,
    /// In order of time.
    pub(super) records: Vec<Placed>,
}

/// Which samples of a run a record holds.
pub(super) struct Placed {
    /// Where in the file it is.
    pub(super) offset: u64,
    /// Its length, bytes.
    pub(super) length: u32,
    /// How many samples at its beginning an earlier record holds as well.
    pub(super) skip: u32,
    /// How many samples there are after these.
    pub(super) samples: u32,
    /// Index of the first of them in the run.
    pub(super) first: u64,
}

/// A record of a channel.
struct Found {
    start: Timestamp,
    offset: u64,
    length: u32,
    samples: u32,
}

/// What all records of a file have in common.
struct Common {
    version: u8,
    data_type: DataType,
    rate: f64,
}

/// Reads and checks the headers of all records: the file's header and, by channel, its runs of records.
pub(super) fn read(bytes: &Bytes) -> Result<(Header, Vec<Vec<Run>>), Problem> {
    let (common, streams) = records(bytes)?;
    let names: Vec<String> = streams.keys().cloned().collect();
    let runs = streams.into_values().map(|records| runs(records, common.rate));
    let channels = runs.collect::<Result<Vec<_>, _>>()?;
    let segments = segments(&names, &channels)?;
    let (first, last) = (&names[0], &names[names.len() - 1]);
    let fibre = Fibre {
        pulse_rate: None,
        sampling_rate: common.rate,
        dx: None,
        gauge_length: None,
        channels: names.len() as u32,
        start: None,
        length: None,
        samples_per_trace: None,
        data_type: common.data_type,
        unit: None,
        software: None,
        description: Some(if names.len() == 1 { first.clone() } else { format!("{first} to {last}") }),
    };
    Ok((Header { format: format!("miniSEED {}", common.version), fibre, segments }, channels))
}

/// Every record with samples, by its channel's name and in the file's order.
fn records(bytes: &Bytes) -> Result<(Common, BTreeMap<String, Vec<Found>>), Problem> {
    let mut common = None;
    let mut streams = BTreeMap::<String, Vec<Found>>::new();
    let (mut offset, mut count) = (0, 0);
    let mut window = [0; HEADER_BYTES];
    while offset < bytes.length() {
        let left = bytes.length() - offset;
        let head = &mut window[..left.min(HEADER_BYTES as u64) as usize];
        bytes.read(offset, head)?;
        let (length, record) = record::parse(head, offset)?;
        if length > left {
            let reason = format!("the record at byte {offset} has {length} bytes, but only {left} are left");
            return Err(Problem::File(reason));
        }
        if let Some(record) = record {
            check_same(&mut common, &record, offset)?;
            let found = Found { start: record.start, offset, length: length as u32, samples: record.samples };
            match streams.entry(record.source) {
                Entry::Occupied(stream) => stream.into_mut().push(found),
                Entry::Vacant(stream) => drop(stream.insert(vec![found])),
            }
        }
        offset += length;
        count += 1;
        if count > MAX_RECORDS || streams.len() > MAX_CHANNELS {
            let reason = format!("more than {MAX_RECORDS} records or {MAX_CHANNELS} channels in one file");
            return Err(Problem::File(reason));
        }
    }
    let common = common.ok_or_else(|| Problem::File("no record holds samples".into()))?;
    Ok((common, streams))
}

/// Checks that a record fits to those before it.
fn check_same(common: &mut Option<Common>, record: &Record, offset: u64) -> Result<(), Problem> {
    let Record { version, rate, .. } = *record;
    let data_type = record.encoding.data_type();
    let refuse = |field: &str, found: String, expected: String| {
        let reason = format!("is {found}, but {expected} in the records before it");
        Err(Problem::field(format!("{field} (record at byte {offset})"), reason))
    };
    match common {
        None => {
            let rate = sampling_rate(&format!("sampling rate (record at byte {offset})"), rate)?;
            *common = Some(Common { version, data_type, rate });
            Ok(())
        }
        Some(before) if before.version != version => {
            refuse("version", version.to_string(), before.version.to_string())
        }
        Some(before) if before.data_type != data_type => {
            refuse("encoding", format!("{data_type:?}"), format!("{:?}", before.data_type))
        }
        Some(before) if (rate / before.rate - 1.0).abs() < RATE_TOLERANCE => Ok(()),
        Some(before) => refuse("sampling rate", format!("{rate} Hz"), format!("{} Hz", before.rate)),
    }
}

/// Puts the records of one channel in order of time: a new run begins where one does not continue the last
/// within half a sample, and of samples that several records hold, the earliest record's are taken.
fn runs(mut records: Vec<Found>, rate: f64) -> Result<Vec<Run>, Problem> {
    records.sort_by_key(|record| (record.start, record.offset));
    let mut runs: Vec<Run> = Vec::new();
    for Found { start, offset, length, samples } in records {
        let field = format!("start time (record at byte {offset})");
        // How many samples after the end of the last run it begins.
        let late = runs.last().map_or(f64::INFINITY, |run| {
            start.duration_since(run.segment.start).as_secs_f64() * rate - run.segment.samples as f64
        });
        if late > 0.5 {
            let segment = Segment::new(&field, start, samples.into(), rate)?;
            runs.push(Run { segment, records: vec![Placed { offset, length, skip: 0, samples, first: 0 }] });
        } else if let Some(Run { segment, records }) = runs.last_mut() {
            let skip = (-late).round() as u32;
            if skip < samples {
                let (first, samples) = (segment.samples, samples - skip);
                records.push(Placed { offset, length, skip, samples, first });
                *segment = Segment::new(&field, segment.start, first + u64::from(samples), rate)?;
            }
        }
    }
    Ok(runs)
}

/// The segments that all channels have in common.
fn segments(names: &[String], channels: &[Vec<Run>]) -> Result<Vec<Segment>, Problem> {
    let first = &channels[0];
    for (name, runs) in names.iter().zip(channels) {
        let refuse = |field: &str, found: String, expected: String| {
            let reason = format!("{found} in {name}, but {expected} in {}", names[0]);
            Err(Problem::field(field, reason))
        };
        if runs.len() != first.len() {
            let (found, expected) = (runs.len() - 1, first.len() - 1);
            return refuse("number of gaps", found.to_string(), expected.to_string());
        }
        for (run, expected) in runs.iter().zip(first) {
            let (found, expected) = (&run.segment, &expected.segment);
            let off = found.start.duration_since(expected.start).as_secs_f64() * expected.sampling_rate;
            if off.abs() > 0.5 {
                return refuse("start time", found.start.to_string(), expected.start.to_string());
            }
            if found.samples != expected.samples {
                let text = |segment: &Segment| format!("{} from {}", segment.samples, segment.start);
                return refuse("number of samples", text(found), text(expected));
            }
        }
    }
    Ok(first.iter().map(|run| run.segment.clone()).collect())
}

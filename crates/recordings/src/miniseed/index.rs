use std::collections::BTreeMap;

use focus_core::{DataType, Fibre, sample_offset};

use super::record::{self, HEADER_BYTES, Record};
use super::timeline::{Found, Timeline};
use crate::Header;
use crate::error::Problem;
use crate::file::sampling_rate;
use crate::seismic::Bytes;

/// Most records of one file: 2 GiB of the shortest that are usual, and 400 MiB of memory here.
const MAX_RECORDS: usize = 1 << 22;
/// Most channels of one file.
const MAX_CHANNELS: usize = 1 << 20;
/// By how much measured rates of one clock differ from another; other readers have the same.
const RATE_TOLERANCE: f64 = 1e-4;

/// What all records of a file have in common.
struct Common {
    version: u8,
    data_type: DataType,
    rate: f64,
}

/// Reads and checks the headers of all records: the file's header, and where the samples are.
pub(super) fn read(bytes: &Bytes) -> Result<(Header, Timeline), Problem> {
    let (common, names, records) = records(bytes)?;
    let timeline = Timeline::new(records, names.len(), common.rate)?;
    let description = match &names[..] {
        [name] => Some(name.clone()),
        [first, .., last] => Some(format!("{first} to {last}")),
        [] => None,
    };
    let fibre = Fibre {
        pulse_rate: None,
        sampling_rate: common.rate,
        dx: None,
        gauge_length: None,
        channels: names.len() as u32,
        start: None,
        length: None,
        samples_per_trace: None,
        // Only this has a value for what one of several channels lacks.
        data_type: if names.len() == 1 { common.data_type } else { DataType::Float32 },
        unit: None,
        software: None,
        description,
    };
    let (format, segments) = (format!("miniSEED {}", common.version), timeline.segments.clone());
    Ok((Header { format, fibre, segments }, timeline))
}

/// Every record with samples in the file's order, and the names of the channels in theirs.
fn records(bytes: &Bytes) -> Result<(Common, Vec<String>, Vec<Found>), Problem> {
    let mut common = None;
    let mut names = BTreeMap::<String, u32>::new();
    let mut records = Vec::new();
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
            let (start, samples) = (record.start, record.samples);
            let end = start.checked_add(sample_offset(samples.into(), record.rate));
            let end =
                end.map_err(|_| at("start time", offset, "the record would end after the year 9999"))?;
            let known = names.len() as u32;
            let channel = *names.entry(record.source).or_insert(known);
            records.push(Found { channel, start, end, offset, length: length as u32, samples });
        }
        offset += length;
        count += 1;
        if count > MAX_RECORDS || names.len() > MAX_CHANNELS {
            let reason = format!("more than {MAX_RECORDS} records or {MAX_CHANNELS} channels in one file");
            return Err(Problem::File(reason));
        }
    }
    let common = common.ok_or_else(|| Problem::File("no record holds samples".into()))?;
    // They were numbered as they came.
    let mut numbers = vec![0; names.len()];
    names.values().zip(0..).for_each(|(&came, number)| numbers[came as usize] = number);
    for record in &mut records {
        record.channel = numbers[record.channel as usize];
    }
    Ok((common, names.into_keys().collect(), records))
}

/// What is wrong with a field of the record at this byte.
fn at(field: &str, offset: u64, reason: impl Into<String>) -> Problem {
    Problem::field(format!("{field} (record at byte {offset})"), reason)
}

/// Checks that a record fits to those before it.
fn check_same(common: &mut Option<Common>, record: &Record, offset: u64) -> Result<(), Problem> {
    let Record { version, rate, .. } = *record;
    let data_type = record.encoding.data_type();
    let refuse = |field: &str, found: String, expected: String| {
        let reason = format!("is {found}, but {expected} in the records before it");
        Err(at(field, offset, reason))
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

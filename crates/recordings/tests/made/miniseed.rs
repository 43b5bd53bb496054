//! miniSEED files.

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use miniseed_rs::{EncodingFormat, MseedRecord, NanoTime, Samples, encode};

use crate::common::{START_US, time};

pub(crate) const RATE: f64 = 100.0;

/// Sample `index` of the signal that all records here are cut from: small and large differences.
pub(crate) fn value(index: i64) -> i64 {
    (index * index) % 251 - 120 + if index % 40 == 0 { 20_000 } else { 0 }
}

pub(crate) fn nano(time: Timestamp) -> NanoTime {
    let zoned = time.to_zoned(TimeZone::UTC);
    NanoTime {
        year: zoned.year() as u16,
        day: zoned.day_of_year() as u16,
        hour: zoned.hour() as u8,
        minute: zoned.minute() as u8,
        second: zoned.second() as u8,
        nanosecond: time.subsec_nanosecond() as u32,
    }
}

/// A record with these samples of the signal, of a station of this name.
pub(crate) fn record(version: u8, station: &str, samples: Range<i64>) -> MseedRecord {
    let base = if version == 3 { MseedRecord::new_v3() } else { MseedRecord::new() };
    base.with_nslc("XX", station, "", "HSF")
        .with_start_time(nano(time(START_US + samples.start * 10_000)))
        .with_sample_rate(RATE)
        .with_encoding(EncodingFormat::Steim2)
        .with_samples(Samples::Int(samples.map(|index| value(index) as i32).collect()))
}

pub(crate) fn bytes(records: &[MseedRecord]) -> Vec<u8> {
    records.iter().flat_map(|record| encode(record).unwrap()).collect()
}

pub(crate) fn signal(samples: Range<i64>) -> Vec<i64> {
    samples.map(value).collect()
}

/// A version 2 record with blockette 1001, and some of its bytes replaced.
pub(crate) fn edited(edits: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = encode(&record(2, "A", 0..50).with_timing_quality(100)).unwrap();
    for (at, with) in edits {
        bytes[*at..at + with.len()].copy_from_slice(with);
    }
    bytes
}

/// Small files of both versions and several encodings.
pub(crate) fn small_files() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for version in [2, 3] {
        for encoding in [EncodingFormat::Steim1, EncodingFormat::Steim2, EncodingFormat::Int16] {
            let records = [0..20, 20..40, 60..70]
                .map(|samples| record(version, "A", samples).with_encoding(encoding).with_record_length(256));
            files.push(bytes(&records));
        }
    }
    files
}

/// A record of `samples` zeros that begins so many microseconds after [`START_US`], to 0.1 ms unless they are told.
pub(crate) fn beginning(start_us: i64, samples: usize, rate: f64, microseconds: bool) -> Vec<u8> {
    let mut record = record(2, "A", 0..0)
        .with_start_time(nano(time(START_US + start_us)))
        .with_sample_rate(rate)
        .with_encoding(EncodingFormat::Int16)
        .with_samples(Samples::Int(vec![0; samples]));
    if microseconds {
        record = record.with_timing_quality(100);
    }
    let mut bytes = encode(&record).unwrap();
    if microseconds {
        bytes[61] = (start_us % 100) as u8;
    }
    bytes
}

//! miniSEED files: both versions, every encoding, gaps, overlaps, several channels, and files that are refused.
#![expect(clippy::float_cmp, reason = "rates are given back as they were written")]

mod common;

use std::fs;
use std::ops::Range;

use common::{Checksum, START_US, numbers, time};
use focus_core::{ChannelRange, DataType};
use focus_recordings::{Catalogue, ReadError, RecordingFile, RecordingReader, SqliteCatalogue, open};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use miniseed_rs::crc::compute_v3_crc;
use miniseed_rs::{ByteOrder, EncodingFormat, MseedRecord, NanoTime, Samples, encode};
use proptest::prelude::*;

const RATE: f64 = 100.0;

/// Sample `index` of the signal that all records here are cut from: small and large differences.
fn value(index: i64) -> i64 {
    (index * index) % 251 - 120 + if index % 40 == 0 { 20_000 } else { 0 }
}

/// Samples 0 to 59 of the signal in one record as obspy 1.5.1 writes it without the zeros at its end:
/// `trace.write(.., format="MSEED", encoding="STEIM1", byteorder="<", reclen=256)`.
const LITTLE_STEIM_1: &str = "\
     3030303030314420412020202020204853465858e40701000000000000003c0064000100000000010000000040003000\
     e80300000a0008000000000000000000aa995602a84d0000620000000000e1b1030507090b0d0f11131517191b001d00\
     24ff2100232527292b0032ff2f3133353cff39003b003d0044ff41004300450080aaaa2a4cff49004b0052ff6f4e31b2\
     58ff550057005eff5b005d0064ff610063006aff67006eff6b0072ff6f00710078ff75";
/// The same with `encoding="STEIM2"`.
const LITTLE_STEIM_2: &str = "\
     3030303030314420412020202020204853465858e40701000000000000003c0064000100000000010000000040003000\
     e80300000b0008000000000000000000aa9abe02a84d00006200000000000040e1b1ff7f6da553465735450f1d6c90c1\
     238440f22527292b31bc20f33cd730c33dec90c3430441f449305dc452ff25800080aa2a6f4e004031b2ff7f575481f5\
     5d6ce1f5638441f66e9fa1f66fc8bdc675e01dc7";

fn nano(time: Timestamp) -> NanoTime {
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
fn record(version: u8, station: &str, samples: Range<i64>) -> MseedRecord {
    let base = if version == 3 { MseedRecord::new_v3() } else { MseedRecord::new() };
    base.with_nslc("XX", station, "", "HSF")
        .with_start_time(nano(time(START_US + samples.start * 10_000)))
        .with_sample_rate(RATE)
        .with_encoding(EncodingFormat::Steim2)
        .with_samples(Samples::Int(samples.map(|index| value(index) as i32).collect()))
}

fn bytes(records: &[MseedRecord]) -> Vec<u8> {
    records.iter().flat_map(|record| encode(record).unwrap()).collect()
}

fn opened(bytes: &[u8]) -> Result<Box<dyn RecordingFile>, ReadError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("recording");
    fs::write(&path, bytes).unwrap();
    // The file stays readable although its name is gone.
    open(&path)
}

fn refused_field(bytes: &[u8]) -> String {
    match opened(bytes).map(|_| ()) {
        Err(ReadError::Header { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

fn signal(samples: Range<i64>) -> Vec<i64> {
    samples.map(value).collect()
}

/// Everything that a file of one channel holds: by segment, its first sample's index and the samples.
fn content(bytes: &[u8]) -> Vec<(i64, Vec<i64>)> {
    let file = opened(bytes).unwrap();
    let segments = file.header().segments.iter().enumerate();
    let first = |start: Timestamp| (start.as_microsecond() - START_US) / 10_000;
    segments
        .map(|(number, segment)| {
            let samples = numbers(&file.read(number, 0..u64::MAX, 0..1).unwrap());
            assert_eq!(samples.len() as u64, segment.samples);
            (first(segment.start), samples)
        })
        .collect()
}

#[test]
fn every_version_encoding_and_byte_order_reads_the_same() {
    use EncodingFormat::{Float32, Int16, Int32, Steim1, Steim2};
    for (version, encoding, data_type) in [
        (2, Int16, DataType::Int16),
        (2, Int32, DataType::Int32),
        (2, Float32, DataType::Float32),
        (2, Steim1, DataType::Int32),
        (2, Steim2, DataType::Int32),
        (3, Int16, DataType::Int16),
        (3, Int32, DataType::Int32),
        (3, Float32, DataType::Float32),
        (3, Steim1, DataType::Int32),
        (3, Steim2, DataType::Int32),
    ] {
        for byte_order in [ByteOrder::Big, ByteOrder::Little] {
            // What the crate's encoder writes then is not what others do: that has a test of its own.
            if byte_order == ByteOrder::Little && matches!(encoding, Steim1 | Steim2) {
                continue;
            }
            let records: Vec<MseedRecord> = [0..70, 70..90, 90..160]
                .map(|samples: Range<i64>| {
                    let floats = samples.clone().map(|index| value(index) as f32).collect();
                    let mut record = record(version, "A", samples).with_encoding(encoding);
                    record.byte_order = byte_order;
                    if encoding == Float32 { record.with_samples(Samples::Float(floats)) } else { record }
                })
                .into();
            let file = opened(&bytes(&records)).unwrap();
            let what = format!("{version} {encoding:?} {byte_order:?}");
            assert_eq!(file.header().format, format!("miniSEED {version}"));
            let fibre = &file.header().fibre;
            assert_eq!(
                (fibre.sampling_rate, fibre.channels, fibre.data_type),
                (RATE, 1, data_type),
                "{what}"
            );
            assert_eq!((fibre.dx, &fibre.unit), (None, &None));
            assert_eq!(file.header().segments.len(), 1, "{what}");
            assert_eq!(file.header().start(), time(START_US));
            for times in [0..160_i64, 69..71, 75..80, 159..160, 7..7, 155..999] {
                let samples = file.read(0, times.start as u64..times.end as u64, 0..9).unwrap();
                assert_eq!(samples.data_type(), data_type);
                assert_eq!(numbers(&samples), signal(times.start..times.end.min(160)), "{what} {times:?}");
            }
            assert!(file.read(0, 0..9, 1..1).unwrap().is_empty());
            assert!(file.read(1, 0..9, 0..1).is_err(), "there is no other segment");
        }
    }
}

#[test]
fn a_gap_begins_a_segment() {
    for version in [2, 3] {
        let gap =
            bytes(&[record(version, "A", 0..50), record(version, "A", 50..80), record(version, "A", 81..99)]);
        assert_eq!(content(&gap), [(0, signal(0..80)), (81, signal(81..99))]);
        // Less than half a sample is the same grid, more is not.
        for (late, segments) in [(4_900, 1), (-4_900, 1), (5_100, 2)] {
            let mut next = record(version, "A", 50..80);
            next.start_time = nano(time(START_US + 500_000 + late));
            let file = opened(&bytes(&[record(version, "A", 0..50), next])).unwrap();
            assert_eq!(file.header().segments.len(), segments, "{late} µs late");
        }
    }
}

#[test]
fn records_are_put_in_order_and_overlaps_shown_once() {
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
        // The third is a copy, the fourth lies within the second.
        let all = [0..50, 40..90, 0..50, 60..70, 85..120].map(|samples| record(2, "A", samples));
        let records = order.map(|number: usize| all[number].clone());
        assert_eq!(content(&bytes(&records)), [(0, signal(0..120))], "{order:?}");
    }
}

#[test]
fn several_channels_are_in_the_order_of_their_names() {
    for version in [2, 3] {
        let mut records = Vec::new();
        for station in ["C", "A", "B"] {
            let shift = 1_000 * i64::from(station.as_bytes()[0]);
            for samples in [0..50, 50..70, 100..130] {
                let values = samples.clone().map(|index| (value(index) + shift) as i32).collect();
                records.push(record(version, station, samples).with_samples(Samples::Int(values)));
            }
        }
        let file = opened(&bytes(&records)).unwrap();
        assert_eq!((file.header().fibre.channels, file.header().segments.len()), (3, 2));
        let name = file.header().fibre.description.clone().unwrap();
        assert!(name.contains("A_") || name == "XX.A..HSF to XX.C..HSF", "{name}");
        let expected = |times: Range<i64>, channels: &[u8]| -> Vec<i64> {
            let row = |index| channels.iter().map(move |&name| value(index) + 1_000 * i64::from(name));
            times.flat_map(row).collect()
        };
        assert_eq!(numbers(&file.read(0, 45..55, 0..3).unwrap()), expected(45..55, b"ABC"));
        assert_eq!(numbers(&file.read(1, 5..7, 1..3).unwrap()), expected(105..107, b"BC"));
    }
}

#[test]
fn channels_that_do_not_fit_together_are_refused() {
    let a = || record(2, "A", 0..50);
    let with = |other: MseedRecord| refused_field(&bytes(&[a(), other]));
    assert_eq!(with(record(2, "B", 0..49)), "number of samples");
    assert_eq!(with(record(2, "B", 1..51)), "start time");
    assert_eq!(
        refused_field(&bytes(&[a(), record(2, "B", 0..20), record(2, "B", 30..50)])),
        "number of gaps"
    );
    assert_eq!(with(a().with_sample_rate(50.0)), "sampling rate (record at byte 512)");
    assert_eq!(with(a().with_encoding(EncodingFormat::Int16)), "encoding (record at byte 512)");
    assert_eq!(with(record(3, "B", 0..50)), "version (record at byte 512)");
}

/// A version 2 record with blockette 1001, and some of its bytes replaced.
fn edited(edits: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = encode(&record(2, "A", 0..50).with_timing_quality(100)).unwrap();
    for (at, with) in edits {
        bytes[*at..at + with.len()].copy_from_slice(with);
    }
    bytes
}

#[test]
fn times_and_rates_are_as_exact_as_they_are_told() {
    let start = |edits: &[(usize, &[u8])]| {
        let file = opened(&edited(edits)).unwrap();
        file.header().start().as_microsecond() - START_US
    };
    assert_eq!(start(&[]), 0);
    assert_eq!(start(&[(61, &[0xf6])]), -10, "blockette 1001 has microseconds");
    assert_eq!(start(&[(40, &12_i32.to_be_bytes())]), 1_200, "a correction is applied");
    assert_eq!(start(&[(40, &12_i32.to_be_bytes()), (36, &[2])]), 0, "unless it has been");
    let rate = |edits: &[(usize, &[u8])]| opened(&edited(edits)).unwrap().header().fibre.sampling_rate;
    for (factor, multiplier, expected) in
        [(100, 1, 100.0), (50, 3, 150.0), (100, -8, 12.5), (-4, 1, 0.25), (-2, -5, 0.1), (7, 0, 7.0)]
    {
        let (factor, multiplier) = (i16::to_be_bytes(factor), i16::to_be_bytes(multiplier));
        assert_eq!(rate(&[(32, &factor), (34, &multiplier)]), expected);
    }
    // Blockette 100 in place of 1001.
    assert_eq!(rate(&[(56, &100_u16.to_be_bytes()), (60, &99.5_f32.to_be_bytes())]), 99.5);
    let mut slow = record(3, "A", 0..9);
    slow.sample_rate = -4.0;
    slow.start_time.nanosecond = 123_456_789;
    let file = opened(&bytes(&[slow])).unwrap();
    assert_eq!(file.header().fibre.sampling_rate, 0.25, "a negative rate is an interval");
    assert_eq!(file.header().start(), time(START_US) + SignedDuration::from_nanos(123_456_789));
}

#[test]
fn a_little_endian_header_is_read_as_such() {
    let mut record = record(2, "A", 0..50).with_encoding(EncodingFormat::Int32);
    record.byte_order = ByteOrder::Little;
    let mut bytes = encode(&record).unwrap();
    for at in [20, 22, 28, 30, 32, 34, 44, 46, 48, 50] {
        bytes.swap(at, at + 1);
    }
    assert_eq!(content(&bytes), [(0, signal(0..50))]);
}

#[test]
fn little_endian_differences_are_as_obspy_writes_them() {
    for (encoding, record) in [("Steim 1", LITTLE_STEIM_1), ("Steim 2", LITTLE_STEIM_2)] {
        let digits = record.as_bytes().chunks(2).map(|byte| std::str::from_utf8(byte).unwrap());
        let mut bytes: Vec<u8> = digits.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        bytes.resize(256, 0);
        assert_eq!(content(&bytes), [(0, signal(0..60))], "{encoding}");
    }
}

#[test]
fn what_holds_no_samples_is_passed_over() {
    let mut text = encode(&record(2, "LOG", 0..9)).unwrap();
    text[52] = 0;
    let mut none = encode(&record(2, "NONE", 0..9)).unwrap();
    none[30..32].fill(0);
    let all = [text.clone(), bytes(&[record(2, "A", 0..50)]), none].concat();
    assert_eq!(content(&all), [(0, signal(0..50))]);
    let refusal = opened(&text).map(|_| ()).unwrap_err().to_string();
    assert!(refusal.ends_with("no record holds samples"), "{refusal}");
}

#[test]
fn a_header_that_cannot_be_right_is_refused_by_the_fields_name() {
    for (field, edit) in [
        ("number of samples", (30, &60_000_u16.to_be_bytes()[..])),
        ("sampling rate", (32, &[0, 0])),
        ("start time", (22, &[2, 0])),
        ("encoding", (52, &[5])),
        ("encoding", (52, &[30])),
        ("record length", (54, &[200])),
        ("record length", (54, &[0])),
        ("beginning of data", (44, &[0xff, 0xff])),
        ("beginning of data", (44, &[0, 0])),
        ("blockette 1000", (46, &[0, 0])),
        ("next blockette", (58, &[0, 48])),
    ] {
        assert_eq!(refused_field(&edited(&[edit])), format!("{field} (record at byte 0)"));
    }
    let version_3 = encode(&record(3, "A", 0..50)).unwrap();
    for (field, edit) in [
        ("number of samples", (24, &[0xff; 4][..])),
        ("sampling rate", (16, &f64::NAN.to_le_bytes())),
        ("sampling rate", (16, &0.0_f64.to_le_bytes())),
        ("start time", (8, &[0xff; 2])),
        ("encoding", (15, &[19])),
        ("data payload length", (36, &[0xff; 4])),
        ("source identifier", (40, &[0xff])),
    ] {
        let mut bytes = version_3.clone();
        bytes[edit.0..edit.0 + edit.1.len()].copy_from_slice(edit.1);
        assert_eq!(refused_field(&bytes), format!("{field} (record at byte 0)"));
    }
}

#[test]
fn only_the_records_that_are_wanted_are_read() {
    for version in [2, 3] {
        let [first, mut second, third] =
            [0..50, 50..80, 80..120].map(|samples| encode(&record(version, "A", samples)).unwrap());
        // The last sample, as the first frame tells it.
        let frame = if version == 3 { 40 + "FDSN:XX_A__H_S_F".len() } else { 64 };
        second[frame + 11] ^= 1;
        let bytes = [first.clone(), second, third].concat();
        let file = opened(&bytes).unwrap();
        assert_eq!(numbers(&file.read(0, 0..50, 0..1).unwrap()), signal(0..50));
        assert_eq!(numbers(&file.read(0, 80..120, 0..1).unwrap()), signal(80..120));
        let refusal = file.read(0, 49..51, 0..1).unwrap_err().to_string();
        assert!(refusal.contains(&format!("the record at byte {} is corrupt", first.len())), "{refusal}");
    }
}

#[tokio::test]
async fn a_range_across_a_gap_shows_the_gap() {
    let directory = tempfile::tempdir().unwrap();
    let file = bytes(&[record(2, "A", 0..100), record(2, "A", 100..200), record(2, "A", 1_050..1_150)]);
    fs::write(directory.path().join("one.MSEED"), file).unwrap();
    fs::write(directory.path().join("two.ms3"), bytes(&[record(3, "A", 1_150..1_250)])).unwrap();
    let index = directory.path().join("index.sqlite");
    let catalogue = SqliteCatalogue::open(&index, directory.path()).await.unwrap();
    assert_eq!(catalogue.scan().await.unwrap().added, 2);
    let (from, to) = (time(START_US + 1_500_000), time(START_US + 12_000_000));
    let found = catalogue.find(from, to).await.unwrap();
    let reader = RecordingReader::new(found, from, to, ChannelRange::new(1, 1).unwrap());
    let blocks: Vec<_> = reader.map(|block| block.unwrap()).collect();
    let starts: Vec<i64> = blocks.iter().map(|block| block.start.as_microsecond() - START_US).collect();
    assert_eq!(starts, [1_500_000, 10_500_000, 11_500_000]);
    let samples: Vec<i64> = blocks.iter().flat_map(|block| numbers(&block.samples)).collect();
    assert_eq!(samples, [signal(150..200), signal(1_050..1_200)].concat());
    let steps: Vec<u64> = blocks.windows(2).map(|pair| pair[1].sequence - pair[0].sequence).collect();
    assert_eq!(steps, [10, 1], "one more for each second that is missing, rounded up");
}

/// Reads all of it, and gives an error or samples of the promised number; a panic fails the test.
fn read_through(bytes: &[u8]) -> Result<u64, ReadError> {
    let file = opened(bytes)?;
    let channels = file.header().fibre.channels as usize;
    let mut all = 0;
    for (number, segment) in file.header().segments.iter().enumerate() {
        let samples = file.read(number, 0..segment.samples, 0..channels)?;
        assert_eq!(samples.len() as u64, segment.samples * channels as u64);
        all += segment.samples;
    }
    Ok(all)
}

/// Small files of both versions and several encodings.
fn small_files() -> Vec<Vec<u8>> {
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

#[test]
fn a_truncated_file_is_an_error_unless_it_ends_with_a_record() {
    for file in small_files() {
        assert_eq!(read_through(&file).unwrap(), 50);
        let whole = (0..file.len()).filter(|&length| read_through(&file[..length]).is_ok()).count();
        assert_eq!(whole, 2, "after the first and the second record");
    }
}

#[test]
fn flipped_bytes_never_panic() {
    for file in small_files() {
        for position in 0..file.len() {
            let mut bytes = file.clone();
            bytes[position] ^= [0x01, 0x80, 0xff][position % 3];
            let _ = read_through(&bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn hostile_records_never_panic(
        which in 0..6_usize,
        edits in prop::collection::vec((0..256_usize, any::<u8>()), 1..12),
        sums in any::<bool>(),
    ) {
        let mut bytes = small_files().swap_remove(which);
        let length = bytes.len();
        for (position, value) in edits {
            bytes[position % length] = value;
        }
        // Version 3: hostile data with a right checksum reach the decoder.
        if which >= 3 && sums {
            let first = small_files()[which].len() / 3;
            compute_v3_crc(&mut bytes[..first]);
        }
        let _ = read_through(&bytes);
    }
}

/// A field cable over a day: constants as obspy 1.5.1 reads them (`obspy.read(..)` gives three traces; their
/// `stats.starttime.ns`, `len(data)`, and the checksum that `fixtures/make_checksums.py` defines of `data`).
#[test]
fn a_real_file_equals_what_obspy_reads() {
    let Some(directory) = std::env::var_os("FOCUS_SHARED_DATA").map(std::path::PathBuf::from) else {
        eprintln!("SKIPPED: FOCUS_SHARED_DATA is not set, the larger recordings are not tested");
        return;
    };
    let file = open(&directory.join("geofon_3U_HSF.mseed")).unwrap();
    let header = file.header();
    assert_eq!((header.format.as_str(), header.fibre.sampling_rate), ("miniSEED 2", 100.0));
    assert_eq!((header.fibre.channels, header.fibre.data_type), (1, DataType::Int32));
    assert_eq!(header.fibre.description.as_deref(), Some("3U.A0905..HSF"));
    let found: Vec<_> = (0..header.segments.len())
        .map(|number| {
            let segment = &header.segments[number];
            let mut checksum = Checksum::default();
            for start in (0..segment.samples).step_by(7_777) {
                checksum.add(&file.read(number, start..start + 7_777, 0..1).unwrap());
            }
            (segment.start.as_nanosecond(), segment.samples, checksum.text())
        })
        .collect();
    let obspy = [
        (1_675_210_919_381_990_000, 360_000, "feeaafc8ae401002".to_owned()),
        (1_675_248_286_091_990_000, 519_096, "69e04da4bd6c7894".to_owned()),
        (1_675_286_097_761_990_000, 360_000, "f3b254fab34f11f2".to_owned()),
    ];
    assert_eq!(found, obspy);
}

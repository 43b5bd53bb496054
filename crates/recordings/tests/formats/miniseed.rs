//! miniSEED files: both versions, every encoding and byte order, and what lies between the records.
#![expect(clippy::float_cmp, reason = "rates are given back as they were written")]

mod channels;
mod gaps;
mod refused;
mod times;

use std::fs;
use std::ops::Range;

use focus_core::DataType;
use focus_recordings::open;
use jiff::Timestamp;
use miniseed_rs::{ByteOrder, EncodingFormat, MseedRecord, Samples, encode};

use crate::common::hostile::opened;
use crate::common::{Checksum, START_US, numbers, time};
use crate::made::miniseed::{RATE, bytes, record, signal, value};

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

#[test]
fn a_record_is_unpacked_once_for_all_blocks_that_it_holds() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("recording");
    let records =
        [0..400, 400..800, 800..1_200].map(|samples| record(2, "A", samples).with_record_length(2_048));
    fs::write(&path, bytes(&records)).unwrap();
    let file = open(&path).unwrap();
    assert_eq!(numbers(&file.read(0, 300..500, 0..1).unwrap()), signal(300..500));
    // From now on nothing can be read of it.
    fs::write(&path, []).unwrap();
    assert_eq!(numbers(&file.read(0, 500..600, 0..1).unwrap()), signal(500..600));
    assert_eq!(numbers(&file.read(0, 550..799, 0..1).unwrap()), signal(550..799));
    assert!(file.read(0, 0..10, 0..1).is_err(), "what was read to its end is not kept");
    assert!(file.read(0, 799..900, 0..1).is_err());
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

//! PRODML files: what the header says, both axis orders, every sample type, and files that are refused.

mod common;

use std::fs;

use common::hostile::{self, read_through};
use common::{Prodml, START_US, Type, numbers, time, value};
use focus_core::{DataType, Fibre};
use focus_recordings::{EXCERPT, ReadError, RecordingFile, open};

fn opened(file: &Prodml) -> Result<Box<dyn RecordingFile>, ReadError> {
    hostile::opened(&file.bytes())
}

fn expected(times: std::ops::Range<u64>, columns: std::ops::Range<u64>) -> Vec<i64> {
    times.flat_map(|time| columns.clone().map(move |channel| value(time, channel))).collect()
}

#[test]
fn the_header_is_what_the_file_says() {
    let file = opened(&Prodml { measurement_us: START_US - 60_000_000, ..Prodml::default() }).unwrap();
    let fibre = Fibre {
        pulse_rate: Some(200.0),
        sampling_rate: 10.0,
        dx: Some(2.0),
        gauge_length: Some(10.0),
        channels: 3,
        start: Some(-10.0),
        length: Some(6.0),
        samples_per_trace: None,
        data_type: DataType::Float32,
        unit: Some("nm/m/s".into()),
        software: Some("tests".into()),
        description: Some("a test".into()),
    };
    let header = file.header();
    assert_eq!((&header.fibre, header.segments[0].samples), (&fibre, 20));
    assert_eq!(header.start(), time(START_US), "the part's own start, not the measurement's");
    assert_eq!(header.segments[0].end().unwrap(), time(START_US + 2_000_000));
}

#[test]
fn what_the_file_does_not_say_is_unknown() {
    let without = vec!["SpatialSamplingInterval", "GaugeLength", "PulseRate", "VendorCode", "RawDataTime"];
    let file = opened(&Prodml { without, unit: "", ..Prodml::default() }).unwrap();
    let fibre = &file.header().fibre;
    assert_eq!((fibre.dx, fibre.gauge_length, fibre.pulse_rate), (None, None, None));
    assert_eq!((fibre.start, fibre.length), (None, None));
    assert_eq!((&fibre.unit, &fibre.software), (&None, &None));
    assert_eq!(file.header().start(), time(START_US), "PartStartTime where there are no stored times");
}

#[test]
fn every_version_type_and_order_reads_the_same() {
    for (version, kind, locus_first) in [
        ("2.0", Type::I16, false),
        ("2.1", Type::I16, true),
        ("2.1", Type::I32, false),
        ("2.0", Type::I32, true),
        ("2.1", Type::F32, false),
        ("2.1", Type::F32, true),
    ] {
        let file = opened(&Prodml { version, kind, locus_first, ..Prodml::default() }).unwrap();
        let data_type = match kind {
            Type::I16 => DataType::Int16,
            Type::I32 => DataType::Int32,
            _ => DataType::Float32,
        };
        for (times, columns) in [(0..20, 0..3), (7..9, 1..3), (19..20, 2..3), (5..5, 0..3)] {
            let samples = file.read(0, times.clone(), columns.clone()).unwrap();
            assert_eq!(samples.data_type(), data_type);
            let wanted = expected(times.clone(), columns.start as u64..columns.end as u64);
            assert_eq!(numbers(&samples), wanted, "{version} {kind:?} {locus_first} {times:?} {columns:?}");
        }
        let beyond = file.read(0, 18..99, 1..99).unwrap();
        assert_eq!(numbers(&beyond), expected(18..20, 1..3), "a range beyond the data is cut to it");
    }
}

#[test]
fn a_header_that_cannot_be_right_is_refused_by_the_fields_name() {
    let default = Prodml::default;
    for (field, file) in [
        ("NumberOfLoci", Prodml { numbers: vec![("NumberOfLoci", 4.0)], ..default() }),
        ("NumberOfLoci", Prodml { without: vec!["NumberOfLoci"], ..default() }),
        ("Count", Prodml { numbers: vec![("Count", 59.0)], ..default() }),
        ("OutputDataRate", Prodml { numbers: vec![("OutputDataRate", 0.0)], ..default() }),
        ("OutputDataRate", Prodml { numbers: vec![("OutputDataRate", -10.0)], ..default() }),
        ("OutputDataRate", Prodml { numbers: vec![("OutputDataRate", f64::NAN)], ..default() }),
        ("OutputDataRate", Prodml { numbers: vec![("OutputDataRate", f64::INFINITY)], ..default() }),
        ("OutputDataRate", Prodml { numbers: vec![("OutputDataRate", 1e-300)], ..default() }),
        ("OutputDataRate", Prodml { numbers: vec![("OutputDataRate", 1e300)], ..default() }),
        ("OutputDataRate", Prodml { without: vec!["OutputDataRate"], ..default() }),
        ("OutputDataRate.uom", Prodml { texts: vec![("OutputDataRate.uom", "kHz")], ..default() }),
        ("RawDataTime", Prodml { numbers: vec![("OutputDataRate", 20.0)], ..default() }),
        ("RawDataTime", Prodml { last_time_off_us: 200_000, ..default() }),
        ("Uom", Prodml { texts: vec![("Uom", "s")], ..default() }),
        ("PartStartTime", Prodml { texts: vec![("PartStartTime", "2020-01-01T00:00:00.2Z")], ..default() }),
        ("PartStartTime", Prodml { texts: vec![("PartStartTime", "yesterday")], ..default() }),
        ("PartStartTime", Prodml { without: vec!["PartStartTime", "RawDataTime"], ..default() }),
        ("schemaVersion", Prodml { version: "3.0", ..default() }),
        ("schemaVersion", Prodml { without: vec!["schemaVersion"], ..default() }),
        ("Dimensions", Prodml { without: vec!["Dimensions"], ..default() }),
        ("Dimensions", Prodml { texts: vec![("Dimensions", "depth")], ..default() }),
        ("SpatialSamplingInterval", Prodml { numbers: vec![("SpatialSamplingInterval", 0.0)], ..default() }),
        (
            "SpatialSamplingInterval.uom",
            Prodml { texts: vec![("SpatialSamplingInterval.uom", "ft")], ..default() },
        ),
        ("RawData", Prodml { kind: Type::F64, ..default() }),
    ] {
        match opened(&file).map(|_| ()) {
            Err(ReadError::Header { field: found, .. }) => assert_eq!(found, field, "{file:?}"),
            other => panic!("{field}: {other:?} for {file:?}"),
        }
    }
}

#[test]
fn a_clock_that_is_off_by_less_than_a_sample_is_accepted() {
    assert!(opened(&Prodml { last_time_off_us: 90_000, ..Prodml::default() }).is_ok());
    let texts = vec![("PartStartTime", "2020-01-01T00:00:00.09Z")];
    let file = opened(&Prodml { texts, ..Prodml::default() }).unwrap();
    assert_eq!(file.header().start(), time(START_US));
}

#[test]
fn files_that_are_no_recordings_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("recording.h5");
    let refusal = || open(&path).map(|_| ()).unwrap_err().to_string();
    assert!(refusal().contains("recording.h5: No such file"), "{}", refusal());
    fs::write(&path, b"").unwrap();
    assert!(refusal().ends_with("recording.h5: the file is empty"), "{}", refusal());
    fs::write(&path, b"not HDF5 at all, but long enough to be looked at").unwrap();
    assert!(refusal().contains("magic"), "{}", refusal());
    let other = hdf5_writer::Hdf5Builder::new()
        .dataset(hdf5_writer::DatasetBuilder::typed_data("zones", vec![1], &[1_i16]).unwrap());
    let other = other.into_plan().unwrap().encode(hdf5_writer::WriteOptions::default()).unwrap();
    fs::write(&path, other).unwrap();
    assert!(refusal().contains("is HDF5, but of no format that is known here"), "{}", refusal());
    assert!(open(directory.path()).is_err(), "a directory");
}

#[test]
fn a_truncated_excerpt_is_an_error_wherever_it_was_cut() {
    for percent in (1..100).step_by(7) {
        let length = EXCERPT.len() * percent / 100;
        assert!(read_through(&EXCERPT[..length]).is_err(), "{length} of {} bytes", EXCERPT.len());
    }
}

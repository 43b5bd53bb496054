//! What cannot be in any format is refused in every one, by the name that the format has for it.

use crate::common::Prodml;
use crate::common::hostile::{opened, refused_field};
use crate::made::febus::Febus;
use crate::made::miniseed::{edited, record};
use crate::made::optodas::Optodas;
use crate::made::segy::{Segy, with_extension};
use crate::made::silixa;
use crate::made::terra15::Terra15;

fn prodml(name: &'static str, number: f64) -> Vec<u8> {
    Prodml { numbers: vec![(name, number)], ..Prodml::default() }.bytes()
}

/// One that begins at this time, which is stored twice.
fn prodml_at(start: &str) -> Vec<u8> {
    let start_us = start.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    Prodml { start_us, ..Prodml::default() }.bytes()
}

fn optodas(path: &'static str, number: f64) -> Vec<u8> {
    Optodas { numbers: vec![(path, number)], ..Optodas::default() }.bytes()
}

fn febus(name: &'static str, numbers: &[f64]) -> Vec<u8> {
    Febus { zone: vec![(name, numbers.to_vec())], ..Febus::default() }.bytes()
}

fn febus_at(first: f64) -> Vec<u8> {
    let times = (0..4).map(|block| first + f64::from(block) * 0.04).collect();
    Febus { times, ..Febus::default() }.bytes()
}

fn terra15(name: &'static str, number: f64) -> Vec<u8> {
    Terra15 { numbers: vec![(name, number)], ..Terra15::default() }.bytes()
}

fn terra15_at(first: f64) -> Vec<u8> {
    let times = (0..12).map(|sample| first + f64::from(sample) * 0.01).collect();
    Terra15 { times, ..Terra15::default() }.bytes()
}

fn silixa(name: &str, text: &str) -> Vec<u8> {
    silixa::bytes(&[(name, Some(text))])
}

fn segy(position: usize, number: i64) -> Vec<u8> {
    Segy { trace: (1..=4).map(|trace| (trace, position, 2, number)).collect(), ..Segy::default() }.bytes()
}

/// A version 3 record with this rate.
fn miniseed(rate: f64) -> Vec<u8> {
    let mut bytes = miniseed_rs::encode(&record(3, "A", 0..50)).unwrap();
    bytes[16..24].copy_from_slice(&rate.to_le_bytes());
    bytes
}

/// Seconds since 1970 of the years 1950 and 2150.
const BEFORE: f64 = -631_152_000.0;
const AFTER: f64 = 5_680_281_600.0;

#[test]
fn a_distance_between_channels_that_cannot_be_is_refused() {
    for dx in [-1.0, 0.0, 1e-9, 1e9, f64::INFINITY] {
        for (field, file) in [
            ("SpatialSamplingInterval", prodml("SpatialSamplingInterval", dx)),
            ("header/dx", optodas("header/dx", dx)),
            ("Spacing", febus("Spacing", &[dx, 10.0, 1.0])),
            ("dx", terra15("dx", dx)),
            ("SpatialResolution[m]", silixa("SpatialResolution[m]", &dx.to_string())),
        ] {
            assert_eq!(refused_field(&file), field, "{dx}");
        }
    }
}

#[test]
fn a_gauge_length_that_cannot_be_is_refused() {
    for gauge in [-1.0, 0.0, 1e9, f64::INFINITY] {
        for (field, file) in [
            ("GaugeLength", prodml("GaugeLength", gauge)),
            ("header/gaugeLength", optodas("header/gaugeLength", gauge)),
            ("GaugeLength", febus("GaugeLength", &[gauge])),
            ("gauge_length", terra15("gauge_length", gauge)),
            ("GaugeLength", silixa("GaugeLength", &gauge.to_string())),
        ] {
            assert_eq!(refused_field(&file), field, "{gauge}");
        }
    }
}

#[test]
fn a_rate_that_cannot_be_is_refused() {
    for rate in [-100.0, 0.0, 1e-9, 1e12, f64::NAN, f64::INFINITY] {
        for (field, file) in [
            ("OutputDataRate", prodml("OutputDataRate", rate)),
            ("header/dt", optodas("header/dt", 1.0 / rate)),
            ("dT", terra15("dT", 1.0 / rate)),
            ("SamplingFrequency[Hz]", silixa("SamplingFrequency[Hz]", &rate.to_string())),
        ] {
            assert_eq!(refused_field(&file), field, "{rate}");
        }
    }
    for rate in [-100.0, 0.0, 1e-9, f64::NAN] {
        assert_eq!(refused_field(&febus("SamplingRate", &[rate])), "SamplingRate", "{rate}");
    }
    // The rate of an instrument, and an interval that is none.
    assert_eq!(refused_field(&febus("SamplingRate", &[f64::INFINITY])), "SamplingRate");
    let spacing = vec![("SamplingRate", vec![250e6]), ("Spacing", vec![1.5, 0.0, 1.0])];
    assert_eq!(refused_field(&Febus { zone: spacing, ..Febus::default() }.bytes()), "Spacing");
    // Negative ones are intervals.
    for rate in [0.0, 1e-9, 1e12, -1e9, -1e-12, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(refused_field(&miniseed(rate)), "sampling rate (record at byte 0)", "{rate}");
    }
    for interval in [-1.0, 1e-6, 1e15, f64::NAN, f64::INFINITY] {
        let binary = vec![(3217, 2, 0), (3273, 8, interval.to_bits() as i64)];
        let trace = (1..=4).map(|number| (number, 117, 2, 0)).collect();
        let file = Segy { binary, trace, ..with_extension() }.bytes();
        assert_eq!(refused_field(&file), "sample interval (bytes 3273-3280)", "{interval}");
    }
    let trace = |interval: f64| Segy {
        binary: vec![(3217, 2, 0)],
        trace: vec![(1, 117, 2, 0), (1, 385, 8, interval.to_bits() as i64)],
        ..with_extension()
    };
    for interval in [-1.0, 1e15, f64::NAN] {
        let field = refused_field(&trace(interval).bytes());
        assert_eq!(field, "sample interval (bytes 385-392 of trace 1)", "{interval}");
    }
    assert_eq!(
        refused_field(&Segy { interval: 0, ..Segy::default() }.bytes()),
        "sample interval (bytes 3217-3218)"
    );
}

#[test]
fn a_number_of_samples_or_channels_that_is_not_the_datas_is_refused() {
    const SIZE: &str = "header/dimensionRanges/dimension0/size";
    for (field, file) in [
        ("Count", prodml("Count", 61.0)),
        ("NumberOfLoci", prodml("NumberOfLoci", 2.0)),
        (SIZE, optodas(SIZE, 5.0)),
        ("time", Febus { times: vec![1e9, 1e9 + 1.0], ..Febus::default() }.bytes()),
        ("nx", terra15("nx", 1.0)),
        ("nframes_occupied", terra15("nframes_occupied", 4.0)),
        ("Stop Distance (m)", silixa("Stop Distance (m)", "99")),
        ("number of samples (bytes 115-116 of trace 1)", segy(115, 19)),
        ("number of samples (record at byte 0)", edited(&[(30, &60_000_u16.to_be_bytes())])),
    ] {
        assert_eq!(refused_field(&file), field);
    }
}

#[test]
fn a_start_that_is_missing_or_cannot_be_is_refused() {
    let without = vec!["PartStartTime", "RawDataTime"];
    for (field, file) in [
        ("PartStartTime", Prodml { without, ..Prodml::default() }.bytes()),
        ("RawDataTime", prodml_at("1950-01-01T00:00:00Z")),
        ("RawDataTime", prodml_at("2150-01-01T00:00:00Z")),
        ("header/time", Optodas { without: vec!["header/time"], ..Optodas::default() }.bytes()),
        ("header/time", optodas("header/time", BEFORE)),
        ("header/time", optodas("header/time", AFTER)),
        ("time", Febus { without: vec!["time"], ..Febus::default() }.bytes()),
        ("time", febus_at(BEFORE)),
        ("time", febus_at(AFTER)),
        ("gps_time", Terra15 { times_name: "other", ..Terra15::default() }.bytes()),
        ("gps_time", terra15_at(BEFORE)),
        ("gps_time", terra15_at(AFTER)),
        ("GPSTimeStamp", silixa::bytes(&[("GPSTimeStamp", None), ("CPUTimeStamp", None)])),
        ("GPSTimeStamp", silixa("GPSTimeStamp", "01/01/1950 00:00:00.000 (UTC)")),
        ("GPSTimeStamp", silixa("GPSTimeStamp", "01/01/2150 00:00:00.000 (UTC)")),
        ("year (bytes 157-158 of trace 1)", segy(157, 0)),
        ("year (bytes 157-158 of trace 1)", segy(157, 1952)),
        ("year (bytes 157-158 of trace 1)", segy(157, 2152)),
        ("start time (record at byte 0)", edited(&[(22, &0_u16.to_be_bytes())])),
        ("start time (record at byte 0)", edited(&[(20, &1950_u16.to_be_bytes())])),
        (
            "start time (record at byte 0)",
            edited(&[(20, &2099_u16.to_be_bytes()), (22, &366_u16.to_be_bytes())]),
        ),
    ] {
        assert_eq!(refused_field(&file), field);
    }
}

#[test]
fn a_unit_that_is_not_told_stays_unknown() {
    for (unit, file) in [
        (None, Prodml { unit: "", ..Prodml::default() }.bytes()),
        (Some("a.u."), Prodml { unit: "a.u.", ..Prodml::default() }.bytes()),
        (None, Optodas { without: vec!["header/unit"], ..Optodas::default() }.bytes()),
        (Some("?"), Optodas { texts: vec![("header/unit", vec!["?"])], ..Optodas::default() }.bytes()),
        (None, Febus::default().bytes()),
        (None, silixa::bytes(&[])),
        (Some("m/s"), Terra15::default().bytes()),
        (None, segy(203, 0)),
        (None, segy(203, -1)),
        (Some("m/s"), segy(203, 6)),
        (None, miniseed(100.0)),
    ] {
        assert_eq!(opened(&file).unwrap().header().fibre.unit.as_deref(), unit);
    }
}

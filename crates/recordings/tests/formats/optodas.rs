//! `OptoDAS` files: what their headers say, which samples they hold, and what is refused.

use focus_core::{DataType, Fibre, Samples};
use hdf5_writer::Hdf5Builder;

use crate::common::hostile::{opened, refused_field};
use crate::common::{encoded, typed};
use crate::made::optodas::Optodas;

#[test]
fn the_header_is_what_the_file_says() {
    let file = opened(&Optodas::default().bytes()).unwrap();
    let fibre = Fibre {
        pulse_rate: None,
        sampling_rate: 100.0,
        dx: Some(6.0),
        gauge_length: Some(6.0),
        channels: 3,
        start: Some(60.0),
        length: Some(18.0),
        samples_per_trace: None,
        data_type: DataType::Float32,
        unit: Some("rad/m/s".into()),
        software: Some("DASControl 7".into()),
        description: Some("a test".into()),
    };
    let header = file.header();
    assert_eq!((header.format.as_str(), &header.fibre), ("OptoDAS 8", &fibre));
    assert_eq!((header.segments.len(), header.segments[0].samples), (1, 6));
    assert_eq!(header.start().to_string(), "2023-10-27T14:23:37.02Z");
    let later = Optodas {
        numbers: vec![("header/dimensionRanges/dimension0/min", 5.0), ("fileVersion", 11.0)],
        ..Optodas::default()
    };
    let later = opened(&later.bytes()).unwrap();
    assert_eq!(later.header().start().to_string(), "2023-10-27T14:23:37.07Z");
    assert_eq!(later.header().format, "OptoDAS 11");
}

#[test]
fn channels_are_as_far_apart_as_those_that_are_stored() {
    let place = |channels: &[i32], distances: &[f64]| {
        let (channels, distances) = (channels.to_vec(), distances.to_vec());
        let file = opened(&Optodas { channels, distances, ..Optodas::default() }.bytes()).unwrap();
        let fibre = file.header().fibre.clone();
        (fibre.start, fibre.dx, fibre.length)
    };
    assert_eq!(place(&[7], &[]), (Some(10.5), Some(1.5), Some(1.5)));
    assert_eq!(place(&[0, 1, 2, 3], &[]), (Some(0.0), Some(1.5), Some(6.0)));
    assert_eq!(place(&[0, 50, 100], &[]), (Some(0.0), Some(75.0), Some(225.0)), "decimated");
    assert_eq!(place(&[0, 1, 9], &[]), (Some(0.0), None, None), "two regions");
    let own = place(&[0, 5, 10], &[100.0, 107.6, 115.2]);
    assert_eq!(own.0, Some(100.0), "the sensors' own distances where they are those of the channels");
    assert!((own.1.unwrap() - 7.6).abs() < 1e-9, "{own:?}");
}

#[test]
fn samples_are_never_shown_unscaled() {
    for locus_first in [false, true] {
        let read = |scale: f64, integers| {
            let numbers = vec![("header/dataScale", scale)];
            let file =
                opened(&Optodas { numbers, integers, locus_first, ..Optodas::default() }.bytes()).unwrap();
            let samples = file.read(0, 1..3, 1..3).unwrap();
            assert_eq!(file.header().fibre.data_type, samples.data_type());
            samples
        };
        assert_eq!(read(1.0, true), Samples::Int16([11, 12, 21, 22].into()));
        assert_eq!(read(1.0, false), Samples::Float32([11.0, 12.0, 21.0, 22.0].into()));
        for integers in [true, false] {
            assert_eq!(read(0.5, integers), Samples::Float32([5.5, 6.0, 10.5, 11.0].into()));
        }
    }
}

#[test]
fn a_header_that_cannot_be_right_is_refused_by_the_fields_name() {
    let number = |path, value| Optodas { numbers: vec![(path, value)], ..Optodas::default() };
    let texts = |path, values| Optodas { texts: vec![(path, values)], ..Optodas::default() };
    let without = |path| Optodas { without: vec![path], ..Optodas::default() };
    let channels = |channels| Optodas { channels, ..Optodas::default() };
    for (field, file) in [
        ("fileVersion", number("fileVersion", 7.0)),
        ("header/dt", number("header/dt", 0.0)),
        ("header/dt", number("header/dt", f64::NAN)),
        ("header/dt", number("header/dt", 1e-300)),
        ("header/dt", without("header/dt")),
        ("header/dx", number("header/dx", -1.0)),
        ("header/dx", without("header/dx")),
        ("header/time", number("header/time", 1e300)),
        ("header/time", number("header/time", 253_402_207_200.99)),
        ("header/time", without("header/time")),
        ("header/dataScale", number("header/dataScale", 0.0)),
        ("header/dataScale", number("header/dataScale", f64::INFINITY)),
        ("header/gaugeLength", number("header/gaugeLength", -6.0)),
        ("header/dimensionRanges/dimension0/size", number("header/dimensionRanges/dimension0/size", 7.0)),
        ("header/dimensionRanges/dimension0/min", number("header/dimensionRanges/dimension0/min", 1e300)),
        ("header/dimensionRanges/dimension0/min", number("header/dimensionRanges/dimension0/min", -1e13)),
        (
            "header/dimensionRanges/dimension0/unitScale",
            number("header/dimensionRanges/dimension0/unitScale", 0.02),
        ),
        ("header/dimensionNames", texts("header/dimensionNames", vec!["time", "depth"])),
        ("header/dimensionNames", without("header/dimensionNames")),
        ("header/dimensionUnits", texts("header/dimensionUnits", vec!["ms", "m"])),
        ("header/dimensionUnits", texts("header/dimensionUnits", vec!["s", "ft"])),
        ("header/dimensionUnits", without("header/dimensionUnits")),
        ("header/channels", without("header/channels")),
        ("header/channels", channels(vec![3, 3, 4])),
        ("header/channels", channels(vec![3, 2, 1])),
        ("cableSpec/sensorDistances", Optodas { distances: vec![0.0, f64::NAN, 2.0], ..Optodas::default() }),
    ] {
        assert_eq!(refused_field(&file.bytes()), field, "{file:?}");
    }
    let mut file = Hdf5Builder::new().dataset(typed("cableSpec/sensorDistances", &[1], &[0.0]));
    for path in ["fileVersion", "header/dt", "header/dx"] {
        file = file.dataset(typed(path, &[], &[8.0]));
    }
    assert_eq!(refused_field(&encoded(file)), "data");
}

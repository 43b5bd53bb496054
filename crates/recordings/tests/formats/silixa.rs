//! Silixa iDAS files: what their headers say, which samples they hold, and what is refused.

use focus_core::{DataType, Fibre, Samples};

use crate::common::hostile::{opened, refused_field};
use crate::made::silixa::bytes;

#[test]
fn the_header_is_what_the_file_says() {
    let file = opened(&bytes(&[])).unwrap();
    let fibre = Fibre {
        pulse_rate: None,
        sampling_rate: 500.0,
        dx: Some(3.0),
        gauge_length: Some(10.0),
        channels: 3,
        start: Some(0.75),
        length: Some(9.0),
        samples_per_trace: None,
        data_type: DataType::Int16,
        unit: None,
        software: Some("iDAS 2.4.1.111".into()),
        description: None,
    };
    let header = file.header();
    assert_eq!((header.format.as_str(), &header.fibre), ("Silixa iDAS 2.4.1.111", &fibre));
    assert_eq!((header.segments.len(), header.segments[0].samples), (1, 10));
    assert_eq!(header.start().to_string(), "2023-09-22T18:29:26.158Z");
}

#[test]
fn what_the_file_does_not_say_is_unknown() {
    let start = |changes: &[_]| opened(&bytes(changes)).unwrap().header().start().to_string();
    for no_satellites in [None, Some("")] {
        assert_eq!(start(&[("GPSTimeStamp", no_satellites)]), "2023-09-22T18:52:18.801Z");
    }
    let file = opened(&bytes(&[("SpatialResolution[m]", None), ("Start Distance (m)", None)])).unwrap();
    let fibre = &file.header().fibre;
    assert_eq!((fibre.dx, fibre.start, fibre.length), (None, None, None));
}

#[test]
fn samples_are_read_by_slices() {
    let file = opened(&bytes(&[])).unwrap();
    assert_eq!(file.read(0, 4..6, 1..3).unwrap(), Samples::Int16([39, 38, 49, 48].into()));
    assert_eq!(file.read(0, 9..99, 2..99).unwrap(), Samples::Int16([88].into()));
}

#[test]
fn a_header_that_cannot_be_right_is_refused_by_the_fields_name() {
    for (field, value) in [
        ("SamplingFrequency[Hz]", "0"),
        ("SamplingFrequency[Hz]", "-500"),
        ("SamplingFrequency[Hz]", "NaN"),
        ("SamplingFrequency[Hz]", "inf"),
        ("SamplingFrequency[Hz]", "1e300"),
        ("SamplingFrequency[Hz]", "fast"),
        ("SamplingFrequency[Hz]", ""),
        ("GPSTimeStamp", "22/09/2023 18:29:26.158"),
        ("GPSTimeStamp", "09/22/2023 18:29:26.158 (UTC)"),
        ("GPSTimeStamp", "30/12/9999 22:00:00.990 (UTC)"),
        ("Stop Distance (m)", "60"),
        ("Stop Distance (m)", "far"),
        ("Start Distance (m)", "inf"),
        ("GaugeLength", "0"),
        ("SpatialResolution[m]", "-2"),
        ("Fibre Length Multiplier", "0"),
    ] {
        assert_eq!(refused_field(&bytes(&[(field, Some(value))])), field, "{value}");
    }
    assert_eq!(
        refused_field(&bytes(&[("Tags", Some(&"a".repeat(2 << 20)))])),
        "Tags",
        "too long for a header"
    );
    let no_time = [("GPSTimeStamp", None), ("CPUTimeStamp", None)];
    assert_eq!(refused_field(&bytes(&no_time)), "GPSTimeStamp");
}

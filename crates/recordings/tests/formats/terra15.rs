//! Terra15 files: what their headers say, which samples they hold, and what is refused.

use focus_core::{DataType, Fibre, Samples};

use crate::common::hostile::{opened, refused_field};
use crate::made::terra15::{START, Terra15};

#[test]
fn the_header_is_what_the_file_says() {
    let file = opened(&Terra15::default().bytes()).unwrap();
    let fibre = Fibre {
        pulse_rate: Some(16000.0),
        sampling_rate: 100.0,
        dx: Some(1.5),
        gauge_length: Some(2.5),
        channels: 2,
        start: Some(30.25),
        length: Some(3.0),
        samples_per_trace: None,
        data_type: DataType::Float32,
        unit: Some("m/s".into()),
        software: Some("5.0.1".into()),
        description: None,
    };
    let header = file.header();
    assert_eq!((header.format.as_str(), &header.fibre), ("Terra15 5", &fibre));
    assert_eq!((header.segments.len(), header.segments[0].samples), (1, 12));
    assert_eq!(header.start().to_string(), "2022-08-23T23:09:54.3738363Z");
}

#[test]
fn versions_and_clocks_that_are_known_are_read() {
    for (version, group, times_name) in [
        (4.0, "velocity", "gps_time"),
        (5.0, "data_product", "posix_time"),
        (6.0, "data_product", "gps_time"),
    ] {
        let numbers = vec![("file_version", version)];
        let file = Terra15 { numbers, group, times_name, ..Terra15::default() };
        let file = opened(&file.bytes()).unwrap();
        assert_eq!(file.header().format, format!("Terra15 {version}"));
        assert_eq!(file.header().start().to_string(), "2022-08-23T23:09:54.3738363Z");
    }
}

#[test]
fn frames_that_are_not_occupied_are_no_data() {
    let mut times = Terra15::default().times;
    times[8..].fill(0.0);
    let numbers = vec![("nframes_occupied", 2.0)];
    let file = opened(&Terra15 { numbers, times, ..Terra15::default() }.bytes()).unwrap();
    assert_eq!(file.header().segments[0].samples, 8);
    assert_eq!(file.read(0, 6..12, 0..2).unwrap(), Samples::Float32([60.0, 61.0, 70.0, 71.0].into()));
}

#[test]
fn samples_are_read_by_slices() {
    let file = opened(&Terra15::default().bytes()).unwrap();
    assert_eq!(file.read(0, 3..6, 1..2).unwrap(), Samples::Float32([31.0, 41.0, 51.0].into()));
    assert_eq!(file.read(0, 11..99, 1..99).unwrap(), Samples::Float32([111.0].into()));
}

#[test]
fn a_clock_without_satellites_is_accepted_and_a_gap_is_not() {
    let times = |stretch: f64, gap: f64| {
        let times = (0..12).map(|sample| START + f64::from(sample) * 0.01 * stretch);
        let times = times.enumerate().map(|(sample, time)| time + if sample > 5 { gap } else { 0.0 });
        Terra15 { times: times.collect(), ..Terra15::default() }.bytes()
    };
    assert!(opened(&times(0.9994, 0.0)).is_ok());
    assert!(opened(&times(1.0, 0.014)).is_ok(), "jitter");
    for bytes in [times(1.0, 0.02), times(1.0, -0.02), times(2.0, 0.0), times(-1.0, 0.0)] {
        assert_eq!(refused_field(&bytes), "gps_time");
    }
}

#[test]
fn a_header_that_cannot_be_right_is_refused_by_the_fields_name() {
    let number = |name, value| Terra15 { numbers: vec![(name, value)], ..Terra15::default() };
    let without = |name| Terra15 { without: vec![name], ..Terra15::default() };
    for (field, file) in [
        ("file_version", number("file_version", 7.0)),
        ("file_version", number("file_version", f64::NAN)),
        ("nframes_occupied", number("nframes_occupied", 0.0)),
        ("nframes_occupied", number("nframes_occupied", -1.0)),
        ("nframes_occupied", number("nframes_occupied", 4.0)),
        ("nframes_occupied", number("nframes_occupied", f64::INFINITY)),
        ("nT", number("nT", 0.0)),
        ("nx", number("nx", 3.0)),
        ("dT", number("dT", 0.0)),
        ("dT", number("dT", 1e-300)),
        ("dT", without("dT")),
        ("dx", number("dx", -1.5)),
        ("gps_time", number("dT", 0.02)),
        ("gps_time", Terra15 { times: vec![START; 11], ..Terra15::default() }),
        ("gps_time", Terra15 { times: vec![f64::NAN; 12], ..Terra15::default() }),
        ("gps_time", Terra15 { times_name: "time", ..Terra15::default() }),
        ("data_product/data", Terra15 { group: "velocity", ..Terra15::default() }),
    ] {
        assert_eq!(refused_field(&file.bytes()), field, "{file:?}");
    }
}

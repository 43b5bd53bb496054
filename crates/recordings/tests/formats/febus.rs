//! Febus A1 files: what their headers say, which samples they hold, and what is refused.

use focus_core::{DataType, Fibre};

use crate::common::hostile::{opened, refused_field};
use crate::common::numbers;
use crate::made::febus::Febus;

/// Where the kept samples of channel 0 are.
fn kept(file: &Febus) -> Vec<i64> {
    let file = opened(&file.bytes()).unwrap();
    numbers(&file.read(0, 0..u64::MAX, 0..1).unwrap())
}

#[test]
fn the_header_is_what_the_file_says() {
    let file = opened(&Febus::default().bytes()).unwrap();
    let fibre = Fibre {
        pulse_rate: Some(2000.0),
        sampling_rate: 100.0,
        dx: Some(1.5),
        gauge_length: Some(30.5),
        channels: 3,
        start: Some(5.0),
        length: Some(4.5),
        samples_per_trace: None,
        data_type: DataType::Float32,
        unit: None,
        software: None,
        description: None,
    };
    let header = file.header();
    assert_eq!((header.format.as_str(), &header.fibre), ("Febus A1 without a version", &fibre));
    assert_eq!((header.segments.len(), header.segments[0].samples), (1, 16));
    // 40 ms from the middle of the first block to its begin, and 20 ms to the first kept sample.
    assert_eq!(header.start().to_string(), "2020-09-02T07:21:46.23Z");
    let file = Febus {
        zone: vec![("Extent", vec![10.0, 12.0, 0.0, 7.0, 0.0, 0.0])],
        version: Some("2.3.21"),
        nested: true,
        integers: true,
        ..Febus::default()
    };
    let file = opened(&file.bytes()).unwrap();
    let header = file.header();
    assert_eq!(
        (header.format.as_str(), header.fibre.software.as_deref()),
        ("Febus A1 2.3.21", Some("2.3.21"))
    );
    assert_eq!((header.fibre.start, header.fibre.data_type), (Some(20.0), DataType::Int16));
}

#[test]
fn blocks_lose_what_is_in_their_neighbours_too() {
    let zone = |zone| Febus { zone, ..Febus::default() };
    let middle = |samples: std::ops::Range<i64>| -> Vec<i64> {
        (0..4).flat_map(|block| samples.clone().map(move |sample| block * 1000 + sample * 10)).collect()
    };
    assert_eq!(kept(&Febus::default()), middle(2..6), "100 % where nothing is said");
    assert_eq!(kept(&zone(vec![("BlockOverlap", vec![33.3])])), middle(1..7));
    assert_eq!(kept(&zone(vec![("Overlap", vec![60.0])])), middle(1..6), "the odd sample at the end");
    assert_eq!(kept(&zone(vec![("Overlap", vec![0.0])])), middle(0..8));
    let source = vec![("BlockOverlap", vec![33.3])];
    assert_eq!(kept(&Febus { source, ..Febus::default() }), middle(1..7));
    let cut = vec![("BlockOverlap", vec![100.0]), ("BlockRate", vec![12_500.0])];
    assert_eq!(kept(&zone(cut)), middle(0..8), "as long as from one block to the next");
    let whole = vec![("BlockOverlap", vec![100.0]), ("BlockRate", vec![25_000.0])];
    assert_eq!(kept(&zone(whole)), middle(2..6));
}

#[test]
fn samples_are_read_by_slices() {
    let file = opened(&Febus::default().bytes()).unwrap();
    let read = |times, columns| numbers(&file.read(0, times, columns).unwrap());
    assert_eq!(read(3..6, 1..3), [51, 52, 1021, 1022, 1031, 1032]);
    assert_eq!(read(15..99, 2..99), [3052]);
    assert!(read(5..5, 0..3).is_empty());
}

#[test]
fn a_missing_block_begins_a_segment() {
    let times = vec![100.0, 100.04, 100.12, 100.16];
    let file = opened(&Febus { times, ..Febus::default() }.bytes()).unwrap();
    let segments = &file.header().segments;
    assert_eq!(segments.iter().map(|segment| segment.samples).collect::<Vec<_>>(), [8, 8]);
    assert_eq!(segments[0].start.to_string(), "1970-01-01T00:01:39.98Z");
    assert_eq!(segments[1].start.to_string(), "1970-01-01T00:01:40.1Z");
    assert_eq!(numbers(&file.read(1, 3..5, 0..1).unwrap()), [2050, 3020]);
    assert_eq!(numbers(&file.read(0, 7..99, 0..1).unwrap()), [1050], "not beyond the gap");
}

#[test]
fn the_rate_is_not_a_constant_of_the_instrument() {
    let zone = vec![("SamplingRate", vec![250e6]), ("Spacing", vec![1.5, 4.0, 1.0])];
    let file = opened(&Febus { zone, ..Febus::default() }.bytes()).unwrap();
    assert_eq!(file.header().fibre.sampling_rate.to_string(), "250");
}

#[test]
fn an_extent_that_does_not_fit_says_nothing_about_where_channels_are() {
    let zone = vec![("Extent", vec![7.0, 2976.0, 0.0, 999.0, 0.0, 0.0])];
    let file = opened(&Febus { zone, ..Febus::default() }.bytes()).unwrap();
    assert_eq!(file.header().fibre.start, None);
    assert_eq!(file.header().start().to_string(), "2020-09-02T07:21:46.23Z");
    let zone = vec![("Extent", vec![0.0, 2.0, 3.0, 10.0, 0.0, 0.0])];
    let file = opened(&Febus { zone, ..Febus::default() }.bytes()).unwrap();
    assert_eq!(file.header().start().to_string(), "2020-09-02T07:21:46.26Z", "the begin was cut off");
}

#[test]
fn a_header_that_cannot_be_right_is_refused_by_the_fields_name() {
    let zone = |name, values| Febus { zone: vec![(name, values)], ..Febus::default() };
    let without = |name| Febus { without: vec![name], ..Febus::default() };
    let times = |times: [f64; 4]| Febus { times: times.to_vec(), ..Febus::default() };
    for (field, file) in [
        ("DataDomain", zone("DataDomain", vec![4.0, 3.0, 13.0])),
        ("DataDomain", zone("DataDomain", vec![4.0])),
        ("DataDomain", without("DataDomain")),
        ("Spacing", zone("Spacing", vec![0.0, 10.0, 1.0])),
        ("Spacing", zone("Spacing", vec![1.5, 10.0])),
        ("Spacing", zone("Spacing", vec![1.5, f64::NAN, 1.0])),
        ("Spacing", without("Spacing")),
        ("Origin", without("Origin")),
        ("Origin", zone("Origin", vec![0.0, 1e300, 0.0])),
        ("Extent", zone("Extent", vec![0.0, 2.0, 1e13, 1e13 + 7.0, 0.0, 0.0])),
        ("SamplingRate", zone("SamplingRate", vec![0.0])),
        ("SamplingRate", without("SamplingRate")),
        ("GaugeLength", zone("GaugeLength", vec![-1.0])),
        ("PulseRateFreq", zone("PulseRateFreq", vec![0.0])),
        ("BlockRate", zone("BlockRate", vec![0.0])),
        ("BlockOverlap", zone("BlockOverlap", vec![-50.0])),
        ("BlockOverlap", zone("BlockOverlap", vec![1e6])),
        ("Overlap", zone("Overlap", vec![f64::INFINITY])),
        ("time", without("time")),
        ("time", Febus { times: vec![100.0, 101.0, 102.0], ..Febus::default() }),
        ("time", times([100.0, 101.0, 101.0, 102.0])),
        ("time", times([100.0, 101.0, 102.0, 0.0])),
        ("time", times([100.0, f64::NAN, 102.0, 103.0])),
        ("time", times([1e300, 2e300, 3e300, 4e300])),
        ("Zone", Febus { zones: 2, ..Febus::default() }),
    ] {
        assert_eq!(refused_field(&file.bytes()), field, "{file:?}");
    }
}

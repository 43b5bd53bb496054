//! SEG-Y files: revisions, sample formats, byte orders, and what is told twice.
#![expect(clippy::float_cmp, reason = "rates are given back as they were written")]

mod refused;
mod samples;

use std::fs;
use std::ops::Range;

use focus_core::DataType;
use focus_recordings::SqliteCatalogue;
use jiff::Timestamp;

use crate::common::hostile::opened;
use crate::common::{numbers, value};
use crate::made::segy::{Order, Segy, with_extension};

fn expected(times: Range<u64>, columns: Range<u64>) -> Vec<i64> {
    times.flat_map(|time| columns.clone().map(move |channel| value(time, channel))).collect()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn the_header_is_what_the_file_says() {
    let trace = (1..=4).map(|number| (number, 203, 2, 6)).collect();
    let file = opened(&Segy { trace, ..Segy::default() }.bytes()).unwrap();
    let header = file.header();
    assert_eq!((header.format.as_str(), header.segments.len()), ("SEG-Y 1.0", 1));
    assert_eq!(header.start(), time("2024-12-31T23:59:58Z"));
    assert_eq!(header.segments[0].samples, 20);
    let fibre = &header.fibre;
    assert_eq!((fibre.sampling_rate, fibre.channels, fibre.data_type), (500.0, 4, DataType::Int16));
    assert_eq!((fibre.dx, fibre.length), (Some(3.5), Some(14.0)));
    assert_eq!((fibre.unit.as_deref(), fibre.gauge_length, fibre.start), (Some("m/s"), None, None));
}

#[test]
fn every_revision_format_and_order_reads_the_same() {
    for (format, data_type) in
        [(1, DataType::Float32), (2, DataType::Int32), (3, DataType::Int16), (5, DataType::Float32)]
    {
        for (revision, order, extensions) in [
            ([0, 0], Order::Big, 0),
            ([1, 0], Order::Big, 0),
            ([2, 0], Order::Big, 0),
            ([2, 1], Order::Big, 2),
            ([2, 0], Order::Little, 0),
            ([2, 1], Order::Little, 1),
        ] {
            let texts = if revision == [0, 0] { 0 } else { 2 };
            let trailers = usize::from(revision[0] == 2);
            let segy = Segy { revision, order, format, extensions, texts, trailers, ..Segy::default() };
            let file = opened(&segy.bytes()).unwrap_or_else(|error| panic!("{error}: {segy:?}"));
            assert_eq!(file.header().fibre.data_type, data_type);
            for (times, columns) in [(0..20, 0..4), (7..9, 1..3), (19..20, 2..3), (5..5, 0..4), (5..9, 3..3)]
            {
                let samples = file.read(0, times.clone(), columns.clone()).unwrap();
                assert_eq!(samples.data_type(), data_type);
                let wanted = expected(times.clone(), columns.start as u64..columns.end as u64);
                assert_eq!(numbers(&samples), wanted, "{segy:?} {times:?} {columns:?}");
            }
            let beyond = file.read(0, 18..99, 1..99).unwrap();
            assert_eq!(numbers(&beyond), expected(18..20, 1..4), "a range beyond the data is cut to it");
            assert!(file.read(1, 0..9, 0..1).is_err(), "there is no other segment");
        }
    }
}

#[test]
fn it_is_known_by_its_cards_or_its_revision() {
    for cards in [&b"C 1 CLIENT"[..], b"C01 CLIENT", b"C1  CLIENT", &[0xc3, 0xf1]] {
        assert!(opened(&Segy { cards, revision: [0, 0], ..Segy::default() }.bytes()).is_ok(), "{cards:?}");
    }
    assert!(opened(&Segy { cards: b"", ..Segy::default() }.bytes()).is_ok());
    let little = Segy { cards: b"", order: Order::Little, ..with_extension() };
    assert!(opened(&little.bytes()).is_ok());
    let other = opened(&Segy { cards: b"", revision: [0, 0], ..Segy::default() }.bytes());
    let refusal = other.map(|_| ()).unwrap_err().to_string();
    assert!(refusal.contains("is of no format that is known here (miniSEED, SEG-Y, PRODML"), "{refusal}");
}

#[test]
fn the_wide_fields_of_revision_2_are_used_where_they_are_told() {
    let third = (1e6_f64 / 3_000.0).to_bits() as i64;
    // Traces have no room for the number, nor for the fraction.
    let each = |number| [(number, 115, 2, 0), (number, 117, 2, 333)];
    let segy = Segy {
        revision: [2, 0],
        samples: 70_000,
        traces: 2,
        binary: vec![(3221, 2, 0), (3269, 4, 70_000), (3217, 2, 333), (3273, 8, third)],
        trace: (1..=2).flat_map(each).collect(),
        ..Segy::default()
    };
    let file = opened(&segy.bytes()).unwrap();
    assert_eq!(file.header().segments[0].samples, 70_000);
    assert!((file.header().fibre.sampling_rate - 3_000.0).abs() < 1e-9);
    // Revision 1 has something else there.
    let segy = Segy { binary: vec![(3269, 4, 70_000), (3273, 8, third)], ..Segy::default() };
    let file = opened(&segy.bytes()).unwrap();
    assert_eq!((file.header().segments[0].samples, file.header().fibre.sampling_rate), (20, 500.0));

    let nanoseconds = (1..=4).map(|number| (number, 381, 4, 123_456_789)).collect();
    let file = opened(&Segy { trace: nanoseconds, ..with_extension() }.bytes()).unwrap();
    assert_eq!(file.header().start(), time("2024-12-31T23:59:58.123456789Z"));
    let northing = |number: u64| (number, 361, 8, (number as f64 * 0.25).to_bits() as i64);
    let file = opened(&Segy { trace: (1..=4).map(northing).collect(), ..with_extension() }.bytes());
    assert_eq!(file.unwrap().header().fibre.dx, Some(0.25));
}

#[test]
fn a_delay_is_added_to_the_time() {
    for (scalar, start) in
        [(0, "2024-12-31T23:59:58.25Z"), (-10, "2024-12-31T23:59:58.025Z"), (8, "2025-01-01T00:00:00Z")]
    {
        let each = |number| [(number, 109, 2, 250), (number, 215, 2, scalar)];
        let file =
            opened(&Segy { trace: (1..=4).flat_map(each).collect(), ..Segy::default() }.bytes()).unwrap();
        assert_eq!(file.header().start(), time(start));
    }
}

#[test]
fn revision_0_has_no_fields_behind_byte_180() {
    let each = |number| [(number, 109, 2, 250), (number, 203, 2, 6), (number, 215, 2, -10)];
    let segy = Segy { revision: [0, 0], trace: (1..=4).flat_map(each).collect(), ..Segy::default() };
    let file = opened(&segy.bytes()).unwrap();
    assert_eq!(file.header().start(), time("2024-12-31T23:59:58.25Z"));
    assert_eq!(file.header().fibre.unit, None);
}

#[test]
fn revision_2_1_has_another_field_behind_the_number_of_headers() {
    let segy = Segy { revision: [2, 1], binary: vec![(3509, 2, 3)], ..with_extension() };
    let file = opened(&segy.bytes()).unwrap();
    assert_eq!(numbers(&file.read(0, 0..20, 0..4).unwrap()), expected(0..20, 0..4));
}

#[test]
fn dx_is_known_only_where_it_is_told_and_even() {
    let dx = |segy: Segy| opened(&segy.bytes()).unwrap().header().fibre.dx;
    let trace = |trace| Segy { trace, ..Segy::default() };
    assert_eq!(dx(trace(vec![(3, 85, 4, 1_051)])), Some(3.5), "1 cm off is the precision of the positions");
    assert_eq!(dx(trace(vec![(3, 85, 4, 1_200)])), None);
    assert_eq!(dx(trace(vec![(3, 89, 2, 0)])), None, "one that does not tell its unit");
    assert_eq!(dx(trace((1..=4).map(|number| (number, 89, 2, 2)).collect())), None, "seconds of arc");
    assert_eq!(dx(trace((1..=4).map(|number| (number, 85, 4, 7)).collect())), None, "all in one place");
    assert_eq!(dx(Segy { binary: vec![(3255, 2, 0)], ..Segy::default() }), None);
    let feet = dx(Segy { binary: vec![(3255, 2, 2)], ..Segy::default() }).unwrap();
    assert!((feet - 3.5 * 0.3048).abs() < 1e-9);
    assert_eq!(dx(Segy { traces: 1, ..Segy::default() }), None);
}

#[test]
fn what_one_header_leaves_out_the_other_tells() {
    let segy = Segy { binary: vec![(3217, 2, 0), (3221, 2, 0)], ..Segy::default() };
    let file = opened(&segy.bytes()).unwrap();
    assert_eq!((file.header().segments[0].samples, file.header().fibre.sampling_rate), (20, 500.0));
    let each = |number| [(number, 115, 2, 0), (number, 117, 2, 0)];
    let file = opened(&Segy { trace: (1..=4).flat_map(each).collect(), ..Segy::default() }.bytes()).unwrap();
    assert_eq!(numbers(&file.read(0, 0..20, 0..4).unwrap()), expected(0..20, 0..4));
    assert_eq!(file.header().fibre.sampling_rate, 500.0);
}

#[tokio::test]
async fn a_data_directory_may_hold_it() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a.sgy", "b.SEGY", "c.txt"] {
        fs::write(directory.path().join(name), Segy::default().bytes()).unwrap();
    }
    let index = directory.path().join("index.sqlite");
    let catalogue = SqliteCatalogue::open(&index, directory.path()).await.unwrap();
    assert_eq!(catalogue.scan().await.unwrap().added, 2);
}

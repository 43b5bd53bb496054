//! Where records do not follow each other.

use std::fs;

use focus_core::ChannelRange;
use focus_recordings::{Catalogue, RecordingReader, SqliteCatalogue};
use serde::Deserialize;

use super::content;
use crate::common::hostile::opened;
use crate::common::{START_US, numbers, time};
use crate::made::miniseed::{beginning, bytes, nano, record, signal};

/// See `fixtures/make_miniseed_segments.py`.
#[derive(Deserialize)]
struct Case {
    name: String,
    rate: f64,
    microseconds: bool,
    records: Vec<(i64, usize)>,
    segments: Vec<(i64, u64)>,
}

#[test]
fn records_follow_each_other_where_obspy_says_so() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../fixtures/miniseed_segments.json")).unwrap();
    for Case { name, rate, microseconds, records, segments } in cases {
        let bytes = records.iter().map(|&(start, samples)| beginning(start, samples, rate, microseconds));
        let file = opened(&bytes.collect::<Vec<_>>().concat()).unwrap();
        let found = file.header().segments.iter();
        let found = found.map(|segment| (segment.start.as_microsecond() - START_US, segment.samples));
        assert_eq!(found.collect::<Vec<_>>(), segments, "{name}");
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

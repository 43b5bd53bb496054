//! One range over files of several formats, which tell differently much of the same fibre.

use std::path::Path;

use focus_core::{Block, ChannelRange, DataType};
use focus_recordings::{Catalogue, Coverage, ReadError, Recording, RecordingReader, SqliteCatalogue};
use jiff::Timestamp;

use crate::common::{Prodml, Type, numbers, value};
use crate::made::segy::Segy;

fn at(seconds: &str) -> Timestamp {
    format!("2024-12-31T23:59:{seconds}Z").parse().unwrap()
}

/// 40 ms as SEG-Y, which knows neither gauge length nor where the fibre begins, from second 58 or 59 on.
fn segy(second: i64) -> Vec<u8> {
    Segy { trace: (1..=4).map(|trace| (trace, 165, 2, second)).collect(), ..Segy::default() }.bytes()
}

/// 40 ms as PRODML from 30 ms after second 58 on: the first five samples are in the SEG-Y file too.
fn prodml() -> Prodml {
    let start_us = at("58.030").as_microsecond();
    Prodml {
        start_us,
        measurement_us: start_us,
        rate: 500.0,
        channels: 4,
        first: 15,
        kind: Type::I16,
        numbers: vec![("SpatialSamplingInterval", 3.5)],
        without: vec!["RawDataUnit"],
        ..Prodml::default()
    }
}

async fn found(directory: &Path, from: Timestamp, to: Timestamp) -> Vec<Recording> {
    let catalogue = SqliteCatalogue::open(&directory.join("index.sqlite"), directory).await.unwrap();
    catalogue.scan().await.unwrap();
    catalogue.find(from, to).await.unwrap()
}

fn all(recordings: Vec<Recording>) -> Vec<Result<Block, ReadError>> {
    let channels = ChannelRange::new(1, 4).unwrap();
    RecordingReader::new(recordings, Timestamp::MIN, Timestamp::MAX, channels).collect()
}

#[tokio::test]
async fn a_range_over_several_formats_reads_as_one() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("a.sgy"), segy(58)).unwrap();
    prodml().write(&directory.path().join("b.h5"));
    std::fs::write(directory.path().join("c.sgy"), segy(59)).unwrap();
    let (from, to) = (at("58"), at("59.100"));
    let recordings = found(directory.path(), from, to).await;
    let known: Vec<_> = recordings.iter().map(|recording| recording.fibre.gauge_length.is_some()).collect();
    assert!(known.contains(&true) && known.contains(&false), "they tell differently much: {known:?}");

    let coverage = Coverage::of(from..to, &recordings);
    assert_eq!((coverage.recorded.as_millis(), coverage.gaps), (110, 1));
    assert!(coverage.missing().unwrap().ends_with("nothing was recorded after 2024-12-31T23:59:59.040Z"));

    let blocks: Vec<_> = all(recordings).into_iter().map(Result::unwrap).collect();
    let expected = |times: std::ops::Range<u64>| times.flat_map(|time| (0..4).map(move |c| value(time, c)));
    let values: Vec<_> = blocks.iter().flat_map(|block| numbers(&block.samples)).collect();
    assert_eq!(values, expected(0..35).chain(expected(0..20)).collect::<Vec<_>>());
    let starts: Vec<_> = blocks.iter().map(|block| block.start).collect();
    assert_eq!(starts, [at("58"), at("58.040"), at("59")]);
    assert_eq!(blocks[1].sequence, 1, "no gap between the formats");
    assert!(blocks[2].sequence > 2, "and one where nothing was recorded");
    assert!(blocks.iter().all(|block| block.samples.data_type() == DataType::Int16));
}

#[tokio::test]
async fn what_two_formats_both_tell_must_agree() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("a.sgy"), segy(58)).unwrap();
    let other = Prodml { numbers: vec![("SpatialSamplingInterval", 3.0)], ..prodml() };
    other.write(&directory.path().join("b.h5"));
    let blocks = all(found(directory.path(), at("58"), at("59.100")).await);
    let error = blocks.last().unwrap().as_ref().unwrap_err();
    let expected = "the distance between channels";
    assert!(matches!(error, ReadError::Layout { field, .. } if *field == expected), "{error}");
}

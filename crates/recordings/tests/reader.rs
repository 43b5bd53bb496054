//! Reading a range of time over several files.

mod common;

use common::{Prodml, START_US, Type, numbers, time, value};
use focus_core::{Block, ChannelRange};
use focus_recordings::{Catalogue, ReadError, RecordingReader, SqliteCatalogue};
use jiff::Timestamp;

fn channels(first: u32, last: u32) -> ChannelRange {
    ChannelRange::new(first, last).unwrap()
}

/// The files in a directory of their own, and a reader for a range of them in microseconds after the start.
async fn reader(
    files: &[Prodml],
    from: i64,
    to: i64,
    channels: ChannelRange,
) -> (tempfile::TempDir, RecordingReader) {
    let directory = tempfile::tempdir().unwrap();
    for (number, file) in files.iter().enumerate() {
        file.write(&directory.path().join(format!("{number}.h5")));
    }
    let catalogue =
        SqliteCatalogue::open(&directory.path().join("index.sqlite"), directory.path()).await.unwrap();
    catalogue.scan().await.unwrap();
    let (from, to) = (time(START_US + from), time(START_US + to));
    let recordings = catalogue.find(from, to).await.unwrap();
    (directory, RecordingReader::new(recordings, from, to, channels))
}

async fn blocks(files: &[Prodml], from: i64, to: i64, channels: ChannelRange) -> Vec<Block> {
    let (_directory, reader) = reader(files, from, to, channels).await;
    reader.map(|block| block.unwrap()).collect()
}

fn values(blocks: &[Block]) -> Vec<i64> {
    blocks.iter().flat_map(|block| numbers(&block.samples)).collect()
}

fn expected(times: std::ops::Range<u64>, columns: std::ops::RangeInclusive<u64>) -> Vec<i64> {
    times.flat_map(|time| columns.clone().map(move |channel| value(time, channel))).collect()
}

#[tokio::test]
async fn five_parts_read_as_one() {
    let mut files = vec![Prodml { times: 23, ..Prodml::default() }];
    for _ in 1..5 {
        files.push(files[files.len() - 1].next(0));
    }
    // Every other part has the other axis order: the samples do not tell.
    files[1].locus_first = true;
    files[3].locus_first = true;
    let all = blocks(&files, 0, 60_000_000, channels(1, 3)).await;
    assert_eq!(values(&all), expected(0..115, 0..=2));
    for (number, block) in all.iter().enumerate() {
        assert_eq!(block.sequence, number as u64, "no gap");
        assert_eq!((block.sampling_rate, block.first_channel, block.channels), (10.0, 1, 3));
        assert!(block.times() <= 10, "at most a second");
    }
    let mut samples = 0;
    for block in &all {
        assert_eq!(block.start, time(START_US + samples * 100_000));
        samples += block.times() as i64;
    }

    let some = blocks(&files, 2_250_000, 4_700_001, channels(2, 2)).await;
    assert_eq!(
        values(&some),
        expected(23..48, 1..=1),
        "from the first sample at or after 2.25 s, before 4.700001 s"
    );
    assert_eq!((some[0].start, some[0].first_channel), (time(START_US + 2_300_000), 2));
    assert_eq!(values(&blocks(&files, 2_300_000, 4_700_000, channels(1, 1)).await), expected(23..47, 0..=0));
    assert_eq!(blocks(&files, 70_000_000, 80_000_000, channels(1, 1)).await, []);
}

#[tokio::test]
async fn a_gap_is_a_jump_in_sequence_and_time() {
    let first = Prodml::default();
    let files = [first.clone(), first.next(25)];
    let all = blocks(&files, 0, 60_000_000, channels(1, 3)).await;
    let seen: Vec<_> = all.iter().map(|block| (block.sequence, block.start, block.times())).collect();
    let at = |ms: i64| time(START_US + ms * 1000);
    // 2.5 s are missing: three blocks of up to a second.
    assert_eq!(seen, [(0, at(0), 10), (1, at(1000), 10), (5, at(4500), 10), (6, at(5500), 10)]);
    assert_eq!(values(&all), [expected(0..20, 0..=2), expected(45..65, 0..=2)].concat());
}

#[tokio::test]
async fn the_smallest_gap_shows_and_rounding_does_not() {
    let first = Prodml::default();
    let jittered = |us| Prodml { start_us: first.next(0).start_us + us, ..first.next(0) };
    for (off, sequence) in [(-49_000, 2), (49_000, 2), (51_000, 3), (100_000, 3)] {
        let all = blocks(&[first.clone(), jittered(off)], 0, 60_000_000, channels(1, 1)).await;
        assert_eq!((all.len(), all[2].sequence), (4, sequence), "{off} us");
        assert_eq!(all[2].start, time(START_US + 2_000_000 + off), "times are those of the file");
        assert_eq!(values(&all), expected(0..40, 0..=0), "{off} us");
    }
}

#[tokio::test]
async fn where_files_overlap_each_sample_is_read_once() {
    let first = Prodml::default();
    let overlapping = Prodml { start_us: START_US + 1_300_000, first: 13, ..first.clone() };
    let within = Prodml { start_us: START_US + 500_000, first: 5, times: 4, ..first.clone() };
    let all = blocks(&[overlapping, within, first], 0, 60_000_000, channels(1, 3)).await;
    assert_eq!(values(&all), expected(0..33, 0..=2));
    assert!(all.iter().enumerate().all(|(number, block)| block.sequence == number as u64), "no gap");
}

#[tokio::test]
async fn blocks_are_bounded_in_bytes() {
    let wide = Prodml { channels: 30_000, times: 100, rate: 100.0, kind: Type::I32, ..Prodml::default() };
    let all = blocks(&[wide], 0, 60_000_000, channels(1, 30_000)).await;
    assert!(all.iter().all(|block| block.samples.len() * 4 <= 4 << 20));
    assert_eq!(values(&all), expected(0..100, 0..=29_999));
}

#[tokio::test]
async fn another_fibre_in_the_range_is_an_error_that_names_the_file() {
    let first = Prodml::default();
    let next = first.next(0);
    for (field, other) in [
        ("the number of channels", Prodml { channels: 4, ..next.clone() }),
        ("the sampling rate", Prodml { rate: 20.0, ..next.clone() }),
        ("the sample type", Prodml { kind: Type::I16, ..next.clone() }),
        ("the unit", Prodml { unit: "rad", ..next.clone() }),
        (
            "the distance between channels",
            Prodml { numbers: vec![("SpatialSamplingInterval", 3.0)], ..next.clone() },
        ),
        ("the gauge length", Prodml { numbers: vec![("GaugeLength", 3.0)], ..next.clone() }),
    ] {
        let (directory, reader) =
            reader(&[first.clone(), other, next.next(0)], 0, 60_000_000, channels(1, 3)).await;
        let all: Vec<_> = reader.collect();
        assert_eq!(all.len(), 3, "two blocks, the error, nothing more");
        match &all[2] {
            Err(ReadError::Layout { path, before, field: found, .. }) => {
                assert_eq!(*found, field);
                assert_eq!((path, before), (&directory.path().join("1.h5"), &directory.path().join("0.h5")));
            }
            other => panic!("{field}: {other:?}"),
        }
    }
    // Another name or another program's version is still the same fibre.
    let renamed = Prodml { texts: vec![("AcquisitionDescription", "renamed"), ("VendorCode", "2")], ..next };
    assert_eq!(
        values(&blocks(&[first, renamed], 0, 60_000_000, channels(1, 3)).await),
        expected(0..40, 0..=2)
    );
}

#[tokio::test]
async fn a_file_that_vanished_and_channels_that_are_not_there_are_errors() {
    let (directory, mut reader_) = reader(&[Prodml::default()], 0, 60_000_000, channels(1, 3)).await;
    drop(directory);
    assert!(matches!(reader_.next(), Some(Err(ReadError::Unreadable { .. }))));
    assert!(reader_.next().is_none());

    let (_directory, mut reader_) = reader(&[Prodml::default()], 0, 60_000_000, channels(2, 4)).await;
    let error = reader_.next().unwrap().unwrap_err().to_string();
    assert!(error.ends_with("NumberOfLoci: 3 channels, but channel 4 is wanted"), "{error}");
}

#[test]
fn nothing_to_read_gives_nothing() {
    let mut reader = RecordingReader::new(vec![], Timestamp::MIN, Timestamp::MAX, channels(1, 1));
    assert!(reader.next().is_none());
}

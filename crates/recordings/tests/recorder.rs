//! What a recorder writes, read back through the reader and the catalogue.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use focus_core::{Block, ChannelRange, DataType, Fibre, Samples, sample_offset};
use focus_recordings::{
    Catalogue, Progress, RecordError, Recorder, Recording, RecordingReader, SqliteCatalogue, open,
};
use jiff::Timestamp;
use proptest::prelude::*;

const MINUTE: Duration = Duration::from_secs(60);

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn fibre(data_type: DataType) -> Fibre {
    Fibre {
        pulse_rate: Some(4000.0),
        sampling_rate: 200.0,
        dx: Some(1.25),
        gauge_length: Some(10.5),
        channels: 5,
        start: Some(-6.25),
        length: Some(6.25),
        samples_per_trace: None,
        data_type,
        unit: Some("nm/m/s".into()),
        software: Some("Interrogator 2.1".into()),
        description: Some("Käbelschacht 7, nördlich".into()),
    }
}

/// Says which sample of which channel it is.
fn value(time: u64, channel: u32) -> i32 {
    (time as i32) * 10 + channel as i32
}

/// Blocks of `fibre` from `start` on, each of `times` samples, as long as there are `total`.
fn blocks(fibre: &Fibre, start: Timestamp, total: u64, times: u64) -> Vec<Block> {
    (0..total.div_ceil(times))
        .map(|sequence| {
            let first = sequence * times;
            let values: Vec<i32> = (first..(first + times).min(total))
                .flat_map(|time| (1..=fibre.channels).map(move |channel| value(time, channel)))
                .collect();
            let samples = match fibre.data_type {
                DataType::Int16 => Samples::Int16(values.iter().map(|&value| value as i16).collect()),
                DataType::Int32 => Samples::Int32(values.into()),
                DataType::Float32 => {
                    Samples::Float32(values.iter().map(|&value| value as f32 / 3.0).collect())
                }
            };
            Block {
                sequence,
                start: start + sample_offset(first as f64, fibre.sampling_rate),
                sampling_rate: fibre.sampling_rate,
                first_channel: 1,
                channels: fibre.channels as usize,
                samples,
            }
        })
        .collect()
}

fn recorder(directory: &Path, roll: Duration, channels: ChannelRange) -> Recorder {
    Recorder::start(directory, roll, channels).unwrap().recorder
}

fn record(directory: &Path, roll: Duration, fibre: &Fibre, blocks: &[Block]) -> Progress {
    let mut recorder = recorder(directory, roll, ChannelRange::ALL);
    for block in blocks {
        recorder.record(fibre, block).unwrap();
    }
    recorder.finish().unwrap()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn names(directory: &Path) -> Vec<String> {
    files(directory).iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// All samples of a file.
fn samples(path: &Path) -> Samples {
    let file = open(path).unwrap();
    let header = file.header();
    file.read(0, 0..header.segments[0].samples, 0..header.fibre.channels as usize).unwrap()
}

fn bits(samples: &Samples) -> Vec<u32> {
    match samples {
        Samples::Int16(values) => values.iter().map(|&value| i32::from(value).cast_unsigned()).collect(),
        Samples::Int32(values) => values.iter().map(|&value| value.cast_unsigned()).collect(),
        Samples::Float32(values) => values.iter().map(|&value| value.to_bits()).collect(),
    }
}

async fn catalogued(directory: &Path) -> Vec<Recording> {
    let index = tempfile::tempdir().unwrap();
    let catalogue = SqliteCatalogue::open(&index.path().join("index.sqlite"), directory).await.unwrap();
    let report = catalogue.scan().await.unwrap();
    assert_eq!((report.refused.len(), report.pending), (0, 0), "{report:?}");
    catalogue.find(Timestamp::MIN, Timestamp::MAX).await.unwrap()
}

#[test]
fn what_is_recorded_is_read_back_bit_by_bit_to_the_nanosecond() {
    for data_type in [DataType::Int16, DataType::Int32, DataType::Float32] {
        let directory = tempfile::tempdir().unwrap();
        let fibre = fibre(data_type);
        let start = time("2024-02-29T23:58:01.123456789Z");
        let blocks = blocks(&fibre, start, 1000, 77);
        let progress = record(directory.path(), MINUTE, &fibre, &blocks);
        let bytes = 1000 * 5 * data_type.bytes() as u64;
        assert_eq!(progress, Progress { files: 1, samples: 1000, bytes, gaps: 0 });

        assert_eq!(names(directory.path()), ["20240229T235801.123456789Z.h5"]);
        let path = &files(directory.path())[0];
        let file = open(path).unwrap();
        assert_eq!(file.header().fibre, fibre);
        assert_eq!((file.header().start(), file.header().segments[0].samples), (start, 1000));
        let expected: Vec<u32> = blocks.iter().flat_map(|block| bits(&block.samples)).collect();
        assert_eq!(samples(path).data_type(), data_type);
        assert_eq!(bits(&samples(path)), expected);
        assert_eq!(bits(&file.read(0, 500..502, 1..3).unwrap()).len(), 4);
    }
}

#[test]
fn not_a_number_and_infinity_keep_their_bits() {
    let directory = tempfile::tempdir().unwrap();
    let fibre = fibre(DataType::Float32);
    let mut block = blocks(&fibre, Timestamp::UNIX_EPOCH, 2, 2).remove(0);
    let odd = [f32::NAN, f32::INFINITY, -0.0, f32::MIN_POSITIVE / 2.0, f32::from_bits(0x7fc0_1234)];
    block.samples = Samples::Float32(odd.into_iter().chain([1.0; 5]).collect());
    record(directory.path(), MINUTE, &fibre, std::slice::from_ref(&block));
    assert_eq!(bits(&samples(&files(directory.path())[0])), bits(&block.samples));
}

#[test]
fn what_the_fibre_does_not_know_stays_unknown() {
    let directory = tempfile::tempdir().unwrap();
    let unknown = Fibre {
        pulse_rate: None,
        dx: None,
        gauge_length: None,
        start: None,
        length: None,
        unit: None,
        software: None,
        description: None,
        ..fibre(DataType::Int16)
    };
    record(directory.path(), MINUTE, &unknown, &blocks(&unknown, Timestamp::UNIX_EPOCH, 3, 3));
    assert_eq!(open(&files(directory.path())[0]).unwrap().header().fibre, unknown);
}

#[tokio::test]
async fn files_are_cut_at_the_minute_and_join_without_a_seam() {
    let directory = tempfile::tempdir().unwrap();
    let fibre = fibre(DataType::Float32);
    let start = time("2024-06-01T11:59:30.002Z");
    let total = 200 * 150;
    let blocks = blocks(&fibre, start, total, 33);
    assert_eq!(record(directory.path(), MINUTE, &fibre, &blocks).files, 3);
    // The first sample of each minute, 5 ms apart from 2 ms on.
    assert_eq!(
        names(directory.path()),
        ["20240601T115930.002000000Z.h5", "20240601T120000.002000000Z.h5", "20240601T120100.002000000Z.h5"]
    );
    let found = catalogued(directory.path()).await;
    assert_eq!(found.len(), 1, "one recording: {found:?}");
    assert_eq!(found[0].fibre, fibre);
    assert_eq!((found[0].start, found[0].end), (start, start + sample_offset(total as f64, 200.0)));

    let read: Vec<Block> = RecordingReader::new(found, start, Timestamp::MAX, fibre.all_channels())
        .map(Result::unwrap)
        .collect();
    let mut due = start;
    for (sequence, block) in read.iter().enumerate() {
        assert_eq!((block.sequence, block.start), (sequence as u64, due));
        due += sample_offset(block.times() as f64, 200.0);
    }
    let flat = |blocks: &[Block]| blocks.iter().flat_map(|block| bits(&block.samples)).collect::<Vec<_>>();
    assert!(flat(&read) == flat(&blocks));
}

#[test]
fn a_sample_on_the_minute_is_the_first_of_its_file() {
    let directory = tempfile::tempdir().unwrap();
    // A third of a second: no sample but the first of each second has an exact time.
    let fibre = Fibre { sampling_rate: 3.0, ..fibre(DataType::Int32) };
    let start = time("2024-06-01T11:59:59Z");
    record(directory.path(), Duration::from_secs(2), &fibre, &blocks(&fibre, start, 12, 5));
    assert_eq!(
        names(directory.path()),
        ["20240601T115959.000000000Z.h5", "20240601T120000.000000000Z.h5", "20240601T120002.000000000Z.h5",]
    );
}

#[tokio::test]
async fn a_gap_begins_a_new_file_and_another_recording() {
    let directory = tempfile::tempdir().unwrap();
    let fibre = fibre(DataType::Int16);
    let start = time("2024-06-01T12:00:00Z");
    let mut blocks = blocks(&fibre, start, 100, 10);
    blocks.drain(3..5);
    let progress = record(directory.path(), MINUTE, &fibre, &blocks);
    assert_eq!((progress.files, progress.samples, progress.gaps), (2, 80, 1));
    let found = catalogued(directory.path()).await;
    let ends: Vec<_> = found.iter().map(|recording| (recording.start, recording.end)).collect();
    let at = |sample: f64| start + sample_offset(sample, 200.0);
    assert_eq!(ends, [(at(0.0), at(30.0)), (at(50.0), at(100.0))]);
    assert_eq!(bits(&samples(&files(directory.path())[1]))[..5], bits(&blocks[3].samples)[..5]);
}

#[test]
fn a_stamp_that_jitters_is_no_gap_and_one_that_jumps_is() {
    let fibre = fibre(DataType::Int16);
    for (off_ms, files) in [(49, 1), (-49, 1), (51, 2), (-51, 2)] {
        let directory = tempfile::tempdir().unwrap();
        let mut blocks = blocks(&fibre, Timestamp::UNIX_EPOCH, 40, 20);
        blocks[1].start += jiff::SignedDuration::from_millis(off_ms);
        assert_eq!(record(directory.path(), MINUTE, &fibre, &blocks).files, files, "{off_ms} ms");
    }
}

#[tokio::test]
async fn stamps_that_jitter_open_no_gap_between_files() {
    let directory = tempfile::tempdir().unwrap();
    let fibre = fibre(DataType::Int16);
    let mut blocks = blocks(&fibre, Timestamp::UNIX_EPOCH, 2000, 40);
    for block in &mut blocks {
        let off = (block.sequence as i64 * 7919) % 41 - 20;
        block.start += jiff::SignedDuration::from_millis(off);
    }
    assert_eq!(record(directory.path(), Duration::from_secs(1), &fibre, &blocks).gaps, 0);
    assert_eq!(catalogued(directory.path()).await.len(), 1);
}

#[test]
fn another_fibre_begins_a_new_file() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) =
        (fibre(DataType::Int16), Fibre { channels: 7, gauge_length: Some(5.0), ..fibre(DataType::Float32) });
    let mut recorder = recorder(directory.path(), MINUTE, ChannelRange::ALL);
    recorder.record(&first, &blocks(&first, Timestamp::UNIX_EPOCH, 10, 10)[0]).unwrap();
    assert_eq!(files(directory.path()).len(), 1, "unfinished");
    let later = Timestamp::from_second(5).unwrap();
    recorder.record(&second, &blocks(&second, later, 10, 10)[0]).unwrap();
    assert_eq!(recorder.progress(), Progress { files: 1, samples: 20, bytes: 100 + 280, gaps: 0 });
    recorder.finish().unwrap();
    let found: Vec<Fibre> =
        files(directory.path()).iter().map(|path| open(path).unwrap().header().fibre.clone()).collect();
    assert_eq!(found[0], first);
    assert_eq!((found[1].channels, found[1].gauge_length), (7, Some(5.0)));
}

#[test]
fn only_the_wanted_channels_are_recorded_and_know_where_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let fibre = fibre(DataType::Int32);
    let wanted = ChannelRange::new(2, 4).unwrap();
    let mut recorder = recorder(directory.path(), MINUTE, wanted);
    for block in blocks(&fibre, Timestamp::UNIX_EPOCH, 20, 8) {
        recorder.record(&fibre, &block).unwrap();
    }
    recorder.finish().unwrap();
    let path = &files(directory.path())[0];
    let found = open(path).unwrap().header().fibre.clone();
    assert_eq!((found.channels, found.start, found.length), (3, Some(-5.0), Some(3.75)));
    let expected: Vec<u32> =
        (0..20).flat_map(|time| (2..=4).map(move |channel| value(time, channel).cast_unsigned())).collect();
    assert_eq!(bits(&samples(path)), expected);
}

#[test]
fn blocks_that_begin_at_the_wanted_channel_are_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let fibre = fibre(DataType::Int16);
    let block = Block {
        first_channel: 4,
        channels: 2,
        samples: Samples::Int16(Arc::new([41, 51, 42, 52])),
        ..blocks(&fibre, Timestamp::UNIX_EPOCH, 2, 2).remove(0)
    };
    let mut recorder = recorder(directory.path(), MINUTE, ChannelRange::new(4, 9).unwrap());
    recorder.record(&fibre, &block).unwrap();
    recorder.finish().unwrap();
    assert_eq!(samples(&files(directory.path())[0]), block.samples);
}

#[test]
fn blocks_that_do_not_fit_are_refused_and_do_no_harm() {
    let directory = tempfile::tempdir().unwrap();
    let fibre = fibre(DataType::Int16);
    let good = blocks(&fibre, Timestamp::UNIX_EPOCH, 10, 10).remove(0);
    let mut recorder = recorder(directory.path(), MINUTE, ChannelRange::ALL);
    recorder.record(&fibre, &good).unwrap();
    for bad in [
        Block { channels: 4, samples: Samples::Int16([0; 8].into()), ..good.clone() },
        Block { channels: 0, ..good.clone() },
        Block { channels: 5, samples: Samples::Int16([0; 9].into()), ..good.clone() },
        Block { first_channel: 2, ..good.clone() },
        Block { samples: Samples::Int32([0; 10].into()), ..good.clone() },
        Block { sampling_rate: 201.0, ..good.clone() },
    ] {
        let error = recorder.record(&fibre, &bad).unwrap_err();
        assert!(matches!(error, RecordError::Block { sequence: 0, .. }), "{error}");
    }
    assert_eq!(recorder.finish().unwrap().samples, 10);
    assert_eq!(samples(&files(directory.path())[0]), good.samples);

    let beyond = ChannelRange::new(6, 6).unwrap();
    let mut recorder = Recorder::start(directory.path(), MINUTE, beyond).unwrap().recorder;
    let error = recorder.record(&fibre, &good).unwrap_err();
    assert_eq!(error.to_string(), "the channels from 6 on are wanted, but the fibre has only 5");
}

#[tokio::test]
async fn an_unfinished_file_is_no_recording_and_vanishes_with_its_recorder() {
    let directory = tempfile::tempdir().unwrap();
    let fibre = fibre(DataType::Int16);
    let mut recorder = recorder(directory.path(), MINUTE, ChannelRange::ALL);
    recorder.record(&fibre, &blocks(&fibre, Timestamp::UNIX_EPOCH, 10, 10)[0]).unwrap();
    assert_eq!(files(directory.path()).len(), 1);
    assert_eq!(catalogued(directory.path()).await, []);
    drop(recorder);
    assert_eq!(files(directory.path()).len(), 0);
}

#[test]
fn what_a_crash_left_is_removed_and_what_is_being_written_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let left = directory.path().join(".focus-abc123.part");
    let other = directory.path().join(".focus-notes.txt");
    for path in [&left, &other] {
        File::create(path).unwrap();
    }
    let fibre = fibre(DataType::Int16);
    let block = blocks(&fibre, Timestamp::UNIX_EPOCH, 10, 10).remove(0);
    let Ok(mut first) = Recorder::start(directory.path(), MINUTE, ChannelRange::ALL) else { panic!() };
    assert_eq!(first.removed, [left]);
    first.recorder.record(&fibre, &block).unwrap();
    let second = Recorder::start(directory.path(), MINUTE, ChannelRange::ALL).unwrap();
    assert!(second.removed.is_empty(), "{second:?}");
    first.recorder.finish().unwrap();
    assert_eq!(names(directory.path()), [".focus-notes.txt", "19700101T000000.000000000Z.h5"]);
}

#[test]
fn no_file_is_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let fibre = fibre(DataType::Int16);
    let block = blocks(&fibre, Timestamp::UNIX_EPOCH, 10, 10);
    for _ in 0..3 {
        record(directory.path(), MINUTE, &fibre, &block);
    }
    let expected = [
        "19700101T000000.000000000Z-1.h5",
        "19700101T000000.000000000Z-2.h5",
        "19700101T000000.000000000Z.h5",
    ];
    assert_eq!(names(directory.path()), expected);
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    File::create(&file).unwrap();
    let error = Recorder::start(&file, MINUTE, ChannelRange::ALL).unwrap_err();
    assert!(error.to_string().starts_with(&format!("{}: cannot be written: ", file.display())), "{error}");

    let gone = directory.path().join("gone");
    let fibre = fibre(DataType::Int16);
    let mut recorder = recorder(&gone, MINUTE, ChannelRange::ALL);
    recorder.record(&fibre, &blocks(&fibre, Timestamp::UNIX_EPOCH, 10, 10)[0]).unwrap();
    fs::remove_dir_all(&gone).unwrap();
    let error = recorder.finish().unwrap_err().to_string();
    assert!(error.contains("gone/19700101T000000.000000000Z.h5: cannot be written: "), "{error}");
}

#[test]
#[cfg(unix)]
fn recordings_may_be_read_by_those_who_may_read_other_files() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let fibre = fibre(DataType::Int16);
    record(directory.path(), MINUTE, &fibre, &blocks(&fibre, Timestamp::UNIX_EPOCH, 10, 10));
    let usual = directory.path().join("usual");
    File::create(&usual).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&files(directory.path())[0]), mode(&usual));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// However blocks and rolls are cut, what is recorded is what was there.
    #[test]
    fn nothing_is_lost_or_repeated_at_the_seams(
        rate in prop::sample::select(vec![0.7, 3.0, 100.0, 123.4, 2000.0]),
        total in 1_u64..400,
        times in 1_u64..70,
        roll in 1_u64..7,
        nanoseconds in 0_i64..4_000_000_000,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let fibre = Fibre { sampling_rate: rate, ..fibre(DataType::Int32) };
        let start = Timestamp::from_nanosecond(1_700_000_000_000_000_000 + i128::from(nanoseconds)).unwrap();
        let blocks = blocks(&fibre, start, total, times);
        let progress = record(directory.path(), Duration::from_secs(roll), &fibre, &blocks);
        prop_assert_eq!((progress.samples, progress.gaps), (total, 0));
        let mut due = start;
        let mut read = Vec::new();
        for path in files(directory.path()) {
            let file = open(&path).unwrap();
            let off = file.header().start().duration_since(due).abs();
            prop_assert!(off.as_nanos() <= 2, "{} begins {off} late", path.display());
            due = file.header().segments[0].end().unwrap();
            read.extend(bits(&samples(&path)));
        }
        prop_assert_eq!(read, blocks.iter().flat_map(|block| bits(&block.samples)).collect::<Vec<_>>());
    }
}

//! Recordings are put into a data directory, taken out of it, and read through.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{Prodml, START_US, time};
use focus_core::{Block, ChannelRange, DataType, Fibre, Samples};
use focus_recordings::{
    EXCERPT, EXCERPT_NAME, Recorder, StoreError, add, add_excerpt, clear_left_behind, left_behind, remove,
    verify,
};
use miniseed_rs::{EncodingFormat, MseedRecord, NanoTime, encode};
use tempfile::TempDir;

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_recording_is_added_whole_once_and_never_over_another() {
    let (outside, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let file = outside.path().join(EXCERPT_NAME);
    fs::write(&file, EXCERPT).unwrap();
    let mut copied = 0;
    let (target, new) = add(data.path(), &file, |bytes| copied += bytes).unwrap();
    assert_eq!((&target, new, copied), (&data.path().join(EXCERPT_NAME), true, EXCERPT.len() as u64));
    assert_eq!(fs::read(&target).unwrap(), EXCERPT);
    assert_eq!(add(data.path(), &file, |_| ()).unwrap(), (target.clone(), false), "it is there already");

    let mut of_the_same_length = EXCERPT.to_vec();
    *of_the_same_length.last_mut().unwrap() ^= 1;
    for other in [Prodml::default().bytes(), [EXCERPT, &[0]].concat(), of_the_same_length] {
        fs::write(&file, other).unwrap();
        let error = add(data.path(), &file, |_| ()).unwrap_err();
        assert!(matches!(&error, StoreError::Taken(path) if *path == target), "{error}");
    }
    fs::write(&file, "no recording").unwrap();
    assert!(matches!(add(data.path(), &file, |_| ()), Err(StoreError::Read(_))));
    let nowhere = outside.path().join("absent.h5");
    assert!(matches!(add(data.path(), &nowhere, |_| ()), Err(StoreError::Read(_))));
    assert_eq!(names(data.path()), [EXCERPT_NAME], "and nothing else is left");
    assert_eq!(fs::read(&target).unwrap(), EXCERPT);
}

#[test]
fn what_is_removed_stays_out_of_sight() {
    let data = TempDir::new().unwrap();
    fs::create_dir(data.path().join("day")).unwrap();
    let file = data.path().join("day/a.h5");
    fs::write(&file, Prodml::default().bytes()).unwrap();
    for elsewhere in ["day/b.h5", "day", "../a.h5", "/etc/passwd", "", ".removed/day/a.h5", "day/../day/a.h5"]
    {
        let error = remove(data.path(), Path::new(elsewhere)).unwrap_err();
        assert!(matches!(error, StoreError::Elsewhere(_)), "{elsewhere}: {error}");
    }
    let kept = remove(data.path(), Path::new("day/a.h5")).unwrap();
    assert_eq!(kept, data.path().join(".removed/day/a.h5"));
    assert!(!file.exists() && kept.exists());
    let again = remove(data.path(), Path::new(".removed/day/a.h5")).unwrap_err();
    assert!(matches!(again, StoreError::Elsewhere(_)), "{again}");
    // One of the same name does not take its place.
    fs::write(&file, Prodml::default().bytes()).unwrap();
    assert!(matches!(remove(data.path(), &file), Err(StoreError::Taken(_))));
    assert!(file.exists());
}

#[test]
fn every_sample_is_read() {
    let data = TempDir::new().unwrap();
    let path = data.path().join("a.h5");
    fs::write(&path, EXCERPT).unwrap();
    let mut bytes = 0;
    let verified = verify(&path, |read| bytes += read).unwrap();
    assert_eq!((bytes, verified.not_finite), (5000 * 500 * 2, 0));
    assert_eq!(verified.header.start(), time(1_458_545_850_532_309));
    let fibre = Fibre { data_type: DataType::Float32, channels: 2, ..verified.header.fibre };
    let directory = data.path().join("recorded");
    let mut recorder =
        Recorder::start(&directory, Duration::from_secs(60), ChannelRange::ALL).unwrap().recorder;
    let block = Block {
        sequence: 0,
        start: time(START_US),
        sampling_rate: fibre.sampling_rate,
        first_channel: 1,
        channels: 2,
        samples: Samples::Float32([1.0, f32::NAN, f32::INFINITY, 2.0].into()),
    };
    recorder.record(&fibre, &block).unwrap();
    recorder.finish().unwrap();
    let file = directory.join(&names(&directory)[0]);
    assert_eq!(verify(&file, |_| ()).unwrap().not_finite, 2);
    // What the header does not show: a chunk that cannot be unpacked.
    let mut damaged = EXCERPT.to_vec();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 4096].fill(0x5a);
    fs::write(&path, damaged).unwrap();
    focus_recordings::open(&path).unwrap();
    assert!(verify(&path, |_| ()).is_err());
}

#[test]
fn a_file_that_appears_while_another_is_copied_stays() {
    let (outside, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (file, target) = (outside.path().join(EXCERPT_NAME), data.path().join(EXCERPT_NAME));
    fs::write(&file, EXCERPT).unwrap();
    let error = add(data.path(), &file, |_| fs::write(&target, "mine").unwrap()).unwrap_err();
    assert!(matches!(&error, StoreError::Taken(path) if *path == target), "{error}");
    assert_eq!(fs::read(&target).unwrap(), b"mine");
    assert!(matches!(add_excerpt(data.path()), Err(StoreError::Taken(_))));
    assert_eq!(names(data.path()), [EXCERPT_NAME], "and nothing else is left");
}

#[test]
fn what_was_left_behind_is_told_and_removed_and_nothing_else() {
    let data = TempDir::new().unwrap();
    let others = [".focus-notes.txt", ".other.part", "focus-a.part"];
    for name in others.iter().chain(&[".focus-a.part"]) {
        fs::write(data.path().join(name), "half").unwrap();
    }
    let left = [data.path().join(".focus-a.part")];
    assert_eq!(left_behind(data.path()).unwrap(), left);
    assert_eq!(clear_left_behind(data.path()).unwrap(), left);
    assert_eq!(left_behind(data.path()).unwrap(), [] as [PathBuf; 0]);
    assert_eq!(names(data.path()), others);
    let absent = data.path().join("absent");
    let error = clear_left_behind(&absent).unwrap_err();
    assert!(matches!(&error, StoreError::Io { path, .. } if *path == absent), "{error}");
}

#[test]
fn every_segment_is_read() {
    let data = TempDir::new().unwrap();
    let path = data.path().join("a.mseed");
    let of_one_channel = |start_us: i64| {
        let start = time(start_us).to_zoned(jiff::tz::TimeZone::UTC);
        let start = NanoTime {
            year: start.year() as u16,
            day: start.day_of_year() as u16,
            hour: start.hour() as u8,
            minute: start.minute() as u8,
            second: start.second() as u8,
            nanosecond: 0,
        };
        let record = MseedRecord::new().with_nslc("XX", "A", "", "HSF").with_start_time(start);
        let samples = miniseed_rs::Samples::Float(vec![f32::NAN; 10]);
        let record = record.with_sample_rate(10.0).with_encoding(EncodingFormat::Float32);
        encode(&record.with_samples(samples)).unwrap()
    };
    fs::write(&path, [of_one_channel(START_US), of_one_channel(START_US + 60_000_000)].concat()).unwrap();
    let mut bytes = 0;
    let verified = verify(&path, |read| bytes += read).unwrap();
    assert_eq!((verified.header.segments.len(), verified.not_finite, bytes), (2, 20, 80));
}

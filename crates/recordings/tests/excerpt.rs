//! The recording that comes with the program: equal to what h5py reads, and the earthquake is in it.

mod common;

use common::{Checksum, energy, h5py, numbers};
use focus_core::{ChannelRange, DataType};
use focus_recordings::{EXCERPT, EXCERPT_NAME, RecordingFile, open};

fn excerpt() -> (tempfile::TempDir, Box<dyn RecordingFile>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(EXCERPT_NAME);
    std::fs::write(&path, EXCERPT).unwrap();
    let file = open(&path).unwrap();
    (directory, file)
}

#[test]
fn it_is_small_and_described() {
    assert!(EXCERPT.len() < 3_000_000);
    let (_directory, file) = excerpt();
    let header = file.header();
    assert_eq!(header.start().to_string(), "2016-03-21T07:37:30.532309Z");
    assert_eq!(header.segments[0].samples, 5000);
    let fibre = &header.fibre;
    assert_eq!((fibre.channels, fibre.sampling_rate, fibre.pulse_rate), (500, 100.0, Some(1000.0)));
    assert_eq!((fibre.dx, fibre.gauge_length), (Some(1.0), Some(10.0)));
    assert_eq!((fibre.start, fibre.length), (Some(2500.0), Some(500.0)));
    assert_eq!((fibre.data_type, fibre.unit.as_deref()), (DataType::Int16, None));
    assert_eq!(fibre.software.as_deref(), Some("Silixa iDAS"));
    assert!(fibre.description.as_deref().unwrap().contains("Hawthorne"));
    assert_eq!(fibre.all_channels(), ChannelRange::new(1, 500).unwrap());
}

#[test]
fn samples_equal_those_that_h5py_reads() {
    let (_directory, file) = excerpt();
    let expected = h5py(EXCERPT_NAME);
    assert_eq!(expected["times"], file.header().segments[0].samples);
    for step in [5000, 333] {
        let mut checksum = Checksum::default();
        for start in (0..5000).step_by(step) {
            checksum.add(&file.read(0, start..start + step as u64, 0..500).unwrap());
        }
        assert_eq!(checksum.text(), expected["checksum"].as_str().unwrap(), "{step} times at once");
    }
}

#[test]
fn the_earthquake_shows() {
    let (_directory, file) = excerpt();
    let samples = numbers(&file.read(0, 0..5000, 0..500).unwrap());
    let samples: Vec<f64> = samples.iter().map(|&value| value as f64).collect();
    let energy = energy(&samples, 500, 100.0);
    let at = |second: usize| energy[second * 100];
    assert!((0.5..1.5).contains(&at(5)), "quiet before: {}", at(5));
    assert!(at(9) >= 8.0, "P: {}", at(9));
    assert!(at(25) < 5.0, "coda of P: {}", at(25));
    assert!(at(29) >= 80.0 && at(30) >= 80.0, "S: {} {}", at(29), at(30));
}

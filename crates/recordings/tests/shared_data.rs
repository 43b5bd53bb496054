//! The larger real recordings, where they are at hand: set `FOCUS_SHARED_DATA` to their directory.

mod common;

use std::path::{Path, PathBuf};

use common::{Checksum, energy, h5py};
use focus_core::{ChannelRange, Samples};
use focus_recordings::{Catalogue, RecordingFile, RecordingReader, SqliteCatalogue, open};
use jiff::Timestamp;

fn directory() -> Option<PathBuf> {
    let directory = std::env::var_os("FOCUS_SHARED_DATA").map(PathBuf::from);
    if directory.is_none() {
        eprintln!("SKIPPED: FOCUS_SHARED_DATA is not set, the larger recordings are not tested");
    }
    directory
}

fn checksum(path: &Path) -> String {
    let file = open(path).unwrap();
    let mut checksum = Checksum::default();
    for start in (0..file.header().segments[0].samples).step_by(777) {
        checksum.add(&file.read(0, start..start + 777, 0..usize::MAX).unwrap());
    }
    checksum.text()
}

#[test]
fn samples_equal_those_that_h5py_reads() {
    let Some(directory) = directory() else { return };
    for name in [
        "porotomo_hawthorne_500ch_100Hz_50s.h5",
        "prodml_2.0.h5",
        "iDAS005_hdf5_example.626.h5",
        "decimated_optodas.hdf5",
        "valencia_febus_example.h5",
    ] {
        let expected = h5py(name);
        assert_eq!(checksum(&directory.join(name)), expected["checksum"].as_str().unwrap(), "{name}");
    }
}

#[test]
fn the_pulse_rate_is_not_the_sampling_rate() {
    let Some(directory) = directory() else { return };
    let file = open(&directory.join("prodml_2.0.h5")).unwrap();
    let fibre = &file.header().fibre;
    assert_eq!((fibre.sampling_rate, fibre.pulse_rate), (200.0, Some(4000.0)));
    assert_eq!(fibre.unit.as_deref(), Some("(nm/m)/s * Hz/m"));
    assert_eq!(file.header().segments[0].samples, 2500);
}

#[tokio::test]
async fn five_parts_are_one_recording_equal_to_the_whole() {
    let Some(directory) = directory() else { return };
    let state = tempfile::tempdir().unwrap();
    let parts = directory.join("porotomo_parts");
    let catalogue = SqliteCatalogue::open(&state.path().join("index.sqlite"), &parts).await.unwrap();
    assert_eq!(catalogue.scan().await.unwrap().added, 5);
    let found = catalogue.find(Timestamp::MIN, Timestamp::MAX).await.unwrap();
    assert_eq!((found.len(), found[0].files.len()), (1, 5));
    let channels = ChannelRange::new(1, 500).unwrap();
    let (mut checksum, mut samples) = (Checksum::default(), Vec::new());
    for (number, block) in RecordingReader::new(found, Timestamp::MIN, Timestamp::MAX, channels).enumerate() {
        let block = block.unwrap();
        assert_eq!(block.sequence, number as u64);
        checksum.add(&block.samples);
        let Samples::Float32(values) = &block.samples else { panic!("{:?}", block.samples.data_type()) };
        samples.extend(values.iter().map(|&value| f64::from(value)));
    }
    let whole = h5py("porotomo_hawthorne_500ch_100Hz_50s.h5");
    assert_eq!(checksum.text(), whole["checksum"].as_str().unwrap());
    let energy = energy(&samples, 500, 100.0);
    assert!(energy[900] >= 8.0 && energy[2900] >= 80.0 && energy[3000] >= 80.0);
}

/// All samples of a file of one segment with float32 samples, one signal per channel.
fn signals(file: &dyn RecordingFile) -> Vec<Vec<f64>> {
    let channels = file.header().fibre.channels as usize;
    let Samples::Float32(values) = file.read(0, 0..u64::MAX, 0..channels).unwrap() else {
        panic!("another type")
    };
    (0..channels)
        .map(|column| values.iter().skip(column).step_by(channels).map(|&v| v.into()).collect())
        .collect()
}

fn deviation(signal: &[f64]) -> f64 {
    let mean = signal.iter().sum::<f64>() / signal.len() as f64;
    (signal.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / signal.len() as f64).sqrt()
}

/// Means of a signal of 500 Hz over 10 ms.
fn hundredths(signal: &[f64]) -> Vec<f64> {
    signal.chunks(5).map(|part| part.iter().sum::<f64>() / 5.0).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Each signal's strength relative to the median of all.
fn relative(strength: impl Fn(&[f64]) -> f64, signals: &[Vec<f64>]) -> Vec<f64> {
    let all: Vec<f64> = signals.iter().map(|signal| strength(signal)).collect();
    all.iter().map(|value| value / median(&all)).collect()
}

#[test]
fn optodas_shows_its_bad_and_its_loud_channels() {
    let Some(directory) = directory() else { return };
    let file = open(&directory.join("decimated_optodas.hdf5")).unwrap();
    let header = file.header();
    assert_eq!(header.format, "OptoDAS 8");
    assert_eq!((header.fibre.sampling_rate, header.fibre.channels), (500.0, 51));
    // Every 50th channel of 1.0213 m, beginning with number 32500.
    assert!((header.fibre.dx.unwrap() - 51.065_009_54).abs() < 1e-6, "{:?}", header.fibre.dx);
    assert!((header.fibre.start.unwrap() - 33_192.256_200_18).abs() < 1e-6, "{:?}", header.fibre.start);
    assert!((header.fibre.gauge_length.unwrap() - 10.213).abs() < 1e-4);
    assert_eq!(header.fibre.unit.as_deref(), Some("strain/s"));
    assert_eq!(header.segments.len(), 1);
    assert_eq!(header.start().to_string(), "2023-10-27T14:23:37.02Z");
    assert_eq!(header.segments[0].end().unwrap().to_string(), "2023-10-27T14:23:47.02Z");

    let signals = signals(&*file);
    let loudness = relative(deviation, &signals);
    assert!((loudness[22] - 3.8).abs() < 0.1 && (loudness[50] - 2.9).abs() < 0.1, "{loudness:?}");
    // Means over half a second leave what is slower than 2 Hz.
    let slow = |signal: &[f64]| {
        deviation(&signal.chunks(250).map(|part| part.iter().sum::<f64>() / 250.0).collect::<Vec<_>>())
    };
    let slow = relative(slow, &signals);
    // What changes from one hundredth of a second to the next grows at 2.8 s.
    let good = signals.iter().enumerate().filter(|(channel, _)| ![22, 47, 48, 50].contains(channel));
    let good: Vec<Vec<f64>> = good.map(|(_, signal)| hundredths(signal)).collect();
    let change = |from: usize, to: usize| {
        let steps = |signal: &Vec<f64>| -> f64 {
            signal[from..to].windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum::<f64>()
                / (to - from) as f64
        };
        good.iter().map(steps).sum::<f64>()
    };
    let quiet = change(0, 250);
    assert!((change(200, 250) / quiet - 1.0).abs() < 0.2 && change(300, 600) / quiet > 3.0);
    assert!(slow[47] > 20.0 && slow.iter().filter(|strength| **strength > 10.0).count() == 1, "{slow:?}");
}

#[test]
fn febus_blocks_are_parted_from_their_overlap() {
    let Some(directory) = directory() else { return };
    let file = open(&directory.join("valencia_febus_example.h5")).unwrap();
    let header = file.header();
    assert_eq!(header.format, "Febus A1 without a version");
    assert_eq!((header.fibre.sampling_rate, header.fibre.channels), (250.0, 100));
    assert_eq!((header.fibre.dx, header.fibre.gauge_length), (Some(16.8), Some(30.4)));
    assert_eq!((header.segments.len(), header.segments[0].samples), (1, 1250));
    // The time of the first block, and 62 samples that are left out.
    assert_eq!(header.start().to_string(), "2020-09-02T07:21:46.4136663Z");
    assert_eq!(header.segments[0].end().unwrap().to_string(), "2020-09-02T07:21:51.4136663Z");

    let signals = signals(&*file);
    let loudness = relative(deviation, &signals);
    assert!(loudness[0] <= 0.0, "dead");
    assert!(loudness[1] < 0.1, "nearly so");
    assert!((loudness[80] - 16.2).abs() < 0.1 && (loudness[2] - 8.1).abs() < 0.1, "{loudness:?}");
    for channel in [56, 57] {
        let size: Vec<f64> = signals[channel].iter().map(|value| value.abs()).collect();
        let loudest = size.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert!((1.0..1.3).contains(&(loudest.0 as f64 / 250.0)), "{loudest:?}");
        assert!(loudest.1 > 14.0 * median(&size));
    }
}

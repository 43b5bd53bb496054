//! The larger real recordings, where they are at hand: set `FOCUS_SHARED_DATA` to their directory.

mod common;

use std::path::{Path, PathBuf};

use common::{Checksum, energy, h5py};
use focus_core::{ChannelRange, Samples};
use focus_recordings::{Catalogue, RecordingReader, SqliteCatalogue, open};
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
    for name in ["porotomo_hawthorne_500ch_100Hz_50s.h5", "prodml_2.0.h5", "iDAS005_hdf5_example.626.h5"] {
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

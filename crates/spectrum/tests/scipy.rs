//! Rows equal what numpy and scipy make of the same samples: see `fixtures/make.py`.

use std::fs;
use std::path::Path;

use focus_core::{Block, ChannelRange, Samples};
use focus_spectrum::{Spectrograph, Transform};
use jiff::Timestamp;

fn fixture(name: &str) -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let bytes = fs::read(path).expect("a fixture");
    bytes.as_chunks().0.iter().map(|&value| f32::from_le_bytes(value)).collect()
}

fn check(name: &str, channels: u32, transform: Transform, hop: f64) {
    let samples = fixture(&format!("{name}.samples.f32"));
    let expected = fixture(&format!("{name}.rows.f32"));
    let bins = match transform {
        Transform::Amplitude { nfft, .. } => 0..nfft as u32 / 2 + 1,
        Transform::Rms => 0..0,
    };
    let each = bins.len().max(1) * channels as usize;
    let range = ChannelRange::new(1, channels).expect("channels");
    let mut spectrograph = Spectrograph::new(transform, hop, None);
    spectrograph.want([(range, bins.clone())]);
    let rows = spectrograph.push(&Block {
        sequence: 0,
        start: Timestamp::UNIX_EPOCH,
        sampling_rate: 100.0,
        first_channel: 1,
        channels: channels as usize,
        samples: Samples::Float32(samples.into()),
    });
    assert_eq!(rows.len(), expected.len() / each, "{name}: rows");
    for (row, expected) in rows.iter().zip(expected.chunks_exact(each)) {
        let mut values = Vec::new();
        row.copy_to(range, bins.clone(), &mut values);
        assert_eq!(values.len(), each);
        let largest = expected.iter().copied().fold(0.0, f32::max);
        for (at, (value, expected)) in values.iter().zip(expected).enumerate() {
            // Where a sine has no energy, scipy in f64 shows 1e-16 of it and f32 cannot.
            let tolerance = 1e-4 * expected + 3e-7 * largest;
            assert!(
                (value - expected).abs() <= tolerance,
                "{name}, row {}, {at}: {value}, {expected}",
                row.number()
            );
        }
    }
}

fn amplitude(nfft: usize, windows_per_row: u32) -> Transform {
    Transform::Amplitude { nfft, windows_per_row }
}

#[test]
fn random() {
    check("random", 2, amplitude(256, 1), 128.0);
}

#[test]
fn sines() {
    check("sines", 1, amplitude(1024, 1), 512.0);
}

#[test]
fn impulse() {
    check("impulse", 1, amplitude(512, 1), 200.0);
}

#[test]
fn an_earthquake() {
    check("real", 4, amplitude(128, 1), 50.0);
}

#[test]
fn averaged_windows_with_a_fractional_hop() {
    check("averaged", 2, amplitude(128, 11), 700.3);
}

#[test]
fn waterfall() {
    check("waterfall", 2, Transform::Rms, 33.3);
}

//! What the numbers mean.

use std::f64::consts::TAU;

use focus_core::{Block, Samples};
use focus_spectrum::{LANES, Row, Spectrograph, Transform};

use crate::streams::{Stream, channels, start, values};

fn rows(transform: Transform, hop: f64, stream: &Stream, bins: std::ops::Range<u32>) -> Vec<Row> {
    let mut spectrograph = Spectrograph::new(transform, hop, None);
    spectrograph.want([(channels(1, stream.channels as u32), bins)]);
    let rows = spectrograph.push(&stream.whole());
    assert!(!rows.is_empty());
    rows
}

fn amplitude(nfft: usize, windows_per_row: u32) -> Transform {
    Transform::Amplitude { nfft, windows_per_row }
}

fn sine(bin: f64, nfft: usize, instant: usize) -> f32 {
    (TAU * bin * instant as f64 / nfft as f64 + 0.3).sin() as f32
}

#[test]
fn a_sine_shows_its_amplitude() {
    // DC and Nyquist too, which are their own mirror images.
    let cosine = |bin: usize, instant: usize| (TAU * (bin * instant % 256) as f64 / 256.0).cos() as f32;
    for (windows, hop) in [(1, 100.0), (5, 533.3)] {
        for bin in [0, 1, 7, 64, 127, 128] {
            let stream = Stream::new(100.0, 1, 2000, |instant, _| 0.5 * cosine(bin, instant));
            for row in rows(amplitude(256, windows), hop, &stream, 0..129) {
                let value = values(&row, channels(1, 1), bin as u32..bin as u32 + 1)[0];
                assert!((value - 0.5).abs() < 1e-5, "bin {bin}: {value}");
            }
        }
    }
}

#[test]
fn every_channel_has_its_own_place() {
    let width = 2 * LANES + 5;
    let stream = Stream::new(100.0, width, 600, |instant, channel| {
        channel as f32 * sine((channel + 2) as f64, 256, instant)
    });
    for row in rows(amplitude(256, 1), 128.0, &stream, 0..129) {
        for channel in 1..=width as u32 {
            let spectrum = values(&row, channels(channel, channel), 0..129);
            let peak = spectrum[channel as usize + 2];
            assert!((peak - channel as f32).abs() < 1e-4 * peak, "channel {channel}: {peak}");
            assert!(spectrum.iter().all(|&value| value <= peak));
        }
        let all = values(&row, channels(1, width as u32), 20..23);
        let one_by_one: Vec<_> =
            (1..=width as u32).flat_map(|channel| values(&row, channels(channel, channel), 20..23)).collect();
        assert_eq!(all, one_by_one);
    }
}

#[test]
fn twice_the_samples_are_twice_the_rows() {
    let stream = Stream::noise(100.0, 3, 2000);
    let twice = Stream { samples: stream.samples.iter().map(|value| 2.0 * value).collect(), ..stream };
    let stream = Stream::noise(100.0, 3, 2000);
    for (transform, hop) in [(amplitude(128, 3), 160.5), (amplitude(512, 1), 60.0), (Transform::Rms, 33.3)] {
        let (one, two) = (rows(transform, hop, &stream, 0..65), rows(transform, hop, &twice, 0..65));
        for (one, two) in one.iter().zip(&two) {
            let doubled: Vec<_> =
                values(one, channels(1, 3), 0..65).iter().map(|value| 2.0 * value).collect();
            assert_eq!(values(two, channels(1, 3), 0..65), doubled);
        }
    }
}

#[test]
fn a_waterfall_row_is_the_root_mean_square() {
    let stream =
        Stream::new(100.0, 20, 100, |instant, channel| if instant % 2 == 0 { channel as f32 } else { 0.0 });
    for row in rows(Transform::Rms, 10.0, &stream, 0..0) {
        let expected: Vec<_> =
            (1..=20).map(|channel| (f64::from(channel * channel) / 2.0).sqrt() as f32).collect();
        assert_eq!(values(&row, channels(1, 20), 0..0), expected);
    }
}

#[test]
fn a_missing_value_stays_in_its_channel() {
    let sound = Stream::noise(100.0, 20, 1000);
    let mut stream = Stream::noise(100.0, 20, 1000);
    stream.samples[500 * 20 + 6] = f32::NAN;
    for (transform, hop, reach) in [(amplitude(128, 1), 50.0, 128), (Transform::Rms, 50.0, 50)] {
        let mut missing = 0;
        for (row, sound) in
            rows(transform, hop, &stream, 0..65).iter().zip(rows(transform, hop, &sound, 0..65))
        {
            for channel in 1..=20 {
                let (value, sound) = (
                    values(row, channels(channel, channel), 0..65),
                    values(&sound, channels(channel, channel), 0..65),
                );
                let nan = value.iter().filter(|value| value.is_nan()).count();
                if channel == 7 && nan > 0 {
                    missing += 1;
                    assert_eq!(nan, value.len());
                } else {
                    assert_eq!(value, sound, "channel {channel}");
                }
            }
        }
        assert!((reach / 50..=reach / 50 + 1).contains(&missing), "{missing}");
    }
}

#[test]
fn bands_of_the_fibre_keep_their_numbers() {
    // Channels 11 to 40 of the fibre, in blocks of their own: the same values as from the whole fibre.
    let fibre = Stream::noise(100.0, 40, 400);
    let whole = rows(amplitude(128, 1), 64.0, &fibre, 0..65);
    let samples: Vec<_> = fibre.samples.chunks(40).flat_map(|instant| &instant[10..]).copied().collect();
    let block =
        Block { first_channel: 11, channels: 30, samples: Samples::Float32(samples.into()), ..fibre.whole() };
    let mut spectrograph = Spectrograph::new(amplitude(128, 1), 64.0, None);
    spectrograph.want([(channels(5, 45), 0..65)]);
    let band = spectrograph.push(&block);
    assert_eq!(band.len(), whole.len());
    for (band, whole) in band.iter().zip(&whole) {
        assert_eq!(values(band, channels(11, 40), 0..65), values(whole, channels(11, 40), 0..65));
        assert!(values(band, channels(5, 10), 0..65).iter().all(|value| value.is_nan()));
        assert!(values(band, channels(41, 45), 0..65).iter().all(|value| value.is_nan()));
    }
}

#[test]
fn integers_are_the_numbers_they_are() {
    let stream = Stream::noise(100.0, 17, 300);
    let floats = rows(amplitude(128, 1), 64.0, &stream, 0..65);
    let integers = [
        Samples::Int16(stream.samples.iter().map(|&value| value as i16).collect()),
        Samples::Int32(stream.samples.iter().map(|&value| value as i32).collect()),
    ];
    for samples in integers {
        let mut spectrograph = Spectrograph::new(amplitude(128, 1), 64.0, Some(start()));
        spectrograph.want([(channels(1, 17), 0..65)]);
        for (row, float) in spectrograph.push(&Block { samples, ..stream.whole() }).iter().zip(&floats) {
            assert_eq!(values(row, channels(1, 17), 0..65), values(float, channels(1, 17), 0..65));
        }
    }
}

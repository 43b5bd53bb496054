//! Several channels in one file.

use std::ops::Range;

use focus_core::{DataType, Samples};
use miniseed_rs::{EncodingFormat, MseedRecord};

use crate::common::hostile::{opened, refused_field};
use crate::common::{START_US, numbers, time};
use crate::made::miniseed::{bytes, nano, record, value};

#[test]
fn several_channels_are_in_the_order_of_their_names() {
    for version in [2, 3] {
        let mut records = Vec::new();
        for station in ["C", "A", "B"] {
            let shift = 1_000 * i64::from(station.as_bytes()[0]);
            for samples in [0..50, 50..70, 100..130] {
                let values = samples.clone().map(|index| (value(index) + shift) as i32).collect();
                records
                    .push(record(version, station, samples).with_samples(miniseed_rs::Samples::Int(values)));
            }
        }
        let file = opened(&bytes(&records)).unwrap();
        assert_eq!((file.header().fibre.channels, file.header().segments.len()), (3, 2));
        let name = file.header().fibre.description.clone().unwrap();
        assert!(name.contains("A_") || name == "XX.A..HSF to XX.C..HSF", "{name}");
        let expected = |times: Range<i64>, channels: &[u8]| -> Vec<i64> {
            let row = |index| channels.iter().map(move |&name| value(index) + 1_000 * i64::from(name));
            times.flat_map(row).collect()
        };
        assert_eq!(numbers(&file.read(0, 45..55, 0..3).unwrap()), expected(45..55, b"ABC"));
        assert_eq!(numbers(&file.read(1, 5..7, 1..3).unwrap()), expected(105..107, b"BC"));
    }
}

/// Values of several channels, where each has some records of the signal; and when the segments begin, in samples.
fn uneven(channels: &[(&str, &[Range<i64>])]) -> Vec<(i64, Vec<Vec<f32>>)> {
    let records =
        channels.iter().flat_map(|(station, all)| all.iter().map(|part| record(2, station, part.clone())));
    let file = opened(&bytes(&records.collect::<Vec<_>>())).unwrap();
    assert_eq!(file.header().fibre.data_type, DataType::Float32);
    let segments = file.header().segments.iter().enumerate();
    segments
        .map(|(number, segment)| {
            let Samples::Float32(values) = file.read(number, 0..u64::MAX, 0..9).unwrap() else {
                panic!("another type")
            };
            assert_eq!(values.len() as u64, segment.samples * channels.len() as u64);
            let first = (segment.start.as_microsecond() - START_US) / 10_000;
            let column = |channel| values.iter().skip(channel).step_by(channels.len()).copied().collect();
            (first, (0..channels.len()).map(column).collect())
        })
        .collect()
}

/// The signal at these times, where the channel has it.
fn seen(times: Range<i64>, held: &[Range<i64>]) -> Vec<f32> {
    let at = |time| if held.iter().any(|part| part.contains(&time)) { value(time) as f32 } else { f32::NAN };
    times.map(at).collect()
}

#[test]
fn what_one_channel_lacks_is_nan_while_another_goes_on() {
    let a: &[Range<i64>] = &[0..50, 50..120, 200..230];
    let b: &[Range<i64>] = &[10..30, 60..130, 210..220];
    let c: &[Range<i64>] = &[500..505, 505..510];
    let found = uneven(&[("A", a), ("B", b), ("C", c)]);
    let expected = [(0, 0..130), (200, 200..230), (500, 500..510)]
        .map(|(first, times)| (first, [a, b, c].map(|held| seen(times.clone(), held)).to_vec()));
    assert_eq!(found.len(), expected.len());
    for ((first, channels), (due, wanted)) in found.iter().zip(&expected) {
        assert_eq!(first, due);
        for (channel, wanted) in channels.iter().zip(wanted) {
            assert!(
                channel.iter().map(|value| value.to_bits()).eq(wanted.iter().map(|value| value.to_bits()))
            );
        }
    }
}

#[test]
fn channels_stay_side_by_side_while_their_clock_drifts() {
    // 4 ms slower with each second: after 40 of them the clock is 16 samples behind. B then begins again.
    let at = |station: &str, second: i64| {
        let start = time(START_US + second * 1_004_000);
        record(2, station, second * 100..second * 100 + 100).with_start_time(nano(start))
    };
    let records: Vec<MseedRecord> =
        (0..60).map(|second| at("A", second)).chain([at("B", 0), at("B", 40), at("B", 41)]).collect();
    let file = opened(&bytes(&records)).unwrap();
    assert_eq!((file.header().segments.len(), file.header().segments[0].samples), (1, 6_000));
    let values = numbers(&file.read(0, 4_000..4_200, 0..2).unwrap());
    assert!(values.as_chunks::<2>().0.iter().all(|[a, b]| a == b), "{values:?}");
}

#[test]
fn channels_that_do_not_fit_together_are_refused() {
    let a = || record(2, "A", 0..50);
    let with = |other: MseedRecord| refused_field(&bytes(&[a(), other]));
    assert_eq!(with(a().with_sample_rate(50.0)), "sampling rate (record at byte 512)");
    assert_eq!(with(a().with_encoding(EncodingFormat::Int16)), "encoding (record at byte 512)");
    assert_eq!(with(record(3, "B", 0..50)), "version (record at byte 512)");
}

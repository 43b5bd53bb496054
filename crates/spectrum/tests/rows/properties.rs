//! What holds for every stream: rows depend on the samples and on nothing else.

use std::ops::Range;

use focus_core::{Block, Samples};
use focus_spectrum::{Row, Spectrograph, Transform};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::streams::{Stream, channels, start, values};

fn transform() -> impl Strategy<Value = Transform> {
    prop_oneof![
        Just(Transform::Rms),
        (7_u32..10, 1_u32..5)
            .prop_map(|(e, windows_per_row)| Transform::Amplitude { nfft: 1 << e, windows_per_row }),
    ]
}

/// Cuts into blocks that are whole again when joined.
fn cut(stream: &Stream, cuts: &[usize]) -> Vec<Block> {
    let mut at: Vec<_> = cuts.iter().map(|cut| cut % stream.instants()).collect();
    at.extend([0, stream.instants()]);
    at.sort_unstable();
    at.dedup();
    at.windows(2).enumerate().map(|(sequence, cut)| stream.block(sequence as u64, cut[0], cut[1])).collect()
}

fn rows(spectrograph: &mut Spectrograph, blocks: &[Block]) -> Vec<Row> {
    blocks.iter().flat_map(|block| spectrograph.push(block)).collect()
}

/// Numbers, times and bits of the values.
fn bits(rows: &[Row], first: u32, last: u32, bins: &Range<u32>) -> Vec<(i64, i128, Vec<u32>)> {
    rows.iter()
        .map(|row| {
            assert!(row.covers_bins(channels(first, last), bins.clone()));
            let values = values(row, channels(first, last), bins.clone());
            (row.number(), row.time().as_nanosecond(), values.into_iter().map(f32::to_bits).collect())
        })
        .collect()
}

fn of_type(block: &Block, kind: u8) -> Block {
    let Samples::Float32(samples) = &block.samples else { panic!("streams are f32") };
    let samples = match kind {
        0 => Samples::Float32(samples.clone()),
        1 => Samples::Int16(samples.iter().map(|&value| value as i16).collect()),
        _ => Samples::Int32(samples.iter().map(|&value| value as i32).collect()),
    };
    Block { samples, ..block.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_do_not_depend_on_the_blocks(
        transform in transform(),
        hop in 1.0..500.0_f64,
        width in 1_usize..40,
        cuts in vec(any::<usize>(), 0..40),
        kind in 0_u8..3,
    ) {
        let stream = Stream::noise(100.0, width, 1500);
        let (last, bins) = (width as u32, 3..40);
        let run = |blocks: &[Block]| {
            let mut spectrograph = Spectrograph::new(transform, hop.max(20.0), None);
            spectrograph.want([(channels(1, last), bins.clone())]);
            bits(&rows(&mut spectrograph, blocks), 1, last, &bins)
        };
        let blocks: Vec<_> = cut(&stream, &cuts).iter().map(|block| of_type(block, kind)).collect();
        prop_assert_eq!(run(&blocks), run(&[stream.whole()]));
    }

    #[test]
    fn rows_do_not_depend_on_what_else_is_wanted(
        transform in transform(),
        hop in 20.0..500.0_f64,
        own in (1_u32..40, 0_u32..40, 0_u32..65, 1_u32..65),
        others in vec((1_u32..40, 0_u32..40, 0_u32..65, 1_u32..65), 1..4),
        cuts in vec(any::<usize>(), 0..4),
    ) {
        let stream = Stream::noise(100.0, 40, 1500);
        let blocks = cut(&stream, &cuts);
        let range = |(first, more, bin, bins): (u32, u32, u32, u32)| {
            (channels(first, (first + more).min(40)), bin..(bin + bins).min(65))
        };
        let (own_channels, bins) = range(own);
        let run = |wanted: Vec<_>| {
            let mut spectrograph = Spectrograph::new(transform, hop, None);
            spectrograph.want(wanted);
            bits(&rows(&mut spectrograph, &blocks), own_channels.first(), own_channels.last(), &bins)
        };
        let mut all = vec![range(own)];
        let alone = run(all.clone());
        all.extend(others.into_iter().map(range));
        prop_assert_eq!(run(all), alone);
    }

    /// Also while the others come and go.
    #[test]
    fn rows_do_not_depend_on_others_coming_and_going(
        transform in transform(),
        hop in 20.0..500.0_f64,
        cuts in vec(any::<usize>(), 4..8),
        others in vec((1_u32..40, 0_u32..40, 0_u32..65, 1_u32..65), 4..8),
    ) {
        let stream = Stream::noise(100.0, 40, 1500);
        let (own, bins) = (channels(10, 20), 5..25);
        let mut alone = Spectrograph::new(transform, hop, None);
        alone.want([(own, bins.clone())]);
        let mut busy = Spectrograph::new(transform, hop, None);
        for (block, other) in cut(&stream, &cuts).iter().zip(others.iter().cycle()) {
            let (first, more, bin, count) = *other;
            let other = (channels(first, (first + more).min(40)), bin..(bin + count).min(65));
            busy.want([(own, bins.clone()), other]);
            let (alone, busy) = (alone.push(block), busy.push(block));
            prop_assert_eq!(bits(&busy, 10, 20, &bins), bits(&alone, 10, 20, &bins));
        }
    }

    /// Whatever arrives: no panic, numbers and samples only ever go up.
    #[test]
    fn nothing_that_arrives_does_harm(
        transform in transform(),
        hop in 1.0..300.0_f64,
        blocks in vec(
            (0_u64..20, -20_000_i64..40_000, prop_oneof![Just(100.0), Just(50.0), Just(0.0), Just(f64::NAN), Just(1e300)],
             0_u32..30, 0_usize..20, 0_usize..300),
            1..12,
        ),
    ) {
        let mut spectrograph = Spectrograph::new(transform, hop, None);
        spectrograph.want([(channels(3, 21), 0..500)]);
        let mut last = i64::MIN;
        for (sequence, millis, sampling_rate, first_channel, width, instants) in blocks {
            let rows = spectrograph.push(&Block {
                sequence,
                start: start() + jiff::SignedDuration::from_millis(millis),
                sampling_rate,
                first_channel,
                channels: width,
                samples: Samples::Int16(vec![7; width * instants].into()),
            });
            for row in rows {
                prop_assert!(row.number() > last);
                last = row.number();
                prop_assert!(row.covers(channels(3, 21)) && !row.covers(channels(2, 21)));
            }
        }
    }
}

//! Time: when rows are, what comes of gaps, repeats and clocks.

use focus_core::{Block, sample_offset};
use focus_spectrum::{Row, Spectrograph, Transform};
use jiff::SignedDuration;

use crate::streams::{Stream, channels, start, values};

const NFFT: usize = 128;
const HOP: f64 = 64.0;

fn spectrograph(hop: f64) -> Spectrograph {
    let mut spectrograph =
        Spectrograph::new(Transform::Amplitude { nfft: NFFT, windows_per_row: 1 }, hop, None);
    spectrograph.want([(channels(1, 2), 0..65)]);
    spectrograph
}

fn numbers(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(Row::number).collect()
}

fn is_missing(row: &Row) -> bool {
    let values = values(row, channels(1, 2), 0..65);
    let nan = values.iter().filter(|value| value.is_nan()).count();
    assert!(nan == 0 || nan == values.len());
    nan > 0
}

fn later(block: Block, by: SignedDuration) -> Block {
    Block { start: block.start + by, ..block }
}

#[test]
fn a_row_is_given_with_its_last_sample() {
    let stream = Stream::noise(100.0, 2, 1000);
    let mut spectrograph = spectrograph(HOP);
    let given: Vec<_> = (0..500)
        .flat_map(|at| {
            let rows = spectrograph.push(&stream.block(at as u64, at, at + 1));
            rows.into_iter().map(move |row| (at + 1, row.number(), row.time()))
        })
        .collect();
    // Row 0's window begins before the stream; row k's is [64 k - 32, 64 k + 96).
    let expected: Vec<_> = (1..7)
        .map(|row| (64 * row + 96, row as i64, start() + sample_offset(64.0 * (row as f64 + 0.5), 100.0)))
        .take_while(|&(end, ..)| end <= 500)
        .collect();
    assert_eq!(given, expected);
}

#[test]
fn rows_count_from_the_origin() {
    let stream = Stream::noise(100.0, 2, 1000);
    let origin = start() + SignedDuration::from_millis(3200);
    let transform = Transform::Amplitude { nfft: NFFT, windows_per_row: 1 };
    let mut spectrograph = Spectrograph::new(transform, HOP, Some(origin));
    spectrograph.want([(channels(1, 2), 0..65)]);
    let rows = spectrograph.push(&stream.whole());
    // 320 samples before the origin are 5 rows, of which one is cut by the stream's begin.
    assert_eq!(numbers(&rows)[..6], [-4, -3, -2, -1, 0, 1]);
    assert_eq!(rows[4].time(), origin + SignedDuration::from_millis(320));
}

#[test]
fn a_gap_is_a_gap() {
    let stream = Stream::noise(100.0, 2, 2000);
    let mut spectrograph = spectrograph(HOP);
    let whole: Vec<_> = spectrograph.push(&stream.whole());
    for cut in [1, 20, 64, 300] {
        let mut spectrograph = self::spectrograph(HOP);
        let mut rows = spectrograph.push(&stream.block(0, 0, 700));
        rows.extend(spectrograph.push(&stream.block(1 + u64::from(cut < 10), 700 + cut, 2000)));
        assert_eq!(numbers(&rows), numbers(&whole), "gap of {cut}");
        assert_eq!(spectrograph.missing_samples(), cut as u64);
        for (row, whole) in rows.iter().zip(&whole) {
            assert_eq!(row.time(), whole.time());
            let window = 64 * row.number() - 32..64 * row.number() + 96;
            let missing = window.start < 700 + cut as i64 && window.end > 700;
            assert_eq!(is_missing(row), missing, "gap of {cut}, row {}", row.number());
            if !missing {
                assert_eq!(values(row, channels(1, 2), 0..65), values(whole, channels(1, 2), 0..65));
            }
        }
    }
}

#[test]
fn after_a_gap_rows_follow_the_new_stamp() {
    let stream = Stream::noise(100.0, 2, 1000);
    let mut spectrograph = spectrograph(HOP);
    spectrograph.push(&stream.block(0, 0, 500));
    // 300 samples and a third of one.
    let by = SignedDuration::from_micros(3_003_333);
    let rows = spectrograph.push(&later(stream.block(1, 500, 1000), by));
    assert_eq!(spectrograph.missing_samples(), 300);
    let row = &rows[rows.len() - 1];
    let regular = start() + sample_offset(64.0 * (row.number() as f64 + 0.5), 100.0);
    assert_eq!(row.time(), regular + SignedDuration::from_micros(3333));
}

#[test]
fn waterfalls_and_averages_have_gaps_too() {
    let stream = Stream::noise(100.0, 2, 2000);
    let averaged = Transform::Amplitude { nfft: NFFT, windows_per_row: 4 };
    for transform in [Transform::Rms, averaged] {
        let mut spectrograph = Spectrograph::new(transform, 200.0, None);
        spectrograph.want([(channels(1, 2), 0..65)]);
        let mut rows = spectrograph.push(&stream.block(0, 0, 900));
        rows.extend(spectrograph.push(&stream.block(1, 950, 2000)));
        let missing: Vec<_> = rows.iter().filter(|row| is_missing(row)).map(Row::number).collect();
        assert_eq!(missing, [4], "{transform:?}");
        // In the same row as the gap, but after it: sound again.
        assert_eq!(rows.last().map(Row::number), Some(if transform == Transform::Rms { 9 } else { 8 }));
    }
}

#[test]
fn a_long_gap_is_skipped() {
    let stream = Stream::noise(100.0, 2, 1000);
    let night = SignedDuration::from_hours(9);
    let mut spectrograph = spectrograph(HOP);
    let before = spectrograph.push(&stream.block(0, 0, 500));
    let after = spectrograph.push(&later(stream.block(1, 500, 1000), night));
    assert_eq!(spectrograph.missing_samples(), 9 * 3600 * 100);
    let missing = after.iter().take_while(|row| is_missing(row)).count();
    assert!((512..516).contains(&missing), "{missing}");
    let numbers = numbers(&after);
    assert_eq!(numbers[0], before.last().map_or(0, Row::number) + 1);
    assert!(numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count() == 1);
    for row in &after {
        assert_eq!(row.time(), start() + sample_offset(64.0 * (row.number() as f64 + 0.5), 100.0));
    }
    // Sound rows are numbered by time: the first whose window lies after the gap.
    let begin = 9 * 3600 * 100 + 500;
    let sound = after.iter().find(|row| !is_missing(row)).map_or(0, Row::number);
    assert!(64 * sound - 32 >= begin && 64 * (sound - 1) - 32 < begin);
}

#[test]
fn samples_that_come_again_are_dropped() {
    let stream = Stream::noise(100.0, 2, 1000);
    let whole = spectrograph(HOP).push(&stream.whole());
    let mut spectrograph = spectrograph(HOP);
    let blocks = [(0, 0, 400), (1, 400, 402), (1, 400, 402), (0, 0, 400), (1, 300, 600), (2, 600, 1000)];
    let rows: Vec<_> = blocks
        .into_iter()
        .flat_map(|(sequence, from, to)| spectrograph.push(&stream.block(sequence, from, to)))
        .collect();
    assert_eq!(spectrograph.missing_samples(), 0);
    assert_eq!(numbers(&rows), numbers(&whole));
    for (row, whole) in rows.iter().zip(&whole) {
        assert_eq!(values(row, channels(1, 2), 0..65), values(whole, channels(1, 2), 0..65));
        assert_eq!(row.time(), whole.time());
    }
}

#[test]
fn an_adjusted_clock_moves_the_rows_and_breaks_nothing() {
    let stream = Stream::noise(100.0, 2, 1000);
    for millis in [-40, 3, 40] {
        let by = SignedDuration::from_millis(millis);
        let mut spectrograph = spectrograph(HOP);
        let mut rows = spectrograph.push(&stream.block(0, 0, 500));
        let before = rows.len();
        rows.extend(spectrograph.push(&later(stream.block(1, 500, 1000), by)));
        assert_eq!(spectrograph.missing_samples(), 0);
        assert!(rows.iter().all(|row| !is_missing(row)));
        for (at, row) in rows.iter().enumerate() {
            let expected = start() + sample_offset(64.0 * (row.number() as f64 + 0.5), 100.0);
            // Less than half a sample (5 ms) is a stamp's rounding.
            let moved = if at >= before && millis.abs() > 5 { by } else { SignedDuration::ZERO };
            assert_eq!(row.time(), expected + moved, "{millis} ms");
        }
    }
}

#[test]
fn a_clock_set_back_begins_anew_and_numbers_go_on() {
    let stream = Stream::noise(100.0, 2, 1000);
    let mut spectrograph = spectrograph(HOP);
    let before = spectrograph.push(&stream.block(0, 0, 500));
    let after = spectrograph.push(&later(stream.block(1, 500, 1000), -SignedDuration::from_hours(1)));
    assert!(after[0].number() > before[before.len() - 1].number());
    assert!(after.iter().all(|row| !is_missing(row)));
    // The window of the first begins after the step: 500 <= 64 k - 32.
    assert_eq!(after[0].number(), 9);
    let expected = start() + sample_offset(64.0 * 9.5, 100.0) - SignedDuration::from_hours(1);
    assert_eq!(after[0].time(), expected);
}

#[test]
fn a_new_strip_waits_for_its_first_whole_row() {
    let stream = Stream::noise(100.0, 40, 2000);
    let mut spectrograph = spectrograph(HOP);
    let mut rows = spectrograph.push(&stream.block(0, 0, 1000));
    spectrograph.want([(channels(1, 2), 0..65), (channels(18, 20), 0..30)]);
    rows.extend(spectrograph.push(&stream.block(1, 1000, 2000)));
    for row in &rows {
        assert!(row.covers(channels(1, 2)));
        assert!(!row.covers(channels(2, 18)));
        assert_eq!(row.covers(channels(18, 20)), 64 * row.number() - 32 >= 1000);
        assert!(!row.covers_bins(channels(18, 20), 0..31) && !row.covers(channels(18, 21)));
    }
    // No longer wanted: gone, and anew when it is wanted again.
    spectrograph.want([(channels(18, 20), 0..30)]);
    let stream = Stream::noise(100.0, 40, 3000);
    let rows = spectrograph.push(&stream.block(2, 2000, 3000));
    assert!(rows.iter().all(|row| row.covers(channels(18, 20)) && !row.covers(channels(1, 2))));
    spectrograph.want([]);
    assert!(spectrograph.push(&stream.block(3, 2900, 3000)).is_empty());
}

#[test]
fn more_of_a_strip_is_there_from_the_next_row_on() {
    let stream = Stream::noise(100.0, 16, 3000);
    for (windows, first) in [(1, 4), (4, 5)] {
        let transform = Transform::Amplitude { nfft: NFFT, windows_per_row: windows };
        let mut spectrograph = Spectrograph::new(transform, 200.0, None);
        spectrograph.want([(channels(3, 4), 10..20)]);
        // In the middle of row 4, of which two of the four windows are done, or nothing of the one.
        let mut rows = spectrograph.push(&stream.block(0, 0, 950));
        spectrograph.want([(channels(3, 4), 10..20), (channels(2, 9), 5..15)]);
        rows.extend(spectrograph.push(&stream.block(1, 950, 3000)));
        assert!(rows.len() > 10);
        for row in rows {
            assert!(row.covers_bins(channels(3, 4), 10..20));
            let more = row.number() >= first;
            assert_eq!(row.covers_bins(channels(2, 9), 5..15), more, "row {}", row.number());
            let values = values(&row, channels(2, 9), 5..15);
            assert_eq!(values.iter().all(|value| value.is_finite()), more);
            // What is there is given, what is not is NaN.
            assert!(values[15..20].iter().all(|value| value.is_finite()));
        }
    }
}

/// A day at 200 Hz and a row every 0.4 s / 7, which no number of samples is, in blocks of a second.
#[test]
fn a_day_of_rows_is_exactly_on_time() {
    let interval = 0.4 / 7.0;
    let stream = Stream::new(200.0, 1, 200, |_, _| 1.0);
    let mut spectrograph = Spectrograph::new(Transform::Rms, interval * 200.0, None);
    spectrograph.want([(channels(1, 1), 0..0)]);
    let mut next = 0;
    for second in 0..86_400 {
        let block = later(stream.block(second, 0, 200), SignedDuration::from_secs(second as i64));
        for row in spectrograph.push(&block) {
            assert_eq!(row.number(), next);
            let nanos = i128::from(row.number() * 2 + 1) * 200_000_000 / 7;
            let error = row.time().as_nanosecond() - start().as_nanosecond() - nanos;
            assert!(error.abs() <= 1, "row {}: {error} ns", row.number());
            next += 1;
        }
    }
    assert_eq!(next, 86_400 * 70 / 4);
    assert_eq!(spectrograph.missing_samples(), 0);
}

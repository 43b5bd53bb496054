//! Where the marks of an axis stand and what is written beside them.

use focus_core::from_epoch_seconds;
use jiff::tz::TimeZone;

/// A mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    /// Where, in the axis's own unit.
    pub(crate) at: f64,
    /// What is written beside it.
    pub(crate) label: String,
}

/// Steps between times, seconds: those that people count in.
const TIME_STEPS: [f64; 31] = [
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1800.0,
    3600.0,
    7200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    DAY,
    2.0 * DAY,
    5.0 * DAY,
    10.0 * DAY,
    30.0 * DAY,
];
const DAY: f64 = 86_400.0;
/// More marks than any axis has: what keeps a mistaken step from filling the memory.
const MOST_TICKS: usize = 200;

/// Marks at round numbers, at most `at_most` of them, at steps of 1, 2 or 5 times a power of ten.
pub(crate) fn number_ticks(from: f64, to: f64, at_most: usize) -> Vec<Tick> {
    let span = to - from;
    if !(span.is_finite() && span > 0.0) || at_most == 0 {
        return Vec::new();
    }
    let rough = span / at_most as f64;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * 0.999_999);
    let step = factor.unwrap_or(10.0) * power;
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    multiples(from, to, step).map(|at| Tick { at, label: label(at, step, decimals) }).collect()
}

fn label(at: f64, step: f64, decimals: usize) -> String {
    // Rounding leaves a zero that is not quite one, and `-0`.
    let at = if at.abs() < step / 2.0 { 0.0 } else { at };
    format!("{at:.decimals$}")
}

/// Marks at round UTC times between two epoch seconds, at most `at_most` of them.
pub(crate) fn time_ticks(from: f64, to: f64, at_most: usize) -> Vec<Tick> {
    let span = to - from;
    if !(span.is_finite() && span > 0.0) || at_most == 0 {
        return Vec::new();
    }
    let rough = span / at_most as f64;
    let step =
        TIME_STEPS.into_iter().find(|&step| step >= rough).unwrap_or_else(|| (rough / DAY).ceil() * DAY);
    let format = match step {
        step if step >= DAY => "%Y-%m-%d",
        step if step >= 60.0 => "%H:%M",
        step if step >= 1.0 => "%H:%M:%S",
        step if step >= 0.1 => "%H:%M:%S%.1f",
        step if step >= 0.01 => "%H:%M:%S%.2f",
        _ => "%H:%M:%S%.3f",
    };
    multiples(from, to, step)
        .filter_map(|at| {
            // A multiple of a decimal fraction is off by some nanoseconds: 0.3 must not become 0.2.
            let time = from_epoch_seconds((at * 1e4).round() / 1e4)?;
            let time = time.round(jiff::Unit::Millisecond).ok()?.to_zoned(TimeZone::UTC);
            Some(Tick { at, label: time.strftime(format).to_string() })
        })
        .collect()
}

fn multiples(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let first = (from / step - 1e-9).ceil();
    let count = ((to / step + 1e-9).floor() - first + 1.0).clamp(0.0, MOST_TICKS as f64) as usize;
    (0..count).map(move |index| (first + index as f64) * step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn numbers_are_round() {
        assert_eq!(labels(&number_ticks(1.0, 500.0, 5)), ["100", "200", "300", "400", "500"]);
        assert_eq!(labels(&number_ticks(0.0, 50.0, 6)), ["0", "10", "20", "30", "40", "50"]);
        assert_eq!(labels(&number_ticks(-0.2, 0.2, 4)), ["-0.2", "-0.1", "0.0", "0.1", "0.2"]);
        assert_eq!(labels(&number_ticks(2.0, 15.0, 4)), ["5", "10", "15"]);
        assert_eq!(labels(&number_ticks(5.0, 5.0, 4)), Vec::<&str>::new());
    }

    #[test]
    fn times_are_round_in_utc() {
        let start = 1_458_545_850.532_309; // 2016-03-21T07:37:30.532309Z
        assert_eq!(
            labels(&time_ticks(start, start + 50.0, 5)),
            ["07:37:40", "07:37:50", "07:38:00", "07:38:10", "07:38:20"]
        );
        assert_eq!(
            labels(&time_ticks(start, start + 0.5, 5)),
            ["07:37:30.6", "07:37:30.7", "07:37:30.8", "07:37:30.9", "07:37:31.0"]
        );
        assert_eq!(labels(&time_ticks(start, start + 9.0 * 3600.0, 3)), ["09:00", "12:00", "15:00"]);
        assert_eq!(labels(&time_ticks(start, start + 2.5 * DAY, 3)), ["2016-03-22", "2016-03-23"]);
    }

    proptest! {
        #[test]
        fn ticks_lie_on_the_axis_and_are_few(from in -1e12..1e12f64, span in 1e-3..1e12f64, at_most in 0usize..30) {
            for ticks in [number_ticks(from, from + span, at_most), time_ticks(from, from + span, at_most)] {
                prop_assert!(ticks.len() <= at_most + 1, "{} ticks", ticks.len());
                let slack = span * 1e-6 + from.abs() * 1e-9;
                prop_assert!(ticks.iter().all(|tick| tick.at >= from - slack && tick.at <= from + span + slack));
                prop_assert!(ticks.windows(2).all(|pair| pair[0].at < pair[1].at));
            }
        }

        #[test]
        fn nothing_makes_them_panic(from in any::<f64>(), to in any::<f64>(), at_most in any::<usize>()) {
            prop_assert!(number_ticks(from, to, at_most).len() <= MOST_TICKS);
            prop_assert!(time_ticks(from, to, at_most).len() <= MOST_TICKS);
        }
    }
}

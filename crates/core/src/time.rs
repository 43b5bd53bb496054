use jiff::{SignedDuration, Timestamp};

/// A point in time from epoch seconds as clients send them, to the microsecond: a double holds today's
/// seconds no finer, and the time of a recording must come back as the same one that was sent.
///
/// `None` when the number is not finite or lies outside the years -9999 to 9999.
#[must_use]
pub fn from_epoch_seconds(seconds: f64) -> Option<Timestamp> {
    // Split first: multiplying all of it would round again.
    let whole = seconds.floor();
    let duration = SignedDuration::try_from_secs_f64(whole).ok()?;
    let micros = ((seconds - whole) * 1e6).round() as i64;
    Timestamp::from_duration(duration).ok()?.checked_add(SignedDuration::from_micros(micros)).ok()
}

/// Epoch seconds of a point in time, as clients receive them.
#[must_use]
pub fn epoch_seconds(time: Timestamp) -> f64 {
    time.as_second() as f64 + f64::from(time.subsec_nanosecond()) / 1e9
}

/// How long `samples` (fractions allowed) last at `rate` samples per second, to the nanosecond.
///
/// Computed from the count in one multiplication, so nothing accumulates: a day at 10 kHz is exact to
/// the nanosecond, a year to ten.
#[must_use]
pub fn sample_offset(samples: f64, rate: f64) -> SignedDuration {
    let whole = (samples / rate).trunc();
    let rest = samples - whole * rate;
    SignedDuration::from_secs(whole as i64) + SignedDuration::from_nanos((rest / rate * 1e9).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_seconds_keep_their_nanoseconds() {
        let time: Timestamp = "2016-03-21T07:37:30.532309Z".parse().unwrap();
        assert!((epoch_seconds(time) - 1_458_545_850.532_309).abs() < 1e-9);
        let back = from_epoch_seconds(epoch_seconds(time)).unwrap();
        assert_eq!(back, time);
        assert_eq!(from_epoch_seconds(-0.25).unwrap().as_nanosecond(), -250_000_000);
    }

    #[test]
    fn numbers_that_are_no_time_are_refused() {
        for seconds in [f64::NAN, f64::INFINITY, 1e300, -1e18] {
            assert_eq!(from_epoch_seconds(seconds), None, "{seconds}");
        }
    }

    #[test]
    fn a_day_of_samples_lasts_a_day() {
        assert_eq!(sample_offset(86_400.0 * 2000.0, 2000.0), SignedDuration::from_hours(24));
        assert_eq!(sample_offset(1.0, 3.0), SignedDuration::from_nanos(333_333_333));
        // A row every 0.4 s / 7 for a day: the last one is where the fraction says, to the nanosecond.
        let samples = 1_512_000.0 * (0.4 / 7.0 * 2000.0);
        assert_eq!(sample_offset(samples, 2000.0), SignedDuration::from_hours(24));
    }
}

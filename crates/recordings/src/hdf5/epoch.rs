use jiff::{SignedDuration, Timestamp};

use crate::error::Problem;

/// How fine a time is told by a float of seconds since 1970: it changes in steps of 0.24 µs.
const PER_SECOND: f64 = 1e7;

/// A time that the format's `field` gives as seconds since 1970.
///
/// Taken to 0.1 µs: so 37.02 s, which no float is exactly, is 37.02 s.
pub(crate) fn epoch(field: &str, seconds: f64) -> Result<Timestamp, Problem> {
    let whole = seconds.floor();
    let fraction = ((seconds - whole) * PER_SECOND).round() as i64 * (1e9 / PER_SECOND) as i64;
    Timestamp::from_second(whole as i64)
        .and_then(|time| time.checked_add(SignedDuration::from_nanos(fraction)))
        .ok()
        .filter(|_| seconds.is_finite())
        .ok_or_else(|| Problem::field(field, format!("{seconds} s since 1970 is no time")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_as_a_decimal_is_that_decimal() {
        let time = |seconds| epoch("time", seconds).map(|time| time.to_string());
        assert_eq!(time(1_698_416_617.02).unwrap(), "2023-10-27T14:23:37.02Z");
        assert_eq!(time(1_599_031_306.165_666_3).unwrap(), "2020-09-02T07:21:46.1656663Z");
        assert_eq!(time(-0.5).unwrap(), "1969-12-31T23:59:59.5Z");
        for no_time in [f64::NAN, f64::INFINITY, -1e300, 1e12] {
            let problem = time(no_time).unwrap_err();
            assert!(matches!(&problem, Problem::Field { field, .. } if field == "time"), "{problem:?}");
        }
    }
}

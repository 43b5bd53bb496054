//! Times, as people write them on the command line.

use focus_core::from_epoch_seconds;
use jiff::Timestamp;

/// A time: RFC 3339 with a zone, or epoch seconds.
///
/// # Errors
/// The rule, when it is neither.
pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    let from_number = text.parse::<f64>().ok().and_then(from_epoch_seconds);
    from_number.or_else(|| text.parse().ok()).ok_or_else(|| {
        "must be RFC 3339 with a zone, for example 2016-03-21T07:37:30Z, or epoch seconds".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let expected = time("2016-03-21T07:37:30.5Z").unwrap();
        assert_eq!(time("1458545850.5"), Ok(expected));
        assert_eq!(time("2016-03-21T08:37:30.5+01:00"), Ok(expected));
        for text in ["", "yesterday", "2016-03-21T07:37:30", "1e300"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}

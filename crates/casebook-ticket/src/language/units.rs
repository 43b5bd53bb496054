//! Durations with their unit.

use std::fmt;
use std::time::Duration;

use super::cursor::shown;
use crate::message::{Message, message};

/// The longest duration that can be written.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Displays a duration, to the millisecond, in the largest unit of `m`, `s` and `ms` that it is a whole number of.
#[derive(Clone, Copy, Debug)]
pub struct Units(pub Duration);

impl fmt::Display for Units {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        match ms {
            0 => formatter.write_str("0s"),
            _ if ms.is_multiple_of(60_000) => write!(formatter, "{}m", ms / 60_000),
            _ if ms.is_multiple_of(1000) => write!(formatter, "{}s", ms / 1000),
            _ => write!(formatter, "{ms}ms"),
        }
    }
}

/// Reads `300ms`, `5s`, `1.5s` or `2m`; the error says what is wrong.
pub(super) fn duration(text: &str) -> Result<Duration, Message> {
    let no_duration = || message!(no_duration, word = shown(text));
    let digits = text.find(|character: char| !(character.is_ascii_digit() || character == '.'));
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let unit = match unit {
        "ms" => 1.0,
        "s" => 1000.0,
        "m" | "min" => 60_000.0,
        "" => return Err(message!(no_unit, word = shown(text))),
        _ => return Err(no_duration()),
    };
    let number: f64 = number.parse().map_err(|_| no_duration())?;
    let ms = (number * unit).round();
    if ms > LONGEST.as_millis() as f64 {
        return Err(message!(longer_than_a_day, word = shown(text)));
    }
    Ok(Duration::from_millis(ms as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_in_the_largest_unit() {
        for (text, canonical) in [
            ("300ms", "300ms"),
            ("5s", "5s"),
            ("1.5s", "1500ms"),
            ("120s", "2m"),
            ("90s", "90s"),
            ("2m", "2m"),
            ("0ms", "0s"),
        ] {
            assert_eq!(Units(duration(text).unwrap()).to_string(), canonical, "{text}");
        }
        for text in ["", "5", "s", "5h", "-1s", "1..5s", "NaNs", "infs", "99999m", "1e3s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}

//! What miniSEED and SEG-Y share: binary headers, and times by the day of the year.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::error::Problem;

/// A file of which parts are read; it stays readable although its name may be gone.
pub(crate) struct Bytes {
    file: File,
    length: u64,
}

impl Bytes {
    pub(crate) fn open(path: &Path) -> Result<Self, Problem> {
        let file = File::open(path).map_err(|error| Problem::File(error.to_string()))?;
        let length = file.metadata().map_err(|error| Problem::File(error.to_string()))?.len();
        Ok(Self { file, length })
    }

    /// How many there were when it was opened.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Fills `buffer` with those from `offset` on.
    pub(crate) fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<(), Problem> {
        self.file
            .read_exact_at(buffer, offset)
            .map_err(|error| Problem::File(format!("at byte {offset}: {error}")))
    }
}

/// The numbers of a header in one byte order. What lies beyond its end reads as 0.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) little_endian: bool,
}

impl Fields<'_> {
    /// The field at `offset`, most significant byte first.
    fn field<const N: usize>(self, offset: usize) -> [u8; N] {
        let mut field = [0; N];
        if let Some(found) = self.bytes.get(offset..offset.saturating_add(N)) {
            field.copy_from_slice(found);
            if self.little_endian {
                field.reverse();
            }
        }
        field
    }

    pub(crate) fn u16(self, offset: usize) -> u16 {
        u16::from_be_bytes(self.field(offset))
    }

    pub(crate) fn i16(self, offset: usize) -> i16 {
        i16::from_be_bytes(self.field(offset))
    }

    pub(crate) fn u32(self, offset: usize) -> u32 {
        u32::from_be_bytes(self.field(offset))
    }

    pub(crate) fn i32(self, offset: usize) -> i32 {
        i32::from_be_bytes(self.field(offset))
    }

    pub(crate) fn u64(self, offset: usize) -> u64 {
        u64::from_be_bytes(self.field(offset))
    }

    pub(crate) fn f32(self, offset: usize) -> f32 {
        f32::from_be_bytes(self.field(offset))
    }

    pub(crate) fn f64(self, offset: usize) -> f64 {
        f64::from_be_bytes(self.field(offset))
    }
}

/// A whole second of UTC, its day counted from 1 within the year.
pub(crate) struct DayTime {
    pub(crate) year: u16,
    pub(crate) day: u16,
    pub(crate) hour: u16,
    pub(crate) minute: u16,
    pub(crate) second: u16,
}

impl DayTime {
    /// The point in time, `rest` later. A leap second counts as the second after it. `None` if it is no time.
    pub(crate) fn plus(&self, rest: SignedDuration) -> Option<Timestamp> {
        let new_year = Date::new(i16::try_from(self.year).ok()?, 1, 1).ok()?;
        let possible = (1..=new_year.days_in_year() as u16).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second <= 60;
        if !possible {
            return None;
        }
        let hours = i64::from(self.day - 1) * 24 + i64::from(self.hour);
        let seconds = (hours * 60 + i64::from(self.minute)) * 60 + i64::from(self.second);
        let new_year = new_year.to_zoned(TimeZone::UTC).ok()?.timestamp();
        new_year.checked_add(SignedDuration::from_secs(seconds)).ok()?.checked_add(rest).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_by_days_of_the_year() {
        let time = |year, day, hour, minute, second| DayTime { year, day, hour, minute, second };
        let micros = SignedDuration::from_micros(381_990);
        let leap_day = time(2024, 366, 23, 59, 59).plus(micros).unwrap();
        assert_eq!(leap_day, "2024-12-31T23:59:59.38199Z".parse().unwrap());
        let leap_second = time(2016, 366, 23, 59, 60).plus(SignedDuration::ZERO).unwrap();
        assert_eq!(leap_second, "2017-01-01T00:00:00Z".parse().unwrap());
        for impossible in [
            time(2023, 366, 0, 0, 0),
            time(2023, 0, 0, 0, 0),
            time(10_000, 1, 0, 0, 0),
            time(65_535, 1, 0, 0, 0),
            time(2023, 1, 24, 0, 0),
            time(2023, 1, 0, 60, 0),
            time(2023, 1, 0, 0, 61),
        ] {
            assert_eq!(impossible.plus(SignedDuration::ZERO), None);
        }
    }

    #[test]
    fn numbers_have_a_byte_order_and_an_end() {
        let big = Fields { bytes: &[0x12, 0x34, 0xff], little_endian: false };
        let little = Fields { little_endian: true, ..big };
        assert_eq!((big.u16(0), little.u16(0)), (0x1234, 0x3412));
        assert_eq!((big.u16(2), little.u32(0), big.u16(usize::MAX)), (0, 0, 0));
    }
}

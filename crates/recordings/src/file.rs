use std::ops::{Range, RangeInclusive};

use focus_core::{Fibre, Samples, sample_offset};
use jiff::Timestamp;

use crate::ReadError;
use crate::error::Problem;

/// Sampling rates that can be, Hz. With them and the most samples that formats let through, no time overflows.
const RATES: RangeInclusive<f64> = 1e-6..=1e9;
/// When recordings can have been made: from 1970 on, or a day before, so that a clock that begins there may tremble, to 2100.
const TIMES: Range<Timestamp> = Timestamp::constant(-86_400, 0)..Timestamp::constant(4_102_444_800, 0);
/// Distances between channels and gauge lengths that can be, metres.
const DISTANCES: RangeInclusive<f64> = 1e-6..=1e6;
/// Places on a fibre that can be, metres. With them, no sum of lengths overflows.
const PLACES: RangeInclusive<f64> = -1e9..=1e9;

/// What a recording file says about itself, checked against its data.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Its format and the format's version, e.g. `PRODML 2.1`.
    pub format: String,
    /// The fibre that it shows.
    pub fibre: Fibre,
    /// What it holds without a gap, in order of time; at least one.
    pub segments: Vec<Segment>,
}

impl Header {
    /// When its first sample was taken.
    ///
    /// # Panics
    /// Never: there is at least one segment.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.segments.first().expect("at least one segment").start
    }
}

/// Samples of a file that follow each other without a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// When the first of them was taken.
    pub start: Timestamp,
    /// How many instants there are; at least 1.
    pub samples: u64,
    /// Instants per second, Hz: the same as the fibre's.
    pub sampling_rate: f64,
}

impl Segment {
    /// Checks that its times can be; `field` is what the format calls its start.
    pub(crate) fn new(
        field: &str,
        start: Timestamp,
        samples: u64,
        sampling_rate: f64,
    ) -> Result<Self, Problem> {
        if !TIMES.contains(&start) {
            let reason = format!("{start} is not possible, only {} to {}", TIMES.start, TIMES.end);
            return Err(Problem::field(field, reason));
        }
        let segment = Self { start, samples, sampling_rate };
        match segment.end() {
            Ok(_) => Ok(segment),
            Err(_) => Err(Problem::field(field, "the recording would end after the year 9999")),
        }
    }

    /// When the sample with this index (counted from 0) was taken, to the nanosecond.
    ///
    /// # Errors
    /// When that lies beyond the year 9999.
    pub fn time_of(&self, sample: u64) -> Result<Timestamp, jiff::Error> {
        self.start.checked_add(sample_offset(sample as f64, self.sampling_rate))
    }

    /// When it ends, exclusive: one sample interval after its last sample.
    ///
    /// # Errors
    /// When that lies beyond the year 9999.
    pub fn end(&self) -> Result<Timestamp, jiff::Error> {
        self.time_of(self.samples)
    }

    /// Index of the first sample that was taken at `time` or later; the number of samples if there is none.
    #[must_use]
    pub fn first_from(&self, time: Timestamp) -> u64 {
        let position = time.duration_since(self.start).as_secs_f64() * self.sampling_rate;
        // The product may be a hair beside a whole number: decide by the times themselves.
        let near = (position.floor() as u64).saturating_sub(1).min(self.samples);
        (near..near + 4)
            .find(|&sample| self.time_of(sample).is_ok_and(|taken| taken >= time))
            .unwrap_or(self.samples)
            .min(self.samples)
    }
}

/// One file of recorded samples, whatever its format.
pub trait RecordingFile: Send {
    /// What the file says about itself.
    fn header(&self) -> &Header;

    /// Samples of some instants of a segment and some columns (all counted from 0), time-major, in the file's own type.
    ///
    /// Reads only the parts of the file that hold them. A range beyond the data is cut to it.
    ///
    /// # Errors
    /// When the file has become unreadable or its data are corrupt.
    fn read(&self, segment: usize, times: Range<u64>, columns: Range<usize>) -> Result<Samples, ReadError>;
}

/// A sampling rate, if it is one; `field` is what the format calls it.
pub(crate) fn sampling_rate(field: &str, hertz: f64) -> Result<f64, Problem> {
    if RATES.contains(&hertz) {
        Ok(hertz)
    } else {
        Err(Problem::field(field, format!("{hertz} Hz is not possible")))
    }
}

/// A distance between channels or a gauge length, in metres, that may be unknown; `field` is what the format calls it.
pub(crate) fn distance(field: &str, metres: Option<f64>) -> Result<Option<f64>, Problem> {
    within(&DISTANCES, field, metres)
}

/// A place on the fibre, in metres, that may be unknown; `field` is what the format calls it.
pub(crate) fn place(field: &str, metres: Option<f64>) -> Result<Option<f64>, Problem> {
    within(&PLACES, field, metres)
}

fn within(possible: &RangeInclusive<f64>, field: &str, metres: Option<f64>) -> Result<Option<f64>, Problem> {
    match metres {
        Some(metres) if !possible.contains(&metres) => {
            Err(Problem::field(field, format!("{metres} m is not possible")))
        }
        metres => Ok(metres),
    }
}

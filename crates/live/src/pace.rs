use std::time::Duration;

use focus_core::sample_offset;
use jiff::{SignedDuration, Timestamp};

/// How far the wall clock may run ahead of the samples, or be set back, until that becomes a gap. Less is
/// caught up with, sample by sample.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(3);

/// When blocks are due and how they are stamped.
///
/// A block is due when its last sample has been taken. Times are counted, `start + samples / rate`, so they
/// are exact however long it runs. When the wall clock leaves them behind (the machine was suspended, or the
/// clock was set), the blocks that nobody could measure are skipped: `sequence` jumps over them.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: f64,
    /// Samples per block, to count skipped blocks.
    block_times: u64,
    start: Timestamp,
    /// Samples since `start`.
    sample: u64,
    sequence: u64,
    /// The wall clock at the last call.
    asked: Timestamp,
}

/// Where a block stands in the stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stamp {
    pub(crate) sequence: u64,
    pub(crate) start: Timestamp,
}

impl Pace {
    /// The first sample is taken now.
    pub(crate) fn new(rate: f64, block_times: u64, now: Timestamp) -> Self {
        Self { rate, block_times, start: now, sample: 0, sequence: 0, asked: now }
    }

    /// The stamp of the next block, of `times` samples; or how long to wait until it is due.
    pub(crate) fn next(&mut self, times: u64, now: Timestamp) -> Result<Stamp, Duration> {
        let late = now.duration_since(self.time_of(self.sample + times));
        if late > TOLERANCE {
            self.skip((late.as_secs_f64() * self.rate) as u64);
        } else if self.asked.duration_since(now) > TOLERANCE {
            (self.start, self.sample) = (now, 0);
            self.sequence += 1;
        }
        self.asked = now;
        let late = now.duration_since(self.time_of(self.sample + times));
        if late.is_negative() {
            return Err(late.unsigned_abs());
        }
        let stamp = Stamp { sequence: self.sequence, start: self.time_of(self.sample) };
        self.sample += times;
        self.sequence += 1;
        Ok(stamp)
    }

    /// Leaves out samples that do not exist.
    pub(crate) fn skip(&mut self, samples: u64) {
        self.sample = self.sample.saturating_add(samples);
        self.sequence = self.sequence.saturating_add(samples.div_ceil(self.block_times));
    }

    fn time_of(&self, sample: u64) -> Timestamp {
        self.start.saturating_add(sample_offset(sample as f64, self.rate)).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap() + SignedDuration::from_secs_f64(seconds)
    }

    /// 100 samples per second, blocks of 10.
    fn pace() -> Pace {
        Pace::new(100.0, 10, at(0.0))
    }

    fn stamp(sequence: u64, seconds: f64) -> Stamp {
        Stamp { sequence, start: at(seconds) }
    }

    #[test]
    fn a_block_is_due_when_its_last_sample_has_been_taken() {
        let mut pace = pace();
        assert_eq!(pace.next(10, at(0.0)), Err(Duration::from_millis(100)));
        assert_eq!(pace.next(10, at(0.08)), Err(Duration::from_millis(20)));
        assert_eq!(pace.next(10, at(0.1)), Ok(stamp(0, 0.0)));
        assert_eq!(pace.next(5, at(0.1)), Err(Duration::from_millis(50)));
        assert_eq!(pace.next(5, at(0.2)), Ok(stamp(1, 0.1)));
        assert_eq!(pace.next(10, at(0.25)), Ok(stamp(2, 0.15)));
    }

    #[test]
    fn a_small_delay_is_caught_up_with() {
        let mut pace = pace();
        for number in 0..29 {
            assert_eq!(pace.next(10, at(2.95)), Ok(stamp(number, number as f64 * 0.1)));
        }
        assert_eq!(pace.next(10, at(2.95)), Err(Duration::from_millis(50)));
    }

    #[test]
    fn a_suspended_machine_leaves_a_gap_and_no_flood() {
        let mut pace = pace();
        assert!(pace.next(10, at(0.1)).is_ok());
        let hour = 3600.0;
        // 36 000 blocks could not be measured; the first after them ends now.
        assert_eq!(pace.next(10, at(0.2 + hour)), Ok(stamp(36_001, 0.1 + hour)));
        assert_eq!(pace.next(10, at(0.2 + hour)), Err(Duration::from_millis(100)));
    }

    #[test]
    fn a_clock_that_is_set_back_begins_anew_with_a_gap() {
        let mut pace = pace();
        assert!(pace.next(10, at(0.1)).is_ok());
        assert_eq!(pace.next(10, at(-60.0)), Err(Duration::from_millis(100)));
        assert_eq!(pace.next(10, at(-59.9)), Ok(stamp(2, -60.0)));
        assert_eq!(pace.next(10, at(-61.0)), Err(Duration::from_millis(1200)), "a small step is waited for");
    }

    #[test]
    fn what_the_recording_lacks_takes_its_time() {
        let mut pace = pace();
        assert!(pace.next(10, at(0.1)).is_ok());
        pace.skip(2025);
        assert_eq!(pace.next(10, at(0.1)), Err(Duration::from_millis(20_350)));
        assert_eq!(pace.next(10, at(20.45)), Ok(stamp(204, 20.35)), "203 blocks of time are missing");
    }
}

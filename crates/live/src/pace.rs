use std::time::Duration;

use focus_core::sample_offset;
use jiff::{SignedDuration, Timestamp};

/// How far the wall clock may run ahead of the samples until that becomes a gap. Less is caught up with,
/// sample by sample.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(3);
/// How far the wall clock may lie behind the samples until these begin anew at the time that it shows.
///
/// Readers (the spectrum's `CLOCK_SET_BACK`) take stamps that go back by up to 10 s for samples that were sent
/// again, and drop them. So stamps go back by clearly more, or not at all.
const SET_BACK: SignedDuration = SignedDuration::from_secs(11);
/// Which part of each block's time is added to it while the samples are ahead of the clock.
const SLOWER_BY: i32 = 10;

/// When blocks are due and how they are stamped.
///
/// A block is due when its last sample has been taken. Times are counted, `start + samples / rate`, so they
/// are exact however long it runs. When the wall clock leaves them behind (the machine was suspended, or the
/// clock was set), the blocks that nobody could measure are skipped: `sequence` jumps over them. A clock that is
/// set back by less than [`SET_BACK`] changes no stamp: blocks come on in the old time, a little more slowly
/// until the clock has caught up.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: f64,
    /// Samples per block, to count skipped blocks.
    block_times: u64,
    start: Timestamp,
    /// Samples since `start`.
    sample: u64,
    sequence: u64,
    /// When the last block ended. (The next may begin later.)
    end: Timestamp,
    /// The wall clock at the last call.
    asked: Timestamp,
    /// How far the samples' time is ahead of the wall clock because that was set back; not negative.
    ahead: SignedDuration,
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
        let ahead = SignedDuration::ZERO;
        Self { rate, block_times, start: now, sample: 0, sequence: 0, end: now, asked: now, ahead }
    }

    /// The stamp of the next block, of `times` samples; or how long to wait until it is due.
    pub(crate) fn next(&mut self, times: u64, now: Timestamp) -> Result<Stamp, Duration> {
        let begun_anew = self.time_of(self.sample) < self.end;
        if !begun_anew && self.end.duration_since(now) > SET_BACK {
            (self.start, self.sample, self.ahead) = (now, 0, SignedDuration::ZERO);
            self.sequence += 1;
        } else if now < self.asked {
            self.ahead += self.asked.duration_since(now);
        }
        self.asked = now;
        let mut late = self.late(times, now);
        // While the samples are ahead, time that is lost brings them nearer to the clock.
        let lost = late.clamp(SignedDuration::ZERO, self.ahead);
        self.ahead -= lost;
        late -= lost;
        if late > TOLERANCE {
            self.skip((late.as_secs_f64() * self.rate) as u64);
            let back = self.end.duration_since(self.time_of(self.sample));
            if back.is_positive() && back <= SET_BACK {
                // Set back far and then forward, without a block between: on where the last one ended.
                let ahead = self.end.duration_since(now).max(SignedDuration::ZERO);
                (self.start, self.sample, self.ahead) = (self.end, 0, ahead);
            }
            late = self.late(times, now);
        }
        if late.is_negative() {
            return Err(late.unsigned_abs());
        }
        let stamp = Stamp { sequence: self.sequence, start: self.time_of(self.sample) };
        self.sample += times;
        self.sequence += 1;
        self.end = self.time_of(self.sample);
        self.ahead -= self.ahead.min(self.end.duration_since(stamp.start) / SLOWER_BY);
        Ok(stamp)
    }

    /// How long ago the block of so many samples was due.
    fn late(&self, times: u64, now: Timestamp) -> SignedDuration {
        now.duration_since(self.time_of(self.sample + times)) + self.ahead
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
    use proptest::prelude::*;

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
    }

    /// What comes while the wall clock runs for so many seconds from one reading to another: when, and the stamp.
    fn run(pace: &mut Pace, from: f64, seconds: f64) -> Vec<(f64, Stamp)> {
        let (mut all, mut now) = (Vec::new(), from);
        while now < from + seconds {
            match pace.next(10, at(now)) {
                Ok(stamp) => all.push((now, stamp)),
                Err(wait) => now += wait.as_secs_f64(),
            }
        }
        all
    }

    #[test]
    fn a_clock_that_is_set_back_a_little_interrupts_nothing() {
        for step in [0.05, 1.0, 2.9, 3.1, 5.0, 9.9, 10.1] {
            let mut pace = pace();
            let before = run(&mut pace, 0.0, 20.0).len();
            let after = run(&mut pace, 20.0 - step, 200.0);
            let mut last = 20.0 - step;
            for (number, &(now, block)) in after.iter().enumerate() {
                let number = (before + number) as u64;
                assert_eq!(
                    block,
                    stamp(number, number as f64 * 0.1),
                    "{step}: nothing is repeated or missing"
                );
                assert!(now - last < 0.12, "{step}: silent from {last} to {now}");
                last = now;
            }
            let (now, block) = after[after.len() - 1];
            assert!(at(now).duration_since(block.start).abs() < SignedDuration::from_millis(101), "{step}");
        }
    }

    #[test]
    fn a_clock_that_is_set_right_again_is_followed_at_once() {
        let mut pace = pace();
        run(&mut pace, 0.0, 20.0);
        run(&mut pace, 15.0, 1.0);
        assert_eq!(run(&mut pace, 21.0, 0.5).len(), 6, "the one that is due, and no flood");
        assert_eq!(pace.ahead, SignedDuration::ZERO);
    }

    #[test]
    fn a_clock_that_is_set_back_far_and_then_halfway_forward_goes_on() {
        let mut pace = pace();
        let before = run(&mut pace, 0.0, 20.0);
        assert!(run(&mut pace, 7.0, 0.05).is_empty(), "begun anew, but no block yet");
        let after = run(&mut pace, 12.0, 0.5);
        assert_eq!(after[0].1.start, before[before.len() - 1].1.start + SignedDuration::from_millis(100));
    }

    proptest! {
        #[test]
        fn stamps_go_back_by_more_than_readers_take_for_repetition_or_not_at_all(
            steps in prop::collection::vec((-15.0..15.0_f64, 0.0..30.0_f64), 1..20),
        ) {
            let (mut pace, mut now) = (pace(), 0.0);
            let mut last: Option<Stamp> = None;
            for (step, seconds) in steps {
                now += step;
                for (_, block) in run(&mut pace, now, seconds) {
                    if let Some(last) = last {
                        let back = (last.start + SignedDuration::from_millis(100)).duration_since(block.start);
                        let seconds = back.as_secs_f64();
                        prop_assert!(seconds <= 0.0 || seconds > 10.0, "{seconds} s back");
                        prop_assert!(block.sequence > last.sequence);
                    }
                    last = Some(block);
                }
                now += seconds;
            }
        }
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

use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Longest sleep in one piece, so that a jump of the wall clock is noticed soon.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
/// How far a clock that is not the wall clock may run ahead of the samples. Less than what becomes a gap:
/// where the reader is the slower one, it decides the speed, and nothing is left out.
const LEAD: SignedDuration = SignedDuration::from_secs(1);

/// How fast a replayed or simulated fibre runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// By the wall clock: what cannot be published in time is skipped.
    RealTime,
    /// So many times real time, as far as the reader keeps up; finite and above 0. Times of samples begin now.
    Times(f64),
    /// As fast as the reader takes it. Times of samples begin now.
    Max,
}

/// What [`Speed`] does not understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither \"max\" nor a number above 0")]
pub struct InvalidSpeed;

impl FromStr for Speed {
    type Err = InvalidSpeed;

    /// `max`, or how many times real time; `1` is real time.
    fn from_str(text: &str) -> Result<Self, InvalidSpeed> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.parse::<f64>() {
            Ok(1.0) => Ok(Self::RealTime),
            Ok(times) if times.is_finite() && times > 0.0 => Ok(Self::Times(times)),
            _ => Err(InvalidSpeed),
        }
    }
}

/// The clock that a publisher goes by.
#[derive(Debug)]
pub(crate) enum Clock {
    Wall,
    Scaled {
        times: f64,
        now: Timestamp,
        read: Instant,
        /// It stands still here until there is more to come.
        limit: Timestamp,
    },
    /// It does not run: whoever waits is there at once.
    Jumping {
        now: Timestamp,
    },
}

impl Clock {
    pub(crate) fn new(speed: Speed) -> Self {
        let now = Timestamp::now();
        match speed {
            Speed::RealTime => Self::Wall,
            Speed::Times(times) => Self::Scaled { times, now, read: Instant::now(), limit: after(now, LEAD) },
            Speed::Max => Self::Jumping { now },
        }
    }

    pub(crate) fn now(&mut self) -> Timestamp {
        match self {
            Self::Wall => Timestamp::now(),
            Self::Scaled { times, now, read, limit } => {
                let elapsed = read.elapsed();
                *read += elapsed;
                let elapsed = SignedDuration::try_from_secs_f64(elapsed.as_secs_f64() * *times);
                *now = after(*now, elapsed.unwrap_or(SignedDuration::MAX)).min(*limit).max(*now);
                *now
            }
            Self::Jumping { now } => *now,
        }
    }

    /// Samples up to this time have been published.
    pub(crate) fn reached(&mut self, end: Timestamp) {
        if let Self::Scaled { limit, .. } = self {
            *limit = after(end, LEAD);
        }
    }

    /// Lets this much of its time pass, or less; unparking the thread ends it.
    pub(crate) fn wait(&mut self, wait: Duration) {
        match self {
            Self::Wall => sleep(wait),
            Self::Scaled { times, .. } => {
                let real = Duration::try_from_secs_f64(wait.as_secs_f64() / *times).unwrap_or(Duration::MAX);
                self.allow(wait);
                sleep(real);
            }
            Self::Jumping { now } => *now = after(*now, signed(wait)),
        }
    }

    /// Lets this much real time pass, or less, however fast the clock is.
    pub(crate) fn rest(&mut self, wait: Duration) {
        self.allow(wait);
        let began = Instant::now();
        sleep(wait);
        if let Self::Jumping { now } = self {
            *now = after(*now, signed(began.elapsed()));
        }
    }

    /// Lets the clock run on although nothing is published.
    fn allow(&mut self, wait: Duration) {
        if let Self::Scaled { now, limit, .. } = self {
            *limit = after(after(*now, signed(wait)), LEAD);
        }
    }
}

fn sleep(wait: Duration) {
    thread::park_timeout(wait.min(LONGEST_SLEEP));
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

fn after(time: Timestamp, duration: SignedDuration) -> Timestamp {
    time.saturating_add(duration).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_numbers_or_max() {
        assert_eq!("1".parse(), Ok(Speed::RealTime));
        assert_eq!("0.5".parse(), Ok(Speed::Times(0.5)));
        assert_eq!("max".parse(), Ok(Speed::Max));
        for wrong in ["", "0", "-1", "inf", "nan", "fast"] {
            assert_eq!(wrong.parse::<Speed>(), Err(InvalidSpeed), "{wrong:?}");
        }
    }

    #[test]
    fn a_fast_clock_waits_for_the_samples() {
        let mut clock = Clock::new(Speed::Times(1e6));
        let begin = clock.now();
        thread::sleep(Duration::from_millis(5));
        assert!(clock.now().duration_since(begin) <= LEAD, "nothing has been published");
        clock.reached(begin + SignedDuration::from_secs(60));
        thread::sleep(Duration::from_millis(5));
        assert_eq!(clock.now(), begin + SignedDuration::from_secs(61));
        clock.wait(Duration::from_secs(3600));
        assert!(clock.now() >= begin + SignedDuration::from_secs(3600), "what is awaited comes");
    }

    #[test]
    fn a_clock_that_jumps_is_there_at_once() {
        let mut clock = Clock::new(Speed::Max);
        let (first, began) = (clock.now(), Instant::now());
        clock.wait(Duration::from_secs(3600));
        assert_eq!(clock.now(), first + SignedDuration::from_hours(1));
        assert!(began.elapsed() < Duration::from_secs(60));
        clock.rest(Duration::from_millis(20));
        assert!(began.elapsed() >= Duration::from_millis(20), "a failure takes its time");
    }
}

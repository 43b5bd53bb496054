use std::fmt::Display;
use std::ops::Range;
use std::time::Duration;

use focus_core::{Block, Fibre, Samples, sample_offset};
use jiff::Timestamp;

use crate::pace::Pace;
use crate::playback::{Publisher, Step};
use crate::{LiveFibre, LiveOptions, Playback, Source};

/// Replays recorded blocks of a whole fibre in real time: [`Playback::replayed`] to readers in process.
///
/// # Errors
/// When its thread cannot be started.
pub fn replay<I, E>(
    fibre: Fibre,
    options: LiveOptions,
    open: impl FnMut() -> I + Send + 'static,
) -> std::io::Result<(LiveFibre, Source)>
where
    I: Iterator<Item = Result<Block, E>> + Send + 'static,
    E: Display + 'static,
{
    Playback::replayed(fibre, options, open).live()
}

impl Playback {
    /// Recorded blocks of a whole fibre in a loop, with times of now.
    ///
    /// `open` begins the recording anew, once for each pass; one block at a time is taken from what it
    /// returns, so a recording need not fit into memory. Blocks come out cut to at most `options.block`. Where
    /// the recording has a gap (in its blocks' start times) the replay pauses as long and its sequence jumps;
    /// from the end of the recording to its beginning there is none.
    ///
    /// After an error, a block of another fibre, or a recording without blocks the replay tries again from the
    /// beginning, after a pause that grows from 1 s to 30 s. No fibre is connected once trying again has
    /// failed, until it succeeds. The same reason is logged once, until a whole pass has succeeded.
    #[must_use]
    pub fn replayed<I, E>(
        fibre: Fibre,
        options: LiveOptions,
        open: impl FnMut() -> I + Send + 'static,
    ) -> Self
    where
        I: Iterator<Item = Result<Block, E>> + Send + 'static,
        E: Display + 'static,
    {
        let block_times = options.block_times(fibre.sampling_rate);
        let shown = fibre.clone();
        Self::new(fibre, options, move |now| Box::new(Replay::new(shown, block_times, open, now)))
    }
}

/// How long to wait after the first failure; twice as long after each that follows without a block.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

struct Replay<F, I> {
    fibre: Fibre,
    block_times: usize,
    pace: Pace,
    open: F,
    /// The present pass through the recording; none before the first and after a failure.
    pass: Option<I>,
    /// When the block after this one begins if nothing is missing. The first block of another pass begins
    /// before that, and nothing is missing either.
    expected: Option<Timestamp>,
    /// The block that is being cut, and how many of its times have been published.
    block: Option<Block>,
    done: usize,
    /// How long to wait after the next failure, and when the wait that goes on ends.
    pause: Duration,
    waiting: Option<Timestamp>,
    /// The failure that was logged last.
    logged: Option<String>,
}

impl<F, I, E> Replay<F, I>
where
    F: FnMut() -> I + Send + 'static,
    I: Iterator<Item = Result<Block, E>> + Send + 'static,
    E: Display + 'static,
{
    fn new(fibre: Fibre, block_times: usize, open: F, now: Timestamp) -> Self {
        let pace = Pace::new(fibre.sampling_rate, block_times as u64, now);
        Self {
            fibre,
            block_times,
            pace,
            open,
            pass: None,
            expected: None,
            block: None,
            done: 0,
            pause: FIRST_PAUSE,
            waiting: None,
            logged: None,
        }
    }

    /// The next recorded block, from the beginning again after the last one.
    fn take(&mut self) -> Result<Block, String> {
        let next = match self.pass.as_mut().map(Iterator::next) {
            Some(Some(next)) => next,
            ended => {
                if ended.is_some() {
                    self.logged = None;
                }
                self.pass.insert((self.open)()).next().ok_or("the recording is empty")?
            }
        };
        let block = next.map_err(|error| error.to_string())?;
        let fibre = &self.fibre;
        let same = block.channels == fibre.channels as usize
            && block.first_channel == 1
            && block.sampling_rate.total_cmp(&fibre.sampling_rate).is_eq()
            && block.samples.data_type() == fibre.data_type;
        if !same || block.samples.is_empty() {
            return Err("the recording has a block that does not show the fibre".into());
        }
        Ok(block)
    }

    /// Waits before it tries again.
    fn fail(&mut self, reason: String, now: Timestamp) {
        if self.logged.as_ref() != Some(&reason) {
            tracing::error!(reason, "the recording cannot be replayed; trying again");
            self.logged = Some(reason);
        }
        self.pass = None;
        self.waiting = now.checked_add(self.pause).ok();
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// What to do while it waits to try again.
    fn wait(&mut self, now: Timestamp) -> Option<Step> {
        let left = Duration::try_from(self.waiting?.duration_since(now)).unwrap_or_default();
        // If the clock was set back meanwhile, the wait is over as well.
        if left.is_zero() || left > self.pause {
            self.waiting = None;
            return None;
        }
        // The first failure may be no more than a bad spot; with the second nothing can be read.
        Some(if self.pause == FIRST_PAUSE * 2 { Step::Wait(left) } else { Step::Absent(left) })
    }

    /// Makes `block` the one that is being cut.
    fn begin(&mut self, block: Block) {
        let rate = block.sampling_rate;
        if let Some(expected) = self.expected {
            let missing = block.start.duration_since(expected).as_secs_f64() * rate;
            if missing > 0.5 {
                self.pace.skip(missing.round() as u64);
            }
        }
        self.expected = Some(
            block.start.saturating_add(sample_offset(block.times() as f64, rate)).unwrap_or(Timestamp::MAX),
        );
        (self.block, self.done) = (Some(block), 0);
    }
}

impl<F, I, E> Publisher for Replay<F, I>
where
    F: FnMut() -> I + Send + 'static,
    I: Iterator<Item = Result<Block, E>> + Send + 'static,
    E: Display + 'static,
{
    fn step(&mut self, now: Timestamp) -> Step {
        loop {
            if let Some(wait) = self.wait(now) {
                return wait;
            }
            if let Some(block) = self.block.as_ref().filter(|block| self.done < block.times()) {
                let times = (block.times() - self.done).min(self.block_times);
                let stamp = match self.pace.next(times as u64, now) {
                    Ok(stamp) => stamp,
                    Err(wait) => return Step::Wait(wait),
                };
                let values = self.done * block.channels..(self.done + times) * block.channels;
                self.done += times;
                return Step::Publish(Block {
                    sequence: stamp.sequence,
                    start: stamp.start,
                    samples: part(&block.samples, values),
                    ..block.clone()
                });
            }
            match self.take() {
                Ok(block) => {
                    self.pause = FIRST_PAUSE;
                    self.begin(block);
                }
                Err(reason) => self.fail(reason, now),
            }
        }
    }
}

/// Some of the values; all of them without a copy.
fn part(samples: &Samples, values: Range<usize>) -> Samples {
    if values == (0..samples.len()) {
        return samples.clone();
    }
    match samples {
        Samples::Int16(all) => Samples::Int16(all[values].into()),
        Samples::Int32(all) => Samples::Int32(all[values].into()),
        Samples::Float32(all) => Samples::Float32(all[values].into()),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use jiff::SignedDuration;

    use super::*;
    use focus_core::DataType;

    fn fibre(rate: f64) -> Fibre {
        Fibre {
            pulse_rate: None,
            sampling_rate: rate,
            dx: None,
            gauge_length: None,
            channels: 2,
            start: None,
            length: None,
            samples_per_trace: None,
            data_type: DataType::Int16,
            unit: None,
            software: None,
            description: None,
        }
    }

    /// `times` instants from sample number `first` on, recorded long ago; sample `t` is `[t, -t]`.
    fn recorded(rate: f64, first: i16, times: i16) -> Block {
        Block {
            sequence: 77,
            start: Timestamp::UNIX_EPOCH + sample_offset(f64::from(first), rate),
            sampling_rate: rate,
            first_channel: 1,
            channels: 2,
            samples: Samples::Int16((first..first + times).flat_map(|t| [t, -t]).collect()),
        }
    }

    type Pass = std::vec::IntoIter<Result<Block, Infallible>>;

    fn player(rate: f64, block_times: usize, blocks: Vec<Block>) -> Replay<impl FnMut() -> Pass, Pass> {
        let open = move || blocks.iter().cloned().map(Ok).collect::<Vec<_>>().into_iter();
        Replay::new(fibre(rate), block_times, open, begin())
    }

    fn begin() -> Timestamp {
        "2026-01-01T00:00:00.123456789Z".parse().unwrap()
    }

    /// What it publishes while the clock goes from wait to wait.
    fn played<F, I>(replay: &mut Replay<F, I>, blocks: usize) -> Vec<Block>
    where
        F: FnMut() -> I + Send + 'static,
        I: Iterator<Item = Result<Block, Infallible>> + Send + 'static,
    {
        let (mut now, mut all) = (begin(), Vec::new());
        while all.len() < blocks {
            match replay.step(now) {
                Step::Publish(block) => all.push(block),
                Step::Wait(wait) | Step::Absent(wait) => now += SignedDuration::try_from(wait).unwrap(),
            }
        }
        all
    }

    fn first_channel(block: &Block) -> Vec<i16> {
        let Samples::Int16(values) = &block.samples else { panic!("{:?}", block.samples.data_type()) };
        values.iter().step_by(2).copied().collect()
    }

    #[test]
    fn a_loop_has_no_seam_and_exact_times() {
        // A rate whose sample interval is no whole number of nanoseconds.
        let rate = 300.0;
        let mut replay = player(rate, 30, vec![recorded(rate, 0, 70), recorded(rate, 70, 37)]);
        let mut samples = 0_u64;
        // 70 = 30 + 30 + 10 and 37 = 30 + 7: five blocks a pass, ten thousand passes.
        for (number, block) in played(&mut replay, 50_000).iter().enumerate() {
            assert_eq!(block.sequence, number as u64);
            assert_eq!(block.start, begin() + sample_offset(samples as f64, rate));
            let expected: Vec<i16> =
                (samples..samples + block.times() as u64).map(|sample| (sample % 107) as i16).collect();
            assert_eq!(first_channel(block), expected);
            assert_eq!((block.first_channel, block.channels), (1, 2));
            samples += block.times() as u64;
        }
        assert_eq!(samples, 1_070_000);
    }

    #[test]
    fn a_gap_in_the_recording_is_a_gap_in_the_replay() {
        let mut replay = player(100.0, 10, vec![recorded(100.0, 0, 10), recorded(100.0, 35, 10)]);
        let seen: Vec<_> = played(&mut replay, 5)
            .iter()
            .map(|block| {
                (block.sequence, (block.start.duration_since(begin())).as_millis(), first_channel(block)[0])
            })
            .collect();
        assert_eq!(seen, [(0, 0, 0), (4, 350, 35), (5, 450, 0), (9, 800, 35), (10, 900, 0)]);
    }

    #[test]
    fn what_cannot_be_replayed_is_tried_again_ever_more_rarely() {
        let wrong = [
            vec![],
            vec![Block { channels: 1, ..recorded(100.0, 0, 4) }],
            vec![Block { first_channel: 2, ..recorded(100.0, 0, 4) }],
            vec![Block { sampling_rate: 99.0, ..recorded(100.0, 0, 4) }],
            vec![Block { samples: Samples::Float32([1.0, 2.0].into()), ..recorded(100.0, 0, 4) }],
            vec![recorded(100.0, 0, 0)],
        ];
        for blocks in wrong {
            let (mut replay, mut now) = (player(100.0, 10, blocks.clone()), begin());
            assert_eq!(replay.step(now), Step::Wait(Duration::from_secs(1)), "{blocks:?}");
            now += SignedDuration::from_secs(1);
            for seconds in [2, 4, 8, 16, 30, 30] {
                assert_eq!(replay.step(now), Step::Absent(Duration::from_secs(seconds)), "{blocks:?}");
                now += SignedDuration::from_secs(seconds.cast_signed() - 1);
                assert_eq!(replay.step(now), Step::Absent(Duration::from_secs(1)), "not before its time");
                now += SignedDuration::from_secs(1);
            }
            let hour = SignedDuration::from_hours(1);
            assert_eq!(
                replay.step(now - hour),
                Step::Absent(Duration::from_secs(30)),
                "a clock that is set back does not prolong it"
            );
        }
    }

    #[test]
    fn a_recording_that_can_be_read_again_goes_on_from_its_beginning() {
        let mut passes = 0;
        let open = move || {
            passes += 1;
            let then = if passes == 2 { Ok(recorded(100.0, 10, 10)) } else { Err("the disk is gone") };
            vec![Ok(recorded(100.0, 0, 10)), then].into_iter()
        };
        let mut replay = Replay::new(fibre(100.0), 10, open, begin());
        let (mut now, mut seen, mut failures) = (begin(), Vec::new(), Vec::new());
        while seen.len() < 4 {
            match replay.step(now) {
                Step::Publish(block) => seen.push((block.sequence, first_channel(&block)[0])),
                Step::Wait(wait) => now += SignedDuration::try_from(wait).unwrap(),
                Step::Absent(wait) => panic!("{wait:?}: there is something to read"),
            }
            failures.push(replay.logged.clone());
        }
        assert_eq!(seen, [(0, 0), (1, 0), (2, 10), (3, 0)]);
        failures.dedup();
        assert_eq!(failures, [None, Some("the disk is gone".into()), None], "logged once, and forgotten");
    }
}

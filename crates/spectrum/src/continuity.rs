use focus_core::{Block, sample_offset};
use jiff::Timestamp;

/// Deviation between the stamp of a block that is next in sequence and the time expected of it, up to
/// which it counts as the next samples: clocks are adjusted and stamps jitter, but nothing was lost.
const CLOCK_TOLERANCE: f64 = 0.05;
/// A stamp that lies back further than this is a clock that was set back, not samples sent again.
const CLOCK_SET_BACK: f64 = 10.0;
/// Samples that can be missing before the stream counts as a new one (17 years at 2 kHz).
const LONGEST_GAP: f64 = (1_u64 << 40) as f64;
/// Above this a sampling rate is no sampling rate, Hz.
const HIGHEST_RATE: f64 = 1e9;

/// Where each block lies in the count of samples, and when each sample was taken.
///
/// Samples are counted without a break from the origin: missing ones are counted too.
#[derive(Debug)]
pub(crate) struct Continuity {
    origin: Option<Timestamp>,
    stream: Option<Stream>,
}

#[derive(Debug)]
struct Stream {
    rate: f64,
    /// Sequence of the block that follows.
    sequence: u64,
    /// The sample that follows.
    next: i64,
    /// A sample and when it was taken; the others follow by the rate.
    anchor: (i64, Timestamp),
}

/// How a block continues the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// The first new sample.
    pub(crate) first: i64,
    /// How many samples at the block's begin were there already.
    pub(crate) seen: usize,
    /// How many are missing before it.
    pub(crate) missing: u64,
    /// Whether what came before is of no use: the stream began anew.
    pub(crate) anew: bool,
}

impl Continuity {
    /// Counts from `origin`, or from the first block's first sample.
    pub(crate) fn new(origin: Option<Timestamp>) -> Self {
        Self { origin, stream: None }
    }

    /// Takes note of `block`; `None` when it has no new sample.
    pub(crate) fn accept(&mut self, block: &Block) -> Option<Arrival> {
        let rate = block.sampling_rate;
        if block.channels == 0 || block.times() == 0 || !(rate > 0.0 && rate <= HIGHEST_RATE) {
            return None;
        }
        let times = block.times();
        let Some(stream) = self.stream.as_mut() else {
            let first = self.origin.map_or(0, |origin| {
                let samples = block.start.duration_since(origin).as_secs_f64() * rate;
                samples.clamp(-LONGEST_GAP, LONGEST_GAP).round() as i64
            });
            self.stream = Some(Stream::begin(block, first));
            return Some(Arrival { first, seen: 0, missing: 0, anew: true });
        };
        let seconds = block.start.duration_since(stream.time_of(stream.next as f64)).as_secs_f64();
        let ahead = seconds * rate;
        let rate_changed = (stream.rate - rate).abs() > f64::EPSILON * rate;
        if rate_changed || seconds < -CLOCK_SET_BACK || ahead > LONGEST_GAP {
            let first = stream.next;
            *stream = Stream::begin(block, first);
            return Some(Arrival { first, seen: 0, missing: 0, anew: true });
        }
        let tolerance = if block.sequence == stream.sequence { CLOCK_TOLERANCE * rate } else { 0.0 };
        let jump = if ahead.abs() <= tolerance.max(0.5) { 0 } else { ahead.round() as i64 };
        let begin = stream.next + jump;
        // Stamps are rounded: within half a sample the anchor is as good, and row times stay regular.
        if jump > 0 || (ahead - jump as f64).abs() > 0.5 {
            stream.anchor = (begin, block.start);
        }
        stream.sequence = block.sequence.wrapping_add(1);
        let seen = (stream.next - begin).max(0) as usize;
        if seen >= times {
            return None;
        }
        stream.next = begin + times as i64;
        let first = begin + seen as i64;
        Some(Arrival { first, seen, missing: jump.max(0) as u64, anew: false })
    }

    /// When the instant `sample` is; `None` before the first block.
    pub(crate) fn time_of(&self, sample: f64) -> Option<Timestamp> {
        self.stream.as_ref().map(|stream| stream.time_of(sample))
    }
}

impl Stream {
    fn begin(block: &Block, first: i64) -> Self {
        Self {
            rate: block.sampling_rate,
            sequence: block.sequence.wrapping_add(1),
            next: first + block.times() as i64,
            anchor: (first, block.start),
        }
    }

    fn time_of(&self, sample: f64) -> Timestamp {
        let (anchor, time) = self.anchor;
        time.checked_add(sample_offset(sample - anchor as f64, self.rate)).unwrap_or(time)
    }
}

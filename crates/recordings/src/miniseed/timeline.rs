use std::ops::Range;

use jiff::Timestamp;

use crate::Segment;
use crate::error::Problem;

/// By how much a record may begin beside where the one before it ended, samples. Other readers have the same.
const TOLERANCE: f64 = 0.5;

/// A record of a channel, as its header tells it.
pub(super) struct Found {
    /// Number of the channel, counted from 0.
    pub(super) channel: u32,
    pub(super) start: Timestamp,
    /// One sample interval after its last sample.
    pub(super) end: Timestamp,
    /// Where in the file it is.
    pub(super) offset: u64,
    /// Its length, bytes.
    pub(super) length: u32,
    pub(super) samples: u32,
}

/// Which samples of its channel a record holds.
#[derive(Debug, PartialEq)]
pub(super) struct Placed {
    /// Where in the file it is.
    pub(super) offset: u64,
    /// Its length, bytes.
    pub(super) length: u32,
    /// How many samples at its beginning an earlier record holds as well.
    pub(super) skip: u32,
    /// How many samples there are after these.
    pub(super) samples: u32,
    /// The instant of the first of them.
    pub(super) first: u64,
}

impl Placed {
    /// The instant after its last one.
    pub(super) fn end(&self) -> u64 {
        self.first + u64::from(self.samples)
    }
}

/// The instants at which any channel has a sample: those of the first segment, then those of the next, and so on, counted
/// from 0.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) segments: Vec<Segment>,
    /// The first instant of each segment.
    firsts: Vec<u64>,
    /// By channel, in order of time.
    pub(super) channels: Vec<Vec<Placed>>,
}

impl Timeline {
    /// Puts the records of all channels in order of time.
    ///
    /// A segment ends where no channel goes on. Records of one channel follow each other if one begins where the last ended:
    /// so the rounding of their times makes no gaps, and a clock that drifts does not either. Of samples that several records
    /// hold, the earliest record's are taken.
    pub(super) fn new(mut records: Vec<Found>, channels: usize, rate: f64) -> Result<Self, Problem> {
        records.sort_by_key(|record| (record.start, record.offset));
        let mut timeline = Self { segments: vec![], firsts: vec![], channels: vec![] };
        timeline.channels.resize_with(channels, Vec::new);
        // When the last record of each channel ended, and when that of any.
        let mut ends: Vec<Option<Timestamp>> = vec![None; channels];
        let mut latest: Option<Timestamp> = None;
        // An instant and its time, by the clock of the last record.
        let mut clock = (0, Timestamp::MIN);
        let behind = |start: Timestamp, end: Timestamp| start.duration_since(end).as_secs_f64() * rate;
        for record in records {
            let Found { start, end, offset, length, samples, .. } = record;
            let channel = record.channel as usize;
            if latest.is_none_or(|latest| behind(start, latest) > TOLERANCE) {
                clock = (timeline.end(), start);
                timeline.firsts.push(clock.0);
                timeline.segments.push(Segment { start, samples: 0, sampling_rate: rate });
            }
            let next = timeline.channels[channel].last().map_or(0, Placed::end);
            let by_clock = clock.0 + behind(start, clock.1).round() as u64;
            let here = timeline.firsts.last().is_some_and(|&first| next > first);
            let late = ends[channel].filter(|_| here).map(|end| behind(start, end));
            let (first, skip) = match late {
                Some(late) if late > TOLERANCE => (by_clock.max(next), 0),
                Some(late) if late < -TOLERANCE => (next, -late.round() as u32),
                Some(_) => (next, 0),
                None => (by_clock, 0),
            };
            if skip >= samples {
                continue;
            }
            if skip == 0 {
                clock = (first, start);
            }
            let placed = Placed { offset, length, skip, samples: samples - skip, first };
            timeline.cover(&format!("start time (record at byte {offset})"), placed.end())?;
            timeline.channels[channel].push(placed);
            ends[channel] = Some(end);
            latest = latest.max(Some(end));
        }
        Ok(timeline)
    }

    /// Makes the last segment reach to this instant, exclusive.
    fn cover(&mut self, field: &str, end: u64) -> Result<(), Problem> {
        if let Some((segment, first)) = self.segments.last_mut().zip(self.firsts.last()) {
            *segment =
                Segment::new(field, segment.start, segment.samples.max(end - first), segment.sampling_rate)?;
        }
        Ok(())
    }

    /// The instant after the last one.
    fn end(&self) -> u64 {
        let last = self.segments.last().zip(self.firsts.last());
        last.map_or(0, |(segment, first)| first + segment.samples)
    }

    /// The instants of these times of a segment, if there is such; a range beyond it is cut to it.
    pub(super) fn instants(&self, segment: usize, times: Range<u64>) -> Option<Range<u64>> {
        let (first, held) = (self.firsts.get(segment)?, self.segments.get(segment)?.samples);
        Some(first + times.start.min(held)..first + times.end.min(held))
    }
}

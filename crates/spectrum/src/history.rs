use std::ops::Range;

use crate::lanes::{Frame, Frames};
use crate::stage::SLAB;

/// The latest samples of a strip, as many as its next pieces need, in one piece of memory.
pub(crate) struct History {
    /// Room for what is live and as much again: it moves to the front only once in a window's worth of samples.
    frames: Frames,
    live: Range<usize>,
    /// Which sample `live.start` is.
    begin: i64,
}

impl History {
    /// For pieces that look back by up to `window` samples.
    pub(crate) fn new(window: usize) -> Self {
        Self { frames: Frames::new(2 * window + SLAB), live: 0..0, begin: 0 }
    }

    /// Appends `samples`, at most [`SLAB`], and gives the room for their values. What is there already is
    /// forgotten if they do not follow it.
    pub(crate) fn append(&mut self, samples: &Range<i64>) -> &mut [Frame] {
        if self.begin + self.live.len() as i64 != samples.start {
            self.live = 0..0;
            self.begin = samples.start;
        }
        let count = (samples.end - samples.start) as usize;
        if self.live.end + count > self.frames.len() {
            self.frames.all_mut().copy_within(self.live.clone(), 0);
            self.live = 0..self.live.len();
        }
        let room = self.live.end..self.live.end + count;
        self.live.end = room.end;
        &mut self.frames.all_mut()[room]
    }

    /// The values of `samples`, or of what is there of them.
    pub(crate) fn get(&self, samples: &Range<i64>) -> &[Frame] {
        let at = |sample: i64| (sample - self.begin).clamp(0, self.live.len() as i64) as usize;
        &self.frames.all()[self.live.clone()][at(samples.start)..at(samples.end)]
    }

    /// Gives up what is before `sample`.
    pub(crate) fn forget_before(&mut self, sample: i64) {
        let gone = (sample - self.begin).clamp(0, self.live.len() as i64);
        self.live.start += gone as usize;
        self.begin += gone;
    }
}

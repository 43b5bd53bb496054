use std::ops::Range;

use crate::lanes::{Frame, Frames};
use crate::stage::SLAB;

/// The latest samples of a strip, as many as its next pieces need: a ring, so that nothing ever moves.
pub(crate) struct History {
    ring: Frames,
    /// The samples that are there.
    samples: Range<i64>,
    /// Where the first of them is.
    start: usize,
}

/// Consecutive samples in a ring: those at its end, and those that follow at its begin.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    pub(crate) head: &'a [Frame],
    pub(crate) tail: &'a [Frame],
}

impl History {
    /// For pieces that look back by up to `window` samples.
    pub(crate) fn new(window: usize) -> Self {
        Self { ring: Frames::new(window + SLAB), samples: 0..0, start: 0 }
    }

    /// Appends `samples`, at most [`SLAB`], and gives the room for their values, in two parts. What is there
    /// already is forgotten if they do not follow it.
    pub(crate) fn append(&mut self, samples: &Range<i64>) -> [&mut [Frame]; 2] {
        if self.samples.end != samples.start {
            self.samples = samples.start..samples.start;
            self.start = 0;
        }
        self.samples.end = samples.end;
        let [(begin, end), (_, wrapped)] = self.places(samples);
        let (before, after) = self.ring.all_mut().split_at_mut(begin);
        [&mut after[..end - begin], &mut before[..wrapped]]
    }

    /// The values of `samples`, or of what is there of them.
    pub(crate) fn get(&self, samples: &Range<i64>) -> Window<'_> {
        let [head, tail] = self.places(samples).map(|(begin, end)| &self.ring.all()[begin..end]);
        Window { head, tail }
    }

    /// Gives up what is before `sample`.
    pub(crate) fn forget_before(&mut self, sample: i64) {
        let gone = sample.clamp(self.samples.start, self.samples.end) - self.samples.start;
        self.samples.start += gone;
        self.start = (self.start + gone as usize) % self.ring.len();
    }

    /// Where `samples` are in the ring, from where to where: up to its end, and on from its begin.
    fn places(&self, samples: &Range<i64>) -> [(usize, usize); 2] {
        let at =
            |sample: i64| (sample.clamp(self.samples.start, self.samples.end) - self.samples.start) as usize;
        let size = self.ring.len();
        let (begin, end) = (self.start + at(samples.start), self.start + at(samples.end));
        if begin < size {
            [(begin, end.min(size)), (0, end.max(size) - size)]
        } else {
            [(begin - size, end - size), (0, 0)]
        }
    }
}

impl Window<'_> {
    #[inline(always)]
    pub(crate) fn frame(&self, at: usize) -> &Frame {
        if at < self.head.len() { &self.head[at] } else { &self.tail[at - self.head.len()] }
    }
}

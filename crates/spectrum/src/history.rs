use std::ops::Range;

use crate::lanes::{Frame, Frames};

/// The latest samples of a strip, as many as a window needs, in one piece.
pub(crate) struct History {
    /// Twice a window: what is live moves to the front once every window's worth of samples.
    frames: Frames,
    live: Range<usize>,
    /// Which sample `live.start` is.
    begin: i64,
}

impl History {
    pub(crate) fn new(window: usize) -> Self {
        Self { frames: Frames::new(2 * window), live: 0..0, begin: 0 }
    }

    /// The sample after the last.
    fn end(&self) -> i64 {
        self.begin + self.live.len() as i64
    }

    /// Makes `samples` (at most a window) the whole content: keeps what is there and appends the rest from
    /// `frames`, of which the first is sample `first`.
    pub(crate) fn fill(&mut self, samples: Range<i64>, frames: &[Frame], first: i64) {
        if (self.begin..self.end()).contains(&samples.start) {
            self.live.start += (samples.start - self.begin) as usize;
        } else {
            self.live = 0..0;
        }
        self.begin = samples.start;
        let new = (samples.end - self.end()).max(0) as usize;
        if self.live.end + new > self.frames.len() {
            self.frames.all_mut().copy_within(self.live.clone(), 0);
            self.live = 0..self.live.len();
        }
        let from = (self.end() - first).max(0) as usize;
        self.frames.all_mut()[self.live.end..][..new].copy_from_slice(&frames[from..][..new]);
        self.live.end += new;
    }

    /// All that is there.
    pub(crate) fn window(&self) -> &[Frame] {
        &self.frames.all()[self.live.clone()]
    }
}

use std::ops::Range;
use std::sync::Arc;

use crate::fft::{LaneFft, LaneScratch};
use crate::grid::Grid;
use crate::history::History;
use crate::lanes::{Frame, Frames, LANES};
use crate::rms::Squares;
use crate::row::Tile;

/// Some samples that have come (the same for all strips), and what they complete.
pub(crate) struct Work<'a> {
    pub(crate) grid: &'a Grid,
    pub(crate) fft: Option<&'a LaneFft>,
    pub(crate) samples: Range<i64>,
    /// No sample is missing from this one on.
    pub(crate) whole_from: i64,
    /// The pieces that are complete with these samples, in two stretches: rows may be skipped in between.
    pub(crate) pieces: [Range<i64>; 2],
}

impl Work<'_> {
    /// The first piece that is still to come.
    pub(crate) fn next_piece(&self) -> i64 {
        self.pieces[1].end
    }

    /// How many frames there are to handle in each strip.
    pub(crate) fn cost(&self) -> usize {
        let pieces = self.pieces.iter().map(|pieces| (pieces.end - pieces.start) as usize).sum::<usize>();
        (self.samples.end - self.samples.start) as usize + pieces * self.fft.map_or(0, LaneFft::nfft)
    }
}

/// What is wanted of a strip: the hull of what each job wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) lanes: Range<usize>,
    pub(crate) bins: Range<u32>,
}

impl Wanted {
    pub(crate) fn include(&mut self, other: &Self) {
        self.lanes = self.lanes.start.min(other.lanes.start)..self.lanes.end.max(other.lanes.end);
        if self.bins.is_empty() {
            self.bins = other.bins.clone();
        } else if !other.bins.is_empty() {
            self.bins = self.bins.start.min(other.bins.start)..self.bins.end.max(other.bins.end);
        }
    }
}

/// One group of [`LANES`] neighbouring channels and what their coming rows need to know of the past.
pub(crate) struct Strip {
    /// Counted from 0: the strip that begins with channel `LANES * index + 1`.
    index: u32,
    /// What the row in progress is made for.
    wanted: Wanted,
    /// What later rows are made for.
    wanted_next: Wanted,
    /// The first sample it has seen, and the first row that has none before it; `None` before any.
    since: Option<(i64, i64)>,
    /// Whether the row in progress misses samples.
    broken: bool,
    state: State,
}

enum State {
    Spectrum { history: History, powers: Frames },
    Waterfall(Squares),
}

impl Strip {
    pub(crate) fn new(index: u32, wanted: Wanted, nfft: Option<usize>) -> Self {
        let state = nfft.map_or(State::Waterfall(Squares::default()), |nfft| State::Spectrum {
            history: History::new(nfft),
            powers: Frames::new(wanted.bins.len()),
        });
        Self { index, wanted: wanted.clone(), wanted_next: wanted, since: None, broken: false, state }
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    /// Number of its first channel.
    pub(crate) fn channel(&self) -> u32 {
        self.index * LANES as u32 + 1
    }

    /// Changes what is wanted, from the next row on.
    pub(crate) fn want(&mut self, wanted: Wanted) {
        self.wanted_next = wanted;
    }

    /// Forgets what it has seen.
    pub(crate) fn forget(&mut self) {
        self.since = None;
    }

    /// Takes in new samples and gives the rows that they complete, oldest first.
    pub(crate) fn advance(
        &mut self,
        work: &Work<'_>,
        frames: &[Frame],
        scratch: &mut LaneScratch,
        rows: &mut Vec<(i64, Arc<Tile>)>,
    ) {
        let begin = work.samples.start;
        let (since, first_row) = *self.since.get_or_insert_with(|| (begin, work.grid.first_row_from(begin)));
        for piece in work.pieces.iter().flat_map(Clone::clone) {
            let row = work.grid.row(piece);
            if row < first_row {
                continue;
            }
            if work.grid.begins_row(piece) {
                self.begin_row();
            }
            let span = work.grid.span(piece);
            self.broken |= span.start < work.whole_from;
            if !self.broken {
                match &mut self.state {
                    State::Spectrum { history, powers } => {
                        history.fill(span, frames, begin);
                        if let Some(fft) = work.fft {
                            let bins = self.wanted.bins.start as usize..self.wanted.bins.end as usize;
                            fft.add_powers(history.window(), bins, powers.all_mut(), scratch);
                        }
                    }
                    State::Waterfall(squares) => squares.add(span, frames, begin),
                }
            }
            if work.grid.ends_row(piece) {
                rows.push((row, Arc::new(self.finish_row(work))));
            }
        }
        let next = work.grid.span(work.next_piece());
        let rest = match &self.state {
            State::Spectrum { .. } => next.start.max(work.whole_from).max(since)..work.samples.end,
            State::Waterfall(_) => next.start..work.samples.end,
        };
        if !rest.is_empty() {
            match &mut self.state {
                State::Spectrum { history, .. } => history.fill(rest, frames, begin),
                State::Waterfall(squares) => squares.add(rest, frames, begin),
            }
        }
    }

    fn begin_row(&mut self) {
        self.broken = false;
        if self.wanted != self.wanted_next {
            self.wanted = self.wanted_next.clone();
        }
        if let State::Spectrum { powers, .. } = &mut self.state {
            if powers.len() == self.wanted.bins.len() {
                powers.all_mut().fill([0.0; LANES]);
            } else {
                *powers = Frames::new(self.wanted.bins.len());
            }
        }
    }

    fn finish_row(&self, work: &Work<'_>) -> Tile {
        let Wanted { lanes, bins } = &self.wanted;
        let values = || match (&self.state, work.fft) {
            (State::Spectrum { powers, .. }, Some(fft)) => {
                fft.amplitudes(powers.all(), bins.start, work.grid.per_row(), lanes.clone())
            }
            (State::Spectrum { .. }, None) => Vec::new(),
            (State::Waterfall(squares), _) => squares.root_mean(lanes.clone()),
        };
        Tile {
            channel: self.channel() + lanes.start as u32,
            channels: lanes.len(),
            bins: work.fft.map(|_| bins.clone()),
            values: (!self.broken).then(values),
        }
    }
}

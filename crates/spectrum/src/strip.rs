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

/// Working memory of one thread.
#[derive(Default)]
pub(crate) struct Scratch {
    fft: LaneScratch,
    /// For rows of one window, whose powers nobody needs to keep.
    powers: Frames,
}

/// One group of [`LANES`] neighbouring channels and what their coming rows need to know of the past.
pub(crate) struct Strip {
    /// Counted from 0: the strip that begins with channel `LANES * index + 1`.
    index: u32,
    /// What the row in progress is made for.
    wanted: Wanted,
    /// What later rows are made for.
    wanted_next: Wanted,
    /// The first row that has no sample before those it has seen; `None` before any.
    first_row: Option<i64>,
    /// Whether the row in progress misses samples.
    broken: bool,
    history: History,
    state: State,
    /// The last row's tile.
    last: Option<Arc<Tile>>,
}

/// What the row in progress has come to.
enum State {
    /// Powers of its windows so far, bin by bin; empty where rows have but one window.
    Spectrum {
        powers: Frames,
    },
    Waterfall {
        squares: Squares,
    },
}

impl Strip {
    pub(crate) fn new(index: u32, wanted: Wanted, nfft: Option<usize>) -> Self {
        let state = match nfft {
            Some(_) => State::Spectrum { powers: Frames::default() },
            None => State::Waterfall { squares: Squares::default() },
        };
        Self {
            index,
            wanted: wanted.clone(),
            wanted_next: wanted,
            first_row: None,
            broken: false,
            history: History::new(nfft.unwrap_or(0)),
            state,
            last: None,
        }
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

    /// Room for the values of new samples, to be filled before [`advance`](Self::advance).
    pub(crate) fn room(&mut self, samples: &Range<i64>) -> [&mut [Frame]; 2] {
        self.history.append(samples)
    }

    /// Makes use of new samples: appends the rows that they complete, oldest first.
    pub(crate) fn advance(
        &mut self,
        work: &Work<'_>,
        scratch: &mut Scratch,
        rows: &mut Vec<(i64, Arc<Tile>)>,
    ) {
        let begin = work.samples.start;
        let first_row = *self.first_row.get_or_insert_with(|| work.grid.first_row_from(begin));
        for piece in work.pieces.iter().flat_map(Clone::clone) {
            let row = work.grid.row(piece);
            if row < first_row {
                continue;
            }
            let opens = work.grid.begins_row(piece);
            if opens {
                self.begin_row();
            }
            let span = work.grid.span(piece);
            self.broken |= span.start < work.whole_from;
            if !self.broken {
                self.take(&span, opens, work, scratch);
            }
            if work.grid.ends_row(piece) {
                rows.push((row, self.finish_row(work, scratch)));
            }
        }
        let next = work.grid.span(work.next_piece());
        if let State::Waterfall { squares } = &mut self.state {
            squares.add(&next, begin, self.history.get(&next));
            self.history.forget_before(work.samples.end);
        } else {
            self.history.forget_before(next.start);
        }
    }

    fn begin_row(&mut self) {
        self.broken = false;
        if self.wanted != self.wanted_next {
            self.wanted = self.wanted_next.clone();
        }
    }

    /// Takes in one piece, the first of its row if it `opens` it.
    fn take(&mut self, span: &Range<i64>, opens: bool, work: &Work<'_>, scratch: &mut Scratch) {
        let samples = self.history.get(span);
        match (&mut self.state, work.fft) {
            (State::Waterfall { squares }, _) => squares.add(span, work.samples.start, samples),
            (State::Spectrum { powers }, Some(fft)) => {
                let bins = self.wanted.bins.start as usize..self.wanted.bins.end as usize;
                let powers = if work.grid.per_row() == 1 { &mut scratch.powers } else { powers };
                let powers = powers.at_least(bins.len());
                fft.add_powers(samples, bins, opens, powers, &mut scratch.fft);
            }
            (State::Spectrum { .. }, None) => {}
        }
    }

    fn finish_row(&mut self, work: &Work<'_>, scratch: &Scratch) -> Arc<Tile> {
        let Wanted { lanes, bins } = &self.wanted;
        // If nobody holds the last row any more, its memory is warm and need not go back and forth.
        let room =
            self.last.take().and_then(Arc::into_inner).and_then(|tile| tile.values).unwrap_or_default();
        let values = || match (&self.state, work.fft) {
            (State::Waterfall { squares }, _) => squares.root_mean(lanes.clone()),
            (State::Spectrum { powers }, Some(fft)) => {
                let powers = if work.grid.per_row() == 1 { &scratch.powers } else { powers };
                let powers = &powers.all()[..bins.len()];
                fft.amplitudes(powers, bins.start, work.grid.per_row(), lanes.clone(), room)
            }
            (State::Spectrum { .. }, None) => room,
        };
        let tile = Arc::new(Tile {
            channel: self.channel() + lanes.start as u32,
            channels: lanes.len(),
            bins: work.fft.map(|_| bins.clone()),
            values: (!self.broken).then(values),
        });
        self.last = Some(Arc::clone(&tile));
        tile
    }
}

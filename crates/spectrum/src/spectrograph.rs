use std::cell::RefCell;
use std::collections::{BTreeMap, btree_map};
use std::ops::Range;
use std::sync::Arc;

use focus_core::{Block, ChannelRange};
use jiff::Timestamp;
use rayon::prelude::*;

use crate::Transform;
use crate::continuity::Continuity;
use crate::fft::LaneFft;
use crate::grid::Grid;
use crate::lanes::LANES;
use crate::row::{Row, Tile};
use crate::stage::{self, SLAB};
use crate::strip::{Scratch, Strip, Wanted, Work};

/// Rows of a gap that are given (as NaN) before the rest of it is skipped.
const GAP_ROWS: i64 = 512;
/// Strips of a thread that make it worth the while.
const FEWEST_STRIPS: usize = 2;
/// Frames to transform below which threads cost more than they give (some 10 microseconds of work).
const WORTH_THREADS: usize = 1 << 11;

thread_local! {
    /// Working memory, shared by all spectrographs of a thread so that it stays in the cache.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Turns the blocks of one fibre into rows, for whichever channels are wanted.
///
/// Rows depend neither on how the stream was cut into blocks nor on what else is wanted, bit for bit.
///
/// # Gaps
/// A block continues the last one when its sequence is the next and its stamp is within 50 ms of the time
/// expected; if the deviation is more than half a sample, row times follow the newer stamp. Otherwise what its
/// stamp says is missing is missing: rows that touch a gap are NaN. Of a gap longer than 512 rows only the
/// first 512 are given. Samples that come again are dropped. A clock that is set back by more than 10 s, or a
/// new sampling rate, begins a new history; row numbers go on.
pub struct Spectrograph {
    grid: Grid,
    fft: Option<LaneFft>,
    continuity: Continuity,
    strips: Vec<Strip>,
    next_piece: i64,
    /// No sample is missing from this one on.
    whole_from: i64,
    missing: u64,
}

impl Spectrograph {
    /// A row every `hop` samples (rarely a whole number, at least 1).
    ///
    /// Row 0's interval begins at `origin`, or at the first sample of the first block if there is none. Blocks
    /// may begin before `origin`: rows are then numbered from below 0.
    ///
    /// # Panics
    /// When the transform's `nfft` is no power of two from 128.
    #[must_use]
    pub fn new(transform: Transform, hop: f64, origin: Option<Timestamp>) -> Self {
        let fft = match transform {
            Transform::Amplitude { nfft, .. } => Some(LaneFft::new(nfft)),
            Transform::Rms => None,
        };
        Self {
            grid: Grid::new(transform, hop),
            fft,
            continuity: Continuity::new(origin),
            strips: Vec::new(),
            next_piece: i64::MIN,
            whole_from: i64::MIN,
            missing: 0,
        }
    }

    /// When the interval of row 0 begins, by the newest stamp; `None` before the first block. Another spectrograph that
    /// is given this origin makes the same rows of the same samples.
    #[must_use]
    pub fn origin(&self) -> Option<Timestamp> {
        self.continuity.time_of(0.0)
    }

    /// Replaces what is wanted: the channels and bins of each interested job (a waterfall has no bins).
    ///
    /// What is wanted still keeps its history. What is new starts empty, and has values as soon as all samples
    /// of a row have come.
    pub fn want(&mut self, wanted: impl IntoIterator<Item = (ChannelRange, Range<u32>)>) {
        let nfft = self.fft.as_ref().map(LaneFft::nfft);
        let bins_end = nfft.map_or(0, |nfft| nfft as u32 / 2 + 1);
        let mut hulls = BTreeMap::<u32, Wanted>::new();
        for (channels, bins) in wanted {
            let bins = bins.start.min(bins_end)..bins.end.min(bins_end);
            let (first, last) = (channels.first() - 1, channels.last() - 1);
            for index in first / LANES as u32..=last / LANES as u32 {
                let begin = index * LANES as u32;
                let lanes = first.max(begin) - begin..last.min(begin + LANES as u32 - 1) - begin + 1;
                let wanted = Wanted { lanes: lanes.start as usize..lanes.end as usize, bins: bins.clone() };
                match hulls.entry(index) {
                    btree_map::Entry::Occupied(mut hull) => hull.get_mut().include(&wanted),
                    btree_map::Entry::Vacant(hull) => _ = hull.insert(wanted),
                }
            }
        }
        self.strips.retain_mut(|strip| match hulls.remove(&strip.index()) {
            Some(wanted) => {
                strip.want(wanted);
                true
            }
            None => false,
        });
        self.strips.extend(hulls.into_iter().map(|(index, wanted)| Strip::new(index, wanted, nfft)));
        self.strips.sort_unstable_by_key(Strip::index);
    }

    /// Consumes a block and gives the rows that are complete now, oldest first: each as soon as its last sample
    /// has come. Rows of which no wanted channel has a value yet are left out.
    ///
    /// Uses the threads of the rayon pool that it is called in when there is enough to do.
    pub fn push(&mut self, block: &Block) -> Vec<Row> {
        let Some(arrival) = self.continuity.accept(block) else { return Vec::new() };
        let end = arrival.first + (block.times() - arrival.seen) as i64;
        if arrival.anew {
            self.next_piece = self.grid.first_piece(self.grid.first_row_from(arrival.first));
        }
        if arrival.anew || arrival.missing > 0 {
            self.missing = self.missing.saturating_add(arrival.missing);
            self.whole_from = arrival.first;
        }
        let mut works = Vec::new();
        for begin in (arrival.first..end).step_by(SLAB) {
            let samples = begin..end.min(begin + SLAB as i64);
            let pieces = pieces(&self.grid, self.next_piece, &samples);
            self.next_piece = pieces[1].end;
            works.push(Work {
                grid: &self.grid,
                fft: self.fft.as_ref(),
                samples,
                whole_from: self.whole_from,
                pieces,
            });
        }
        let advance = |strips: &mut [Strip]| {
            SCRATCH.with_borrow_mut(|scratch| advance(strips, block, arrival.seen, &works, scratch))
        };
        let cost = works.iter().map(Work::cost).sum::<usize>() * self.strips.len();
        // Few large groups: each reads what it needs of a block in as long runs as there are.
        let group = self.strips.len().div_ceil(rayon::current_num_threads()).max(FEWEST_STRIPS);
        let tiles: Vec<_> = if self.strips.len() > group && cost > WORTH_THREADS {
            self.strips.par_chunks_mut(group).map(advance).collect()
        } else {
            vec![advance(&mut self.strips)]
        };
        let mut rows = BTreeMap::<i64, Vec<Arc<Tile>>>::new();
        for (row, tile) in tiles.into_iter().flatten() {
            rows.entry(row).or_default().push(tile);
        }
        let time = |row| self.continuity.time_of(self.grid.centre(row)).unwrap_or(block.start);
        rows.into_iter().map(|(row, tiles)| Row::new(row, time(row), tiles)).collect()
    }

    /// Samples (instants) that were missing between blocks so far.
    #[must_use]
    pub fn missing_samples(&self) -> u64 {
        self.missing
    }
}

/// The pieces from `next` on that end within `samples` or in the gap before them, without the rows that lie
/// too far in the gap.
fn pieces(grid: &Grid, next: i64, samples: &Range<i64>) -> [Range<i64>; 2] {
    let end = grid.first_piece_beyond(samples.end).max(next);
    let in_gap = grid.first_piece_beyond(samples.start).max(next);
    let skipped = grid.first_piece(grid.row(next) + GAP_ROWS)..grid.first_piece(grid.row(in_gap));
    if skipped.is_empty() { [next..next, next..end] } else { [next..skipped.start, skipped.end..end] }
}

/// Takes a group of strips through all `works`, which begin at the block's instant `first`.
fn advance(
    strips: &mut [Strip],
    block: &Block,
    first: usize,
    works: &[Work<'_>],
    scratch: &mut Scratch,
) -> Vec<(i64, Arc<Tile>)> {
    let mut rows = Vec::new();
    let mut instant = first;
    for work in works {
        let instants = instant..instant + (work.samples.end - work.samples.start) as usize;
        instant = instants.end;
        stage::read(
            block,
            instants,
            strips.iter_mut().map(|strip| (strip.channel(), strip.room(&work.samples))),
        );
        for strip in strips.iter_mut() {
            strip.advance(work, scratch, &mut rows);
        }
    }
    rows
}

use std::ops::Range;

use crate::Transform;

/// Longest row, samples: with it no count of samples leaves its type in the lifetime of a fibre.
const LONGEST_HOP: f64 = (1_u64 << 40) as f64;

/// Which samples each row is made of.
///
/// Samples are counted from the origin. Row `k` stands for samples `[k * hop, (k + 1) * hop)`, where `hop`
/// is rarely whole; everything is computed from `k` by multiplication, so nothing drifts.
///
/// A row is made of one or more *pieces*, numbered throughout: row `k` has pieces `k * per_row ..
/// (k + 1) * per_row`. A piece is one window, centred in its share of the row, or all of a waterfall's row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    hop: f64,
    per_row: u32,
    window: Option<usize>,
}

impl Grid {
    /// Rows every `hop` samples; less than one sample counts as one, more than [`LONGEST_HOP`] as that.
    pub(crate) fn new(transform: Transform, hop: f64) -> Self {
        let (window, per_row) = match transform {
            Transform::Amplitude { nfft, windows_per_row } => (Some(nfft), windows_per_row.max(1)),
            Transform::Rms => (None, 1),
        };
        Self { hop: hop.clamp(1.0, LONGEST_HOP), per_row, window }
    }

    pub(crate) fn per_row(&self) -> i64 {
        i64::from(self.per_row)
    }

    /// The row that a piece belongs to.
    pub(crate) fn row(&self, piece: i64) -> i64 {
        piece.div_euclid(self.per_row())
    }

    pub(crate) fn begins_row(&self, piece: i64) -> bool {
        piece.rem_euclid(self.per_row()) == 0
    }

    pub(crate) fn ends_row(&self, piece: i64) -> bool {
        self.begins_row(piece + 1)
    }

    pub(crate) fn first_piece(&self, row: i64) -> i64 {
        row.saturating_mul(self.per_row())
    }

    /// The samples of a piece. Both ends never fall as pieces go up.
    pub(crate) fn span(&self, piece: i64) -> Range<i64> {
        if let Some(window) = self.window {
            let centre = (piece as f64 + 0.5) * (self.hop / f64::from(self.per_row));
            let start = round(centre - window as f64 / 2.0);
            start..start + window as i64
        } else {
            round(piece as f64 * self.hop)..round((piece + 1) as f64 * self.hop)
        }
    }

    /// Middle of a row's interval, in samples.
    pub(crate) fn centre(&self, row: i64) -> f64 {
        (row as f64 + 0.5) * self.hop
    }

    /// The first row with no sample before `sample`.
    pub(crate) fn first_row_from(&self, sample: i64) -> i64 {
        self.first(|row| self.span(self.first_piece(row)).start >= sample, sample)
    }

    /// The first piece that ends after `sample`.
    pub(crate) fn first_piece_beyond(&self, sample: i64) -> i64 {
        let row = self.first(|row| self.span(self.first_piece(row + 1) - 1).end > sample, sample);
        let pieces = self.first_piece(row)..self.first_piece(row + 1);
        first_of(pieces, |piece| self.span(piece).end > sample)
    }

    /// The first row that fulfils `wanted`, which later rows keep fulfilling, somewhere near `sample`.
    fn first(&self, wanted: impl Fn(i64) -> bool, sample: i64) -> i64 {
        let reach = self.window.unwrap_or(0) as f64 / self.hop + 2.0;
        let row = sample as f64 / self.hop;
        first_of((row - reach).floor() as i64 + 1..(row + reach).ceil() as i64, wanted)
    }
}

/// The first of `range` that fulfils `wanted`, which later ones keep fulfilling; the end when none does.
fn first_of(range: Range<i64>, wanted: impl Fn(i64) -> bool) -> i64 {
    let Range { mut start, mut end } = range;
    while start < end {
        let middle = start + (end - start) / 2;
        if wanted(middle) {
            end = middle;
        } else {
            start = middle + 1;
        }
    }
    start
}

/// To the nearest whole sample, halves up: the same on both sides of the origin.
fn round(sample: f64) -> i64 {
    (sample + 0.5).floor() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRIDS: [(Transform, f64); 6] = [
        (Transform::Rms, 1.0),
        (Transform::Rms, 33.3),
        (Transform::Amplitude { nfft: 128, windows_per_row: 1 }, 1.0),
        (Transform::Amplitude { nfft: 1024, windows_per_row: 1 }, 512.0),
        (Transform::Amplitude { nfft: 128, windows_per_row: 7 }, 400.0 / 0.97),
        (Transform::Amplitude { nfft: 65_536, windows_per_row: 1 }, 80.123),
    ];

    #[test]
    fn first_rows_and_pieces_are_the_first() {
        for (transform, hop) in GRIDS {
            let grid = Grid::new(transform, hop);
            for sample in [-100_000, -1025, -1, 0, 1, 511, 512, 513, 172_800_000, 172_800_077] {
                let row = grid.first_row_from(sample);
                assert!(grid.span(grid.first_piece(row)).start >= sample, "{grid:?} {sample}");
                assert!(grid.span(grid.first_piece(row - 1)).start < sample, "{grid:?} {sample}");
                let piece = grid.first_piece_beyond(sample);
                assert!(
                    grid.span(piece).end > sample && grid.span(piece - 1).end <= sample,
                    "{grid:?} {sample}"
                );
            }
        }
    }

    #[test]
    fn waterfall_rows_tile_the_samples() {
        let grid = Grid::new(Transform::Rms, 33.3);
        for piece in -1000..1000 {
            assert_eq!(grid.span(piece).end, grid.span(piece + 1).start);
            assert!((33..=34).contains(&(grid.span(piece).end - grid.span(piece).start)));
        }
    }

    #[test]
    fn windows_share_out_the_row() {
        let grid = Grid::new(Transform::Amplitude { nfft: 128, windows_per_row: 4 }, 256.0);
        let starts: Vec<_> = (4..8).map(|piece| grid.span(piece).start).collect();
        // Centres at 256 + 32, 96, 160, 224.
        assert_eq!(starts, [224, 288, 352, 416]);
        assert!((grid.centre(1) - 384.0).abs() < 1e-9);
        assert_eq!((grid.row(3), grid.row(4), grid.row(-1)), (0, 1, -1));
        assert!(grid.begins_row(4) && grid.ends_row(7) && !grid.ends_row(6));
    }

    #[test]
    fn a_day_of_rows_does_not_drift() {
        // 0.4 s / 7 at 2000 Hz: a row every 114.2857.. samples.
        let grid = Grid::new(Transform::Amplitude { nfft: 1024, windows_per_row: 1 }, 0.4 / 7.0 * 2000.0);
        let row = 86_400 * 7 * 10 / 4;
        assert_eq!(grid.span(row).start, 86_400 * 2000 + 57 - 512);
    }
}

use std::ops::Range;

/// How many cells a grid keeps at most in each direction: several for each pixel of a large screen.
const MOST_COLUMNS: usize = 4096;
const MOST_LINES: usize = 2048;

/// What a grid has to hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GridShape {
    /// Centre of the first row, epoch seconds.
    pub(crate) first_row: f64,
    /// Seconds between rows, above 0.
    pub(crate) row_interval: f64,
    /// Rows that are expected.
    pub(crate) rows: usize,
    /// Values in each.
    pub(crate) values: usize,
}

/// Powers over time (columns) and channel or frequency (lines), averaged where there are more rows or
/// values than a picture can show. Takes the same memory whatever is poured into it.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    shape: GridShape,
    rows_per_column: usize,
    values_per_line: usize,
    columns: usize,
    lines: usize,
    sums: Vec<f32>,
    counts: Vec<u32>,
}

impl Grid {
    /// An empty one.
    pub(crate) fn new(shape: GridShape) -> Self {
        let rows_per_column = shape.rows.div_ceil(MOST_COLUMNS).max(1);
        let values_per_line = shape.values.div_ceil(MOST_LINES).max(1);
        let columns = shape.rows.div_ceil(rows_per_column).max(1);
        let lines = shape.values.div_ceil(values_per_line).max(1);
        let cells = columns * lines;
        Self {
            shape,
            rows_per_column,
            values_per_line,
            columns,
            lines,
            sums: vec![0.0; cells],
            counts: vec![0; cells],
        }
    }

    /// Adds the powers of the row whose centre is at `time` (epoch seconds). NaN is no value; a row that
    /// lies outside what was expected is not shown.
    pub(crate) fn add(&mut self, time: f64, powers: impl Iterator<Item = f32>) {
        let row = ((time - self.shape.first_row) / self.shape.row_interval).round();
        if !(0.0..self.shape.rows as f64).contains(&row) {
            return;
        }
        let column = row as usize / self.rows_per_column;
        for (index, power) in powers.take(self.shape.values).enumerate().filter(|(_, power)| !power.is_nan())
        {
            let cell = index / self.values_per_line * self.columns + column;
            self.sums[cell] += power;
            self.counts[cell] += 1;
        }
    }

    /// How many columns there are; never 0.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// How many lines there are; never 0.
    pub(crate) fn lines(&self) -> usize {
        self.lines
    }

    /// Start and end of the time that is shown, epoch seconds.
    pub(crate) fn time(&self) -> (f64, f64) {
        let start = self.shape.first_row - self.shape.row_interval / 2.0;
        (start, start + (self.columns * self.rows_per_column) as f64 * self.shape.row_interval)
    }

    /// How far the lines go beyond the values, in values: 0 unless lines stand for several.
    pub(crate) fn surplus(&self) -> usize {
        self.lines * self.values_per_line - self.shape.values.max(1)
    }

    /// The mean of all cells in a rectangle in dB; NaN when it has no value.
    pub(crate) fn decibels(&self, columns: Range<usize>, lines: Range<usize>) -> f32 {
        let (mut sum, mut count) = (0.0f64, 0u64);
        for line in lines {
            let cells = line * self.columns + columns.start..line * self.columns + columns.end;
            sum += self.sums[cells.clone()].iter().map(|&sum| f64::from(sum)).sum::<f64>();
            count += self.counts[cells].iter().map(|&count| u64::from(count)).sum::<u64>();
        }
        // No value is no power: 0 / 0 is NaN, and so is its logarithm.
        (10.0 * (sum / count as f64).log10()) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: usize, values: usize) -> Grid {
        Grid::new(GridShape { first_row: 100.0, row_interval: 0.5, rows, values })
    }

    #[test]
    fn rows_stand_where_their_time_says_and_gaps_stay() {
        let mut grid = grid(4, 2);
        grid.add(100.0, [1.0, 10.0].into_iter());
        grid.add(101.501, [100.0, f32::NAN].into_iter());
        grid.add(99.0, [9.0, 9.0].into_iter());
        grid.add(102.0, [9.0, 9.0].into_iter());
        let cell = |column: usize, line: usize| grid.decibels(column..column + 1, line..line + 1);
        assert_eq!((cell(0, 0), cell(0, 1), cell(3, 0)), (0.0, 10.0, 20.0));
        assert!(cell(1, 0).is_nan() && cell(2, 1).is_nan() && cell(3, 1).is_nan());
        assert_eq!(grid.time(), (99.75, 101.75));
    }

    #[test]
    fn a_day_of_rows_takes_no_more_than_a_picture() {
        let mut grid = grid(1_000_000, 30_000);
        assert!(grid.columns() <= MOST_COLUMNS && grid.lines() <= MOST_LINES);
        grid.add(100.0, std::iter::repeat_n(1.0, 30_000));
        grid.add(100.5, std::iter::repeat_n(3.0, 30_000));
        assert!(
            (grid.decibels(0..1, 0..1) - 10.0 * 2f32.log10()).abs() < 1e-5,
            "powers are averaged, not decibels"
        );
    }

    #[test]
    fn silence_is_not_a_gap() {
        let mut grid = grid(1, 1);
        grid.add(100.0, [0.0].into_iter());
        let silence = grid.decibels(0..1, 0..1);
        assert!(silence.is_infinite() && silence < 0.0, "{silence}");
    }
}

use std::ops::Range;

/// Where samples lie in blocks of which only the middle is kept: the rest is in the blocks before and after.
#[derive(Debug, PartialEq)]
pub(super) struct Blocks {
    /// Which samples of each block are kept.
    pub(super) kept: Range<u64>,
    /// The blocks of each segment: those that follow each other without a gap.
    pub(super) segments: Vec<Range<u64>>,
}

impl Blocks {
    /// The middle `count` of `length` samples; the odd sample more is left out at the end.
    pub(super) fn middle(length: u64, count: u64) -> Range<u64> {
        let first = (length - count) / 2;
        first..first + count
    }

    /// How many samples a segment has.
    pub(super) fn samples(&self, segment: usize) -> u64 {
        self.segments.get(segment).map_or(0, |blocks| (blocks.end - blocks.start) * self.length())
    }

    /// How many samples of a block are kept.
    fn length(&self) -> u64 {
        self.kept.end - self.kept.start
    }

    /// The blocks, and the samples of each, that hold these times of a segment. Times beyond it are left out.
    pub(super) fn pieces(&self, segment: usize, times: Range<u64>) -> Vec<(u64, Range<u64>)> {
        let (samples, length) = (self.samples(segment), self.length());
        let times = times.start.min(samples)..times.end.min(samples);
        if times.is_empty() {
            return vec![];
        }
        let first = self.segments[segment].start;
        (times.start / length..times.end.div_ceil(length))
            .map(|block| {
                let begin = times.start.saturating_sub(block * length);
                let end = (times.end - block * length).min(length);
                (first + block, self.kept.start + begin..self.kept.start + end)
            })
            .collect()
    }
}

/// Parts `times` of blocks where one comes later than the one before by more than 1.5 typical steps.
pub(super) fn segments(times: &[f64]) -> Vec<Range<u64>> {
    let steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut sorted = steps.clone();
    sorted.sort_by(f64::total_cmp);
    let typical = sorted.get(steps.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    let gaps = steps.iter().enumerate().filter(|(_, step)| **step > 1.5 * typical);
    let mut bounds = vec![0];
    bounds.extend(gaps.map(|(block, _)| block as u64 + 1));
    bounds.push(times.len() as u64);
    bounds.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_kept() {
        assert_eq!(Blocks::middle(250, 125), 62..187);
        assert_eq!(Blocks::middle(8, 4), 2..6);
        assert_eq!(Blocks::middle(26_250, 25_000), 625..25_625);
        assert_eq!(Blocks::middle(5, 5), 0..5);
    }

    #[test]
    fn only_what_is_asked_for_is_selected() {
        let blocks = Blocks { kept: 62..187, segments: vec![0..10, 10..12] };
        assert_eq!((blocks.samples(0), blocks.samples(1), blocks.samples(2)), (1250, 250, 0));
        assert_eq!(blocks.pieces(0, 0..1), [(0, 62..63)]);
        assert_eq!(blocks.pieces(0, 124..126), [(0, 186..187), (1, 62..63)]);
        assert_eq!(blocks.pieces(0, 125..250), [(1, 62..187)]);
        assert_eq!(blocks.pieces(0, 130..380), [(1, 67..187), (2, 62..187), (3, 62..67)]);
        assert_eq!(blocks.pieces(0, 1249..9999), [(9, 186..187)], "not into the next segment");
        assert_eq!(blocks.pieces(1, 124..126), [(10, 186..187), (11, 62..63)]);
        for nothing in [0..0, 7..7, 1250..1251, u64::MAX..u64::MAX] {
            assert_eq!(blocks.pieces(0, nothing), []);
        }
        assert_eq!(blocks.pieces(2, 0..1), []);
    }

    #[test]
    fn a_missing_block_begins_a_segment() {
        assert_eq!(segments(&[5.0]).as_slice(), std::slice::from_ref(&(0..1)));
        assert_eq!(segments(&[5.0, 6.02, 6.99, 8.03]).as_slice(), std::slice::from_ref(&(0..4)));
        assert_eq!(segments(&[5.0, 6.0, 11.0]), [0..2, 2..3], "a typical step is the shorter of two");
        assert_eq!(segments(&[5.0, 6.0, 8.0, 9.0, 10.0]), [0..2, 2..5]);
        assert_eq!(segments(&[5.0, 60.0, 61.0, 62.0, 70.0]), [0..1, 1..4, 4..5]);
    }
}

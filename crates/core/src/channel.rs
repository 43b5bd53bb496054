use serde::Serialize;

/// A contiguous stretch of fibre: channel numbers counted from 1, both ends inclusive.
///
/// `1 <= first <= last` always holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ChannelRange {
    first: u32,
    last: u32,
}

impl ChannelRange {
    /// Every channel that any fibre can have.
    pub const ALL: Self = Self { first: 1, last: u32::MAX };

    /// `None` unless `1 <= first <= last`.
    #[must_use]
    pub fn new(first: u32, last: u32) -> Option<Self> {
        (first >= 1 && first <= last).then_some(Self { first, last })
    }

    /// The lowest channel number.
    #[must_use]
    pub fn first(self) -> u32 {
        self.first
    }

    /// The highest channel number.
    #[must_use]
    pub fn last(self) -> u32 {
        self.last
    }

    /// How many channels there are; never 0.
    #[must_use]
    pub fn count(self) -> usize {
        (self.last - self.first) as usize + 1
    }

    /// The same channels as zero-based columns of a block that starts at channel `origin`.
    ///
    /// # Panics
    /// When this range begins before `origin`: the caller has mixed up two fibres.
    #[must_use]
    pub fn columns_from(self, origin: u32) -> std::ops::Range<usize> {
        assert!(
            self.first >= origin,
            "channel {} lies before the block's first channel {origin}",
            self.first
        );
        (self.first - origin) as usize..(self.last - origin) as usize + 1
    }

    /// Cuts the range into at most `parts` contiguous ranges whose sizes differ by at most one,
    /// the larger ones first.
    #[must_use]
    pub fn split(self, parts: usize) -> Vec<Self> {
        let count = self.count();
        let parts = parts.clamp(1, count);
        let mut first = self.first;
        (0..parts)
            .map(|part| {
                let size = count / parts + usize::from(part < count % parts);
                let range = Self { first, last: first + size as u32 - 1 };
                first += size as u32;
                range
            })
            .collect()
    }
}

use std::ops::Range;
use std::sync::Arc;

use focus_core::ChannelRange;
use jiff::Timestamp;

/// One line of a picture, for every channel that anyone wants. Cloning shares the values.
#[derive(Clone, Debug)]
pub struct Row {
    number: i64,
    time: Timestamp,
    /// Ascending, without overlap.
    tiles: Vec<Arc<Tile>>,
}

/// A row's values for neighbouring channels.
#[derive(Debug)]
pub(crate) struct Tile {
    /// The first of its channels.
    pub(crate) channel: u32,
    /// How many there are.
    pub(crate) channels: usize,
    /// The bins that each channel has; `None` for a waterfall, which has one value.
    pub(crate) bins: Option<Range<u32>>,
    /// Channel by channel, bins ascending; `None` when samples are missing.
    pub(crate) values: Option<Vec<f32>>,
}

impl Tile {
    fn end(&self) -> u64 {
        u64::from(self.channel) + self.channels as u64
    }

    fn has_bins(&self, bins: &Range<u32>) -> bool {
        self.bins.as_ref().is_none_or(|own| bins.is_empty() || own.start <= bins.start && bins.end <= own.end)
    }

    /// The values of one of its channels.
    fn of_channel(&self, channel: u32) -> Option<&[f32]> {
        let each = self.bins.as_ref().map_or(1, Range::len);
        let begin = channel.checked_sub(self.channel)? as usize * each;
        self.values.as_ref()?.get(begin..begin + each)
    }
}

impl Row {
    pub(crate) fn new(number: i64, time: Timestamp, tiles: Vec<Arc<Tile>>) -> Self {
        Self { number, time, tiles }
    }

    /// Counts rows from the origin; negative for those before it. A jump is a gap too long to fill.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.number
    }

    /// Centre of the row's interval, UTC.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Whether each of `channels` has its value here (or NaN, where samples are missing). A channel that was
    /// not wanted has none, nor has one that has been wanted for less than a whole row and its windows.
    #[must_use]
    pub fn covers(&self, channels: ChannelRange) -> bool {
        self.has(channels, &(0..0))
    }

    /// [`covers`](Self::covers), and each of `bins` is there too. Bins that came to be wanted in the middle
    /// of a row of several windows are there from the next row on.
    #[must_use]
    pub fn covers_bins(&self, channels: ChannelRange, bins: Range<u32>) -> bool {
        self.has(channels, &bins)
    }

    fn has(&self, channels: ChannelRange, bins: &Range<u32>) -> bool {
        let mut next = u64::from(channels.first());
        for tile in self.tiles_from(channels.first()) {
            if next > u64::from(channels.last()) || u64::from(tile.channel) > next || !tile.has_bins(bins) {
                break;
            }
            next = tile.end();
        }
        next > u64::from(channels.last())
    }

    /// Appends the values of `channels` (shape channels x bins): channel by channel, ascending in frequency.
    /// A waterfall has one value for each channel, whatever `bins` says.
    ///
    /// NaN where samples are missing, and where the row [has no value](Self::covers_bins).
    pub fn copy_to(&self, channels: ChannelRange, bins: Range<u32>, out: &mut Vec<f32>) {
        let mut tiles = self.tiles_from(channels.first()).peekable();
        let waterfall = self.tiles.first().is_some_and(|tile| tile.bins.is_none());
        let each = if waterfall { 1 } else { bins.len() };
        out.reserve(each * channels.count());
        for channel in channels.first()..=channels.last() {
            while tiles.next_if(|tile| tile.end() <= u64::from(channel)).is_some() {}
            let Some((values, tile)) = tiles.peek().and_then(|tile| Some((tile.of_channel(channel)?, tile)))
            else {
                out.extend(std::iter::repeat_n(f32::NAN, each));
                continue;
            };
            match &tile.bins {
                None => out.extend_from_slice(values),
                Some(own) if tile.has_bins(&bins) && !bins.is_empty() => {
                    out.extend_from_slice(&values[(bins.start - own.start) as usize..][..each]);
                }
                Some(own) => out.extend(bins.clone().map(|bin| {
                    bin.checked_sub(own.start)
                        .and_then(|at| values.get(at as usize))
                        .copied()
                        .unwrap_or(f32::NAN)
                })),
            }
        }
    }

    fn tiles_from(&self, channel: u32) -> impl Iterator<Item = &Arc<Tile>> {
        self.tiles[self.tiles.partition_point(|tile| tile.end() <= u64::from(channel))..].iter()
    }
}

use std::num::NonZeroU32;

use focus_core::ChannelRange;

/// A fibre cut into bands of channels: all of one width, the last one may be narrower.
///
/// Each band's blocks are published under a routing key of their own, so that a reader receives no more than
/// the bands that it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bands {
    channels: u32,
    width: NonZeroU32,
}

/// Some neighbouring channels of a fibre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Band {
    /// Counted from 0, from channel 1 on.
    pub(crate) number: u32,
    /// Its channels.
    pub(crate) channels: ChannelRange,
}

impl Band {
    /// What its blocks are published under.
    #[must_use]
    pub(crate) fn routing_key(self) -> String {
        format!("band.{}", self.number)
    }
}

impl Bands {
    /// Cuts so many channels into bands of this width.
    #[must_use]
    pub(crate) fn new(channels: u32, width: NonZeroU32) -> Self {
        Self { channels, width }
    }

    /// Every band, in the order of their channels.
    pub(crate) fn all(self) -> impl Iterator<Item = Band> {
        self.holding(ChannelRange::ALL)
    }

    /// The bands that hold these channels, as far as the fibre has them, in order.
    pub(crate) fn holding(self, channels: ChannelRange) -> impl Iterator<Item = Band> {
        let width = self.width.get();
        let last = channels.last().min(self.channels);
        let first = (channels.first() - 1) / width;
        let end = if channels.first() > last { first } else { last.div_ceil(width) };
        (first..end).filter_map(move |number| {
            let first = number * width + 1;
            let last = first.saturating_add(width - 1).min(self.channels);
            ChannelRange::new(first, last).map(|channels| Band { number, channels })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bands(channels: u32, width: u32) -> Bands {
        Bands::new(channels, NonZeroU32::new(width).unwrap())
    }

    fn range(first: u32, last: u32) -> ChannelRange {
        ChannelRange::new(first, last).unwrap()
    }

    #[test]
    fn the_last_band_is_what_remains() {
        let all: Vec<_> = bands(300, 128).all().collect();
        let band = |number, first, last| Band { number, channels: range(first, last) };
        assert_eq!(all, [band(0, 1, 128), band(1, 129, 256), band(2, 257, 300)]);
        assert_eq!(all[2].routing_key(), "band.2");
        assert_eq!(bands(256, 128).all().count(), 2);
        assert_eq!(bands(1, 128).all().collect::<Vec<_>>(), [band(0, 1, 1)]);
    }

    #[test]
    fn channels_beyond_the_fibre_are_in_no_band() {
        assert_eq!(bands(300, 128).holding(range(290, 400)).count(), 1);
        assert_eq!(bands(300, 128).holding(range(301, 400)).count(), 0);
        assert_eq!(bands(u32::MAX, u32::MAX).all().count(), 1);
    }

    proptest! {
        #[test]
        fn bands_cover_what_they_hold_and_no_band_is_for_nothing(
            channels in 1..5000_u32, width in 1..600_u32, first in 1..5000_u32, count in 0..5000_u32,
        ) {
            let wanted = range(first, first + count);
            let held: Vec<_> = bands(channels, width).holding(wanted).collect();
            let last = wanted.last().min(channels);
            if first > channels {
                prop_assert!(held.is_empty());
            } else {
                prop_assert!(held[0].channels.first() <= first && held[0].channels.last() >= first);
                let end = held[held.len() - 1].channels;
                prop_assert!(end.first() <= last && end.last() >= last);
            }
            for pair in held.windows(2) {
                prop_assert_eq!(pair[0].channels.last() + 1, pair[1].channels.first());
                prop_assert_eq!(pair[0].number + 1, pair[1].number);
            }
            for band in held {
                prop_assert_eq!(band.number, (band.channels.first() - 1) / width);
            }
        }
    }
}

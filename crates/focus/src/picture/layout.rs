use std::str::FromStr;

/// Pixels of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Across.
    pub(crate) width: u32,
    /// Down.
    pub(crate) height: u32,
}

impl Size {
    const LEAST: u32 = 240;
    const MOST: u32 = 10_000;
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pixels = |text: &str| text.parse().ok().filter(|n| (Self::LEAST..=Self::MOST).contains(n));
        text.split_once('x')
            .and_then(|(width, height)| Some(Self { width: pixels(width)?, height: pixels(height)? }))
            .ok_or_else(|| format!("must be WIDTHxHEIGHT, each from {} to {}", Self::LEAST, Self::MOST))
    }
}

/// A rectangle; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    /// Left edge.
    pub(crate) x: i32,
    /// Upper edge.
    pub(crate) y: i32,
    /// Pixels across, at least 1.
    pub(crate) width: i32,
    /// Pixels down, at least 1.
    pub(crate) height: i32,
}

impl Area {
    /// The first column to the right of it.
    pub(crate) fn right(self) -> i32 {
        self.x + self.width
    }

    /// The first line below it.
    pub(crate) fn bottom(self) -> i32 {
        self.y + self.height
    }
}

/// Where everything goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The values.
    pub(crate) plot: Area,
    /// The colour bar.
    pub(crate) bar: Area,
    /// Where title and subtitle begin.
    pub(crate) title: (i32, i32),
}

const OUTER: i32 = 24;
const TITLES: i32 = 62;
const LEFT_AXIS: i32 = 82;
const RIGHT_AXIS: i32 = 78;
const BELOW: i32 = 52;
const BAR_GAP: i32 = 28;
const BAR: i32 = 20;
const BAR_AXIS: i32 = 80;

impl Layout {
    /// For a picture of this size, with or without an axis at the right of the plot.
    pub(crate) fn new(size: Size, right_axis: bool) -> Self {
        let width = i32::try_from(size.width).unwrap_or(i32::MAX);
        let height = i32::try_from(size.height).unwrap_or(i32::MAX);
        let beside = BAR_GAP + BAR + BAR_AXIS + OUTER / 2 + if right_axis { RIGHT_AXIS } else { 0 };
        let x = OUTER / 2 + LEFT_AXIS;
        let y = OUTER / 2 + TITLES;
        let plot = Area {
            x,
            y,
            width: (width - x - beside).max(1),
            height: (height - y - BELOW - OUTER / 2).max(1),
        };
        let bar_x = plot.right() + BAR_GAP + if right_axis { RIGHT_AXIS } else { 0 };
        let bar = Area { x: bar_x, y, width: BAR, height: plot.height };
        Self { plot, bar, title: (x, OUTER / 2) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_bounded() {
        assert_eq!("1600x900".parse(), Ok(Size { width: 1600, height: 900 }));
        for text in ["", "1600", "100x900", "1600x90000", "ax9"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn areas_are_never_empty_and_fit_when_there_is_room(
            width in 0u32..20_000, height in 0u32..20_000, right_axis: bool,
        ) {
            let Layout { plot, bar, .. } = Layout::new(Size { width, height }, right_axis);
            prop_assert!(plot.width >= 1 && plot.height >= 1 && bar.width >= 1 && bar.height >= 1);
            prop_assert!(plot.right() < bar.x);
            if width >= 400 && height >= 240 {
                prop_assert!(bar.right() < width as i32 && plot.bottom() < height as i32);
            }
        }
    }
}

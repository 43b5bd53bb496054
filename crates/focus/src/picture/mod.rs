//! Rows as a picture: axes, colours and a PNG. Knows nothing of servers.

mod canvas;
mod colormap;
mod contrast;
mod draw;
mod grid;
mod layout;
mod png;
mod ticks;

pub(crate) use colormap::Colormap;
pub(crate) use contrast::Contrast;
pub(crate) use draw::draw;
pub(crate) use grid::{Grid, GridShape};
pub(crate) use layout::Size;

/// What a picture shows beside its values.
#[derive(Clone, Debug)]
pub(crate) struct Caption {
    /// The largest line.
    pub(crate) title: String,
    /// The line below it.
    pub(crate) subtitle: String,
    /// What the colours stand for, e.g. `dB re 1 nm/m/s`.
    pub(crate) unit: String,
}

/// What the lines of the grid are, from bottom or top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lines {
    /// Channels, the first one at the top.
    Channels {
        /// Number of the first one.
        first: u32,
        /// Number of the last one.
        last: u32,
        /// Where they are along the fibre, when that is known.
        distance: Option<Distance>,
    },
    /// Frequencies, the lowest one at the bottom.
    Frequencies {
        /// Centre of the lowest bin, Hz.
        first: f64,
        /// Centre of the highest bin, Hz.
        last: f64,
    },
}

/// Where channels are along the fibre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Distance {
    /// Metres between channels, above 0.
    pub(crate) per_channel: f64,
    /// Metres at channel 1; when that is not known, distances are told from there.
    pub(crate) of_first_channel: Option<f64>,
}

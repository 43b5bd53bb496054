use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{ChannelRange, epoch_seconds};

/// The contract's numbers for the three kinds of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "u8")]
pub enum ViewType {
    /// 0: a spectrogram of each channel.
    Multichannel,
    /// 1: a spectrogram of one channel.
    SingleChannel,
    /// 2: energy per channel.
    Waterfall,
}

impl From<ViewType> for u8 {
    fn from(view_type: ViewType) -> Self {
        match view_type {
            ViewType::Multichannel => 0,
            ViewType::SingleChannel => 1,
            ViewType::Waterfall => 2,
        }
    }
}

/// A frequency band in Hz, both ends inclusive, `0 <= min < max`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Band {
    /// Lower end, Hz.
    pub min: f64,
    /// Upper end, Hz.
    pub max: f64,
}

/// What a row shows for each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Picture {
    /// One-sided amplitude at each bin of `nfft`-sample windows that lies inside `band`.
    Spectrogram {
        /// Samples in a window: a power of two, 128 to 65536.
        nfft: u32,
        /// The part of the spectrum that is wanted.
        band: Band,
    },
    /// Root mean square of the samples in the row's interval.
    Waterfall,
}

/// Which time a view shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// From now on.
    Live,
    /// What was recorded in `[start, end)`.
    Historic {
        /// First instant.
        start: Timestamp,
        /// First instant that is no longer shown.
        end: Timestamp,
    },
}

impl Period {
    /// Whether it shows the fibre as it is now.
    #[must_use]
    pub fn is_live(self) -> bool {
        self == Self::Live
    }
}

/// A request that makes sense on the fibre it was checked against. See [`crate::Draft::resolve`].
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub(crate) kind: ViewType,
    pub(crate) channels: ChannelRange,
    pub(crate) picture: Picture,
    pub(crate) height: u32,
    pub(crate) duration: f64,
    pub(crate) period: Period,
    pub(crate) with_past: bool,
}

impl View {
    /// Which kind of picture.
    #[must_use]
    pub fn view_type(&self) -> ViewType {
        self.kind
    }

    /// The channels that are shown: for a single-channel view, one.
    #[must_use]
    pub fn channels(&self) -> ChannelRange {
        self.channels
    }

    /// What each row shows.
    #[must_use]
    pub fn picture(&self) -> Picture {
        self.picture
    }

    /// Rows that the display has for [`Self::duration`].
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Seconds that the display shows at once.
    #[must_use]
    pub fn duration(&self) -> f64 {
        self.duration
    }

    /// Live or historic.
    #[must_use]
    pub fn period(&self) -> Period {
        self.period
    }

    /// Whether a live view begins with the [`duration`](Self::duration) before it was asked for, as far as that is
    /// known.
    #[must_use]
    pub fn with_past(&self) -> bool {
        self.with_past
    }

    /// The view as the request that makes it, with every default filled in.
    #[must_use]
    pub fn to_request(&self) -> Value {
        let mut request = Map::new();
        request.insert("view_type".into(), json!(u8::from(self.kind)));
        request.insert("channels".into(), json!({"min": self.channels.first(), "max": self.channels.last()}));
        request.insert("displayInfo".into(), json!({"height": self.height}));
        if let Picture::Spectrogram { nfft, band } = self.picture {
            request.insert("displayTimeAxisDuration".into(), json!(self.duration));
            request.insert("nfftSelection".into(), json!(nfft));
            request.insert("frequencyRange".into(), json!(band));
        }
        if let Period::Historic { start, end } = self.period {
            request.insert("start_time".into(), json!(epoch_seconds(start)));
            request.insert("end_time".into(), json!(epoch_seconds(end)));
        }
        if self.with_past {
            request.insert("withPast".into(), json!(true));
        }
        Value::Object(request)
    }
}

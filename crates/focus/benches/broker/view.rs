//! What the jobs show, and when its rows could be there.

use serde_json::{Value, json};

pub(crate) const CHANNELS: u32 = 2222;
pub(crate) const RATE: f64 = 2000.0;
/// Samples in a block of the fibre and channel: 100 ms, the default.
const BLOCK: f64 = 200.0;
/// Samples from one row to the next: 25 rows a second.
const HOP: f64 = 80.0;
/// Seconds from one row to the next.
pub(crate) const ROW_INTERVAL: f64 = HOP / RATE;

/// What all jobs show of their channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum View {
    Waterfall,
    /// Windows of 1024 samples, 0 to 500 Hz.
    Spectrogram,
}

impl View {
    /// Samples that a row is made of.
    fn window(self) -> f64 {
        if self == Self::Waterfall { HOP } else { 1024.0 }
    }

    /// The request for a job that shows these channels.
    pub(crate) fn request(self, (first, last): (u32, u32)) -> Value {
        let mut request = json!({
            "view_type": 2, "channels": {"min": first, "max": last}, "displayInfo": {"height": 250},
        });
        if self == Self::Spectrogram {
            request["view_type"] = json!(0);
            request["displayTimeAxisDuration"] = json!(250.0 * ROW_INTERVAL);
            request["nfftSelection"] = json!(self.window());
            request["frequencyRange"] = json!({"min": 0, "max": 500});
        }
        request
    }

    /// Milliseconds from the middle of row `index` to the last sample that it is made of, and to the end of the
    /// block that brings that sample. A job counts samples from the beginning of its first block, and its row 0 is the
    /// first whose samples are all there.
    pub(crate) fn waits(self, index: i32) -> (f64, f64) {
        let half = self.window() / 2.0;
        let before = ((half - HOP / 2.0) / HOP).ceil();
        let middle = (f64::from(index) + before + 0.5) * HOP;
        let full = ((middle + half) / BLOCK).ceil() * BLOCK;
        (half / RATE * 1e3, (full - middle) / RATE * 1e3)
    }
}

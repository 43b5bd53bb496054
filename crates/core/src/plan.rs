use std::ops::Range;

use crate::{ChannelRange, Faults, Fibre, Limits, Picture, View, ViewType};

/// Most streams that a view's channels are shared out to.
const MAX_STREAMS: usize = 3;
/// Channels are transformed in groups of this many, side by side.
const CHANNEL_GROUP: usize = 16;
/// A slow viewer may fall this far behind before it loses rows, seconds ..
const QUEUE_SECONDS: f64 = 4.0;
/// .. unless those rows would take more memory than this, bytes.
const QUEUE_BYTES: usize = 32 << 20;
/// .. but never fewer than this many.
const QUEUE_MIN_ROWS: usize = 8;
/// What a queued row takes beside its values, bytes.
const ROW_OVERHEAD: usize = 1024;

/// What a view will yield: frequencies, row interval, streams, cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The channels that are shown.
    pub channels: ChannelRange,
    /// Samples per second and channel of the source, Hz.
    pub sampling_rate: f64,
    /// Samples in a window; `None` for a waterfall.
    pub nfft: Option<u32>,
    /// Bins of the one-sided spectrum that are shown; empty for a waterfall.
    pub bins: Range<u32>,
    /// Seconds between rows.
    pub row_interval: f64,
    /// Windows whose powers are averaged into one row; 1 for a waterfall.
    pub windows_per_row: u32,
    /// Who gets which channels: stream `i` is `streams[i]`.
    pub streams: Vec<StreamPlan>,
    /// What it takes.
    pub cost: Cost,
}

/// The share of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPlan {
    /// Its channels.
    pub channels: ChannelRange,
}

/// What a plan takes, per second of fibre time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Float values in all rows of one second.
    pub values_per_second: f64,
    /// Work of the Fourier transforms in one second, counted in transforms of 1024 samples: one of 65536
    /// counts as 102 (`n log n`), and channels count in the groups in which they are transformed.
    pub ffts_per_second: f64,
    /// Memory for windows and queues, bytes.
    pub memory_bytes: u64,
}

impl Plan {
    /// What `view` yields on `fibre`.
    #[must_use]
    pub fn new(view: &View, fibre: &Fibre) -> Self {
        let channels = view.channels();
        let rate = fibre.sampling_rate;
        let row_interval = view.duration() / f64::from(view.height());
        let (nfft, bins, windows_per_row) = match view.picture() {
            Picture::Waterfall => (None, 0..0, 1),
            Picture::Spectrogram { nfft, band } => (
                Some(nfft),
                bins_inside(band.min, band.max, nfft, rate),
                windows_per_row(nfft, row_interval * rate),
            ),
        };
        let parts = if view.view_type() == ViewType::SingleChannel { 1 } else { MAX_STREAMS };
        let streams = channels.split(parts).into_iter().map(|channels| StreamPlan { channels }).collect();
        let mut plan = Self {
            channels,
            sampling_rate: rate,
            nfft,
            bins,
            row_interval,
            windows_per_row,
            streams,
            cost: Cost { values_per_second: 0.0, ffts_per_second: 0.0, memory_bytes: 0 },
        };
        plan.cost = plan.estimate();
        plan
    }

    /// Samples between rows; rarely a whole number.
    #[must_use]
    pub fn hop(&self) -> f64 {
        self.row_interval * self.sampling_rate
    }

    /// Bin centres in Hz, `k * rate / nfft`; empty for a waterfall.
    #[must_use]
    pub fn frequencies(&self) -> Vec<f64> {
        self.bins.clone().map(|bin| bin_centre(bin, self.nfft.unwrap_or(1), self.sampling_rate)).collect()
    }

    /// Values that a row has for each channel: the number of bins, for a waterfall 1.
    #[must_use]
    pub fn values_per_channel(&self) -> usize {
        if self.nfft.is_some() { self.bins.len() } else { 1 }
    }

    /// Rows that a live job keeps for viewers who fall behind: a power of two.
    #[must_use]
    pub fn queued_rows(&self) -> usize {
        let row_bytes = self.channels.count() * self.values_per_channel() * size_of::<f32>() + ROW_OVERHEAD;
        let in_time = (QUEUE_SECONDS / self.row_interval).ceil() as usize;
        let rows = in_time.min(QUEUE_BYTES / row_bytes).max(QUEUE_MIN_ROWS);
        1 << rows.ilog2()
    }

    /// Each channel with the stream that carries it, in channel order.
    pub fn channel_to_stream(&self) -> impl Iterator<Item = (u32, usize)> + '_ {
        self.streams.iter().enumerate().flat_map(|(index, stream)| {
            (stream.channels.first()..=stream.channels.last()).map(move |c| (c, index))
        })
    }

    /// Notes every limit that this plan breaks, with what to change.
    pub(crate) fn check(&self, limits: &Limits, faults: &mut Faults) {
        let bytes = self.cost.values_per_second * 4.0;
        if bytes > limits.max_row_bytes_per_second {
            let factor = bytes / limits.max_row_bytes_per_second;
            faults.view(
                "$",
                format!(
                    "this view makes {:.0} MB of rows per second and the limit is {:.0}: \
                     ask for fewer rows (displayInfo.height), channels or frequencies, {factor:.1} times less in all",
                    bytes / 1e6,
                    limits.max_row_bytes_per_second / 1e6,
                ),
            );
        }
        if self.cost.ffts_per_second > limits.max_ffts_per_second {
            let factor = self.cost.ffts_per_second / limits.max_ffts_per_second;
            faults.view(
                "$",
                format!(
                    "this view needs the work of {:.0} Fourier transforms of 1024 samples per second and the limit is {:.0}: \
                     ask for fewer rows (displayInfo.height) or channels, or another nfftSelection, \
                     {factor:.1} times less in all",
                    self.cost.ffts_per_second, limits.max_ffts_per_second,
                ),
            );
        }
        if self.cost.memory_bytes > limits.max_memory_bytes {
            faults.view(
                "$",
                format!(
                    "this view needs {} MB of memory and the limit is {}: \
                     ask for fewer channels or frequencies, or a smaller nfftSelection",
                    self.cost.memory_bytes >> 20,
                    limits.max_memory_bytes >> 20,
                ),
            );
        }
    }

    fn estimate(&self) -> Cost {
        let rows_per_second = 1.0 / self.row_interval;
        let channels = self.channels.count();
        let values_per_row = channels * self.values_per_channel();
        let lanes = channels.next_multiple_of(CHANNEL_GROUP) as f64;
        let transforms = f64::from(self.windows_per_row) * lanes;
        let work = self.nfft.map_or(0.0, |nfft| transforms * work_of(nfft) / work_of(1024));
        let windows = self.nfft.map_or(0.0, |nfft| lanes * f64::from(nfft) * 2.0 * size_of::<f32>() as f64);
        let queues = self.queued_rows() * (values_per_row * size_of::<f32>() + ROW_OVERHEAD);
        Cost {
            values_per_second: rows_per_second * values_per_row as f64,
            ffts_per_second: rows_per_second * work,
            memory_bytes: windows as u64 + queues as u64,
        }
    }
}

/// Operations of a transform, up to a constant.
fn work_of(nfft: u32) -> f64 {
    f64::from(nfft) * f64::from(nfft).log2()
}

/// Centre of bin `k` in Hz.
fn bin_centre(k: u32, nfft: u32, rate: f64) -> f64 {
    f64::from(k) * rate / f64::from(nfft)
}

/// The bins of a one-sided spectrum whose centres lie inside `[min, max]` Hz.
pub(crate) fn bins_inside(min: f64, max: f64, nfft: u32, rate: f64) -> Range<u32> {
    let all = 0..nfft / 2 + 1;
    // Compared as the client sees the frequencies, so that a band given by two of them has both in it.
    let first = all.clone().find(|&k| bin_centre(k, nfft, rate) >= min).unwrap_or(all.end);
    let end = all.clone().rfind(|&k| bin_centre(k, nfft, rate) <= max).map_or(first, |k| k + 1);
    first..end.max(first)
}

/// One window per row while windows of neighbouring rows touch or overlap; beyond that, as many as it
/// takes for each sample to lie in the well-weighted half of a window (at most half a window apart).
fn windows_per_row(nfft: u32, hop: f64) -> u32 {
    let nfft = f64::from(nfft);
    if hop <= nfft { 1 } else { (2.0 * hop / nfft).ceil() as u32 }
}

use std::collections::HashMap;
use std::ops::Range;

use focus_core::{ChannelRange, DataType, Fibre};
use serde::Deserialize;

/// The answer to `POST /configure`, as far as a picture needs it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Job {
    #[serde(rename = "job_id")]
    pub(super) id: String,
    pub(super) frequencies_list: Vec<f64>,
    pub(super) lines_dt: f64,
    channel_to_stream_index: HashMap<u32, usize>,
    stream_amount: usize,
    stream_url: String,
    stream_port: u16,
    pub(super) metadata: Metadata,
}

/// The fibre, as the server tells of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    prr: Option<f64>,
    sampling_rate: Option<f64>,
    pub(super) dx: Option<f64>,
    gauge_length_meters: Option<f64>,
    pub(super) number_of_channels: Option<u32>,
    pub(super) fiber_start_meters: Option<f64>,
    fiber_length_meters: Option<f64>,
    num_samples_per_trace: Option<u32>,
    dtype: Option<DataType>,
    pub(super) unit: Option<String>,
    sw_version: Option<String>,
    pub(super) fiber_description: Option<String>,
    pub(super) recorded: Option<Recorded>,
}

/// How much of the time that is shown was recorded.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Recorded {
    /// What is missing.
    pub(super) note: Option<String>,
}

impl Metadata {
    /// All of it; `None` when the server does not tell what every fibre has.
    pub(super) fn fibre(&self) -> Option<Fibre> {
        Some(Fibre {
            pulse_rate: self.prr,
            sampling_rate: self.sampling_rate.filter(|rate| rate.is_finite() && *rate > 0.0)?,
            dx: self.dx,
            gauge_length: self.gauge_length_meters,
            channels: self.number_of_channels.filter(|channels| *channels > 0)?,
            start: self.fiber_start_meters,
            length: self.fiber_length_meters,
            samples_per_trace: self.num_samples_per_trace,
            data_type: self.dtype?,
            unit: self.unit.clone(),
            software: self.sw_version.clone(),
            description: self.fiber_description.clone(),
        })
    }
}

impl Job {
    /// The channels of each stream.
    ///
    /// # Errors
    /// When the server's map does not give every stream a stretch of its own.
    pub(super) fn streams(&self) -> anyhow::Result<Vec<ChannelRange>> {
        let stretch = |stream: usize| {
            let channels = self.channel_to_stream_index.iter().filter(|&(_, index)| *index == stream);
            let channels: Vec<u32> = channels.map(|(channel, _)| *channel).collect();
            let range = ChannelRange::new(*channels.iter().min()?, *channels.iter().max()?)?;
            (range.count() == channels.len()).then_some(range)
        };
        let streams: Option<Vec<_>> = (0..self.stream_amount).map(stretch).collect();
        streams.filter(|streams| !streams.is_empty()).ok_or_else(|| {
            anyhow::anyhow!(
                "the server's channel_to_stream_index does not share out its channels to {} streams",
                self.stream_amount
            )
        })
    }

    /// All channels that are shown.
    ///
    /// # Errors
    /// As [`Self::streams`].
    pub(super) fn channels(&self) -> anyhow::Result<ChannelRange> {
        let streams = self.streams()?;
        let first = streams.iter().map(|range| range.first()).min();
        let last = streams.iter().map(|range| range.last()).max();
        first
            .zip(last)
            .and_then(|(first, last)| ChannelRange::new(first, last))
            .ok_or_else(|| anyhow::anyhow!("no channels"))
    }

    /// The one channel of these that is wanted, else all.
    ///
    /// # Errors
    /// When that is none of them, or as [`Self::streams`].
    pub(super) fn shown(&self, channel: Option<u32>) -> anyhow::Result<ChannelRange> {
        let channels = self.channels()?;
        let shown = channel.and_then(|channel| ChannelRange::new(channel, channel)).unwrap_or(channels);
        anyhow::ensure!(
            channels.first() <= shown.first() && shown.last() <= channels.last(),
            "--channel {} is not one of the channels {}-{} that are shown",
            shown.first(),
            channels.first(),
            channels.last(),
        );
        Ok(shown)
    }

    /// Where the values of these channels are in a row.
    pub(super) fn columns(&self, shown: ChannelRange) -> anyhow::Result<Range<usize>> {
        let columns = shown.columns_from(self.channels()?.first());
        Ok(columns.start * self.values_per_channel()..columns.end * self.values_per_channel())
    }

    /// Values that a row has for each channel.
    pub(super) fn values_per_channel(&self) -> usize {
        self.frequencies_list.len().max(1)
    }

    /// Where its rows are.
    pub(super) fn grpc(&self) -> String {
        format!("{}:{}", self.stream_url.trim_end_matches('/'), self.stream_port)
    }
}

use std::collections::HashMap;

use focus_core::ChannelRange;
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

/// The fibre, as far as a picture needs it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub(super) number_of_channels: Option<u32>,
    #[serde(default)]
    pub(super) dx: Option<f64>,
    #[serde(default)]
    pub(super) fiber_start_meters: Option<f64>,
    #[serde(default)]
    pub(super) unit: Option<String>,
    #[serde(default)]
    pub(super) fiber_description: Option<String>,
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

    /// Values that a row has for each channel.
    pub(super) fn values_per_channel(&self) -> usize {
        self.frequencies_list.len().max(1)
    }

    /// Where its rows are.
    pub(super) fn grpc(&self) -> String {
        format!("{}:{}", self.stream_url.trim_end_matches('/'), self.stream_port)
    }
}

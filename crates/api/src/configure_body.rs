use focus_core::epoch_seconds;
use focus_jobs::Job;
use focus_stream::{JobSpec, Show};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::fibre_body::FibreBody;

/// What to show. Unknown fields are ignored; an absent optional field may also be null.
#[derive(ToSchema)]
#[schema(example = json!({
    "view_type": 0,
    "channels": {"min": 1, "max": 100},
    "displayInfo": {"height": 1000},
    "displayTimeAxisDuration": 10,
    "nfftSelection": 1024,
    "frequencyRange": {"min": 0, "max": 100}
}))]
#[expect(
    dead_code,
    non_snake_case,
    reason = "describes what focus_core::Draft reads, which names every faulty field"
)]
pub(crate) struct ConfigureBody {
    /// 0: spectrogram of each channel; 1: spectrogram of `channels.min`; 2: waterfall, energy per channel. The number
    /// may also be a string.
    #[schema(minimum = 0, maximum = 2)]
    view_type: u8,
    /// The channels to show.
    channels: ChannelsBody,
    /// The display.
    displayInfo: DisplayBody,
    /// Seconds that the display shows at once. Must be absent or null for a waterfall.
    #[schema(default = 10.0)]
    displayTimeAxisDuration: Option<f64>,
    /// Samples in a window: a power of two; multichannel views take fewer than single-channel ones, see `/info`. 1 or
    /// absent for a waterfall.
    #[schema(default = 1024, minimum = 128, maximum = 65536)]
    nfftSelection: Option<u32>,
    /// The band to show; default the whole one. Must be absent or null for a waterfall.
    frequencyRange: Option<BandBody>,
    /// Epoch seconds. With `end_time` a historic view, without both a live one.
    start_time: Option<f64>,
    /// Epoch seconds, after `start_time` and not in the future.
    end_time: Option<f64>,
    /// Whether a live view begins with the last `displayTimeAxisDuration` (for a waterfall: 10) seconds before now, as far
    /// as they were recorded. Rows of both follow each other without a seam. Not for a historic view.
    #[schema(default = false)]
    withPast: Option<bool>,
}

/// Channel numbers counted from 1, both inclusive.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a part of ConfigureBody")]
pub(crate) struct ChannelsBody {
    /// First channel.
    #[schema(minimum = 1)]
    min: u32,
    /// Last channel.
    max: u32,
}

/// The display that rows are for.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a part of ConfigureBody")]
pub(crate) struct DisplayBody {
    /// Rows that it has for `displayTimeAxisDuration`.
    #[schema(minimum = 1)]
    height: u32,
}

/// A band of frequencies in Hz, both inclusive.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a part of ConfigureBody")]
pub(crate) struct BandBody {
    /// Lower end.
    #[schema(minimum = 0)]
    min: f64,
    /// Upper end, at most half the fibre's `sampling_rate`.
    max: f64,
}

/// A running job: what its rows mean and where to read them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConfigureAnswer {
    /// Always `success`.
    #[schema(example = "success")]
    status: &'static str,
    /// Name of the job, `<slot>-<sequence>`.
    #[schema(example = "3-1042")]
    job_id: String,
    /// Hz, the centre of each bin inside the band; empty for a waterfall.
    #[schema(example = json!([0.0, 0.5]))]
    frequencies_list: Vec<f64>,
    /// How many frequencies that are.
    #[schema(example = 2)]
    frequencies_amount: usize,
    /// Seconds between rows.
    #[schema(example = 0.01)]
    lines_dt: f64,
    /// For each channel the number of the stream that carries it.
    #[schema(value_type = std::collections::BTreeMap<String, usize>, example = json!({"1": 0, "2": 1, "3": 2}))]
    channel_to_stream_index: StreamIndex,
    /// How many streams there are, at most 3.
    #[schema(example = 3)]
    stream_amount: usize,
    /// How many channels are shown.
    #[schema(example = 3)]
    channel_amount: usize,
    /// `http://<host>` of the job's gRPC service.
    #[schema(example = "http://127.0.0.1")]
    stream_url: String,
    /// Its port.
    #[schema(example = 12301)]
    stream_port: u16,
    /// As it was asked for.
    #[schema(example = 0, minimum = 0, maximum = 2)]
    view_type: u8,
    /// The fibre or recording that is shown.
    metadata: ShownBody,
}

/// The fibre or recording that is shown, and of a view of the past how much of it was recorded.
#[derive(Debug, Serialize, ToSchema)]
struct ShownBody {
    #[serde(flatten)]
    fibre: FibreBody,
    /// Absent for a view that begins now.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<RecordedBody>,
}

/// What of the time that is shown was recorded. The rest is NaN where it lies between, and has no rows where it lies
/// before or after.
#[derive(Debug, Serialize, ToSchema)]
struct RecordedBody {
    /// When the first sample was taken, epoch seconds; null when there is none.
    #[schema(example = 1_458_545_850.5)]
    start_time: Option<f64>,
    /// When the last sample ends.
    #[schema(example = 1_458_545_900.5)]
    end_time: Option<f64>,
    /// How much was recorded in all.
    #[schema(example = 50.0)]
    seconds: f64,
    /// How often recording was interrupted between the first sample and the last.
    #[schema(example = 0)]
    gaps: usize,
    /// What is missing, and why if that is known, in one sentence; null when nothing is.
    #[schema(example = json!(null))]
    note: Option<String>,
}

impl ShownBody {
    fn of(spec: &JobSpec) -> Self {
        let unknown = match &spec.show {
            Show::Live(before) => before.as_ref().and_then(|before| before.unknown.clone()),
            Show::Historic(_) => None,
        };
        let recorded = spec.coverage().map(|coverage| RecordedBody {
            start_time: coverage.extent.as_ref().map(|extent| epoch_seconds(extent.start)),
            end_time: coverage.extent.as_ref().map(|extent| epoch_seconds(extent.end)),
            seconds: coverage.recorded.as_secs_f64(),
            gaps: coverage.gaps,
            note: unknown.or_else(|| coverage.missing()),
        });
        Self { fibre: FibreBody::from(spec.fibre.as_ref()), recorded }
    }
}

impl From<&Job> for ConfigureAnswer {
    fn from(job: &Job) -> Self {
        let spec = job.spec();
        let frequencies = spec.plan.frequencies();
        let index: Vec<_> = spec.plan.channel_to_stream().collect();
        Self {
            status: "success",
            job_id: spec.id.to_string(),
            frequencies_amount: frequencies.len(),
            frequencies_list: frequencies,
            lines_dt: spec.plan.row_interval,
            stream_amount: spec.plan.streams.len(),
            channel_amount: index.len(),
            channel_to_stream_index: StreamIndex(index),
            stream_url: job.stream_url().to_owned(),
            stream_port: job.stream_port(),
            view_type: spec.view.view_type().into(),
            metadata: ShownBody::of(spec),
        }
    }
}

/// A JSON object in the order of the channels' numbers, not of their texts.
#[derive(Debug)]
struct StreamIndex(Vec<(u32, usize)>);

impl Serialize for StreamIndex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_come_in_the_order_of_their_numbers() {
        let index = StreamIndex(vec![(9, 0), (10, 0), (11, 1)]);
        assert_eq!(serde_json::to_string(&index).unwrap(), r#"{"9":0,"10":0,"11":1}"#);
    }
}

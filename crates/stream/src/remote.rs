//! A job that runs in another process: its rows and how it is, from its gRPC service.

mod address;
mod report;

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use focus_core::ChannelRange;
use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tonic::{Code, Status, Streaming};

use crate::feed::places;
use crate::proto::data_stream_service_client::DataStreamServiceClient;
use crate::proto::{DataStream, StreamDataRequest};
use crate::row::MAX_BATCH_BYTES;
use crate::{Batch, End, Extremes, JobSpec, StreamRow, Tls, Viewer, WatchError};

pub use address::Address;
pub use report::{NoReport, Report, report};

/// The other process has this long to open a stream.
const OPEN_DEADLINE: Duration = Duration::from_secs(2);
/// Between two tries to reach one that is being started.
const TRY_AGAIN: Duration = Duration::from_millis(200);
/// Most that a frame takes beside its values: times and indices of its rows.
const FRAME_OVERHEAD: usize = 1 << 20;

/// A new viewer of one stream of the job `spec`, whose gRPC service is at `address`.
///
/// What it does not read waits in the other process, where it loses the oldest rows like any slow viewer. Its rows'
/// times are whole milliseconds, and their extremes those of the frame that they came in.
///
/// # Errors
/// When there is no such stream, no place for one more reader, or no good answer.
pub async fn watch(
    address: &Address,
    tls: Option<&Tls>,
    spec: &JobSpec,
    stream: usize,
) -> Result<Viewer, WatchError> {
    let streams = &spec.plan.streams;
    let no_such_stream = WatchError::NoSuchStream { last: streams.len() - 1 };
    let channels = streams.get(stream).ok_or_else(|| no_such_stream.clone())?.channels;
    let open = async {
        let channel = address.connect(tls).await.map_err(|error| format!("{error:#}"))?;
        let row = channels.count() * spec.plan.values_per_channel() * size_of::<f32>();
        let mut client = DataStreamServiceClient::new(channel)
            .max_decoding_message_size(row.max(MAX_BATCH_BYTES) + FRAME_OVERHEAD);
        let opened = client.stream_data(StreamDataRequest { stream_id: stream as i32 }).await;
        Ok::<_, String>(opened)
    };
    let opened = timeout(OPEN_DEADLINE, open).await;
    let opened = opened.unwrap_or_else(|_| Err(format!("no answer within {OPEN_DEADLINE:?}")));
    let frames = match opened.map_err(WatchError::Unreachable)? {
        Ok(frames) => frames.into_inner(),
        Err(status) => {
            return Err(match status.code() {
                Code::InvalidArgument => no_such_stream,
                Code::ResourceExhausted => WatchError::TooManyViewers { places: places(&spec.view) },
                _ => WatchError::Unreachable(status.message().to_owned()),
            });
        }
    };
    let may_lose = spec.view.period().is_live();
    Ok(Viewer::remote(Remote { frames, channels, may_lose, newest: None }))
}

/// The same of a job that may still be being started: as long as it cannot be reached it is tried again, until `by`.
/// Who loses interest earlier drops the future.
///
/// # Errors
/// The same; that it cannot be reached only when it could not until `by`.
pub async fn watch_patiently(
    address: &Address,
    tls: Option<&Tls>,
    spec: &JobSpec,
    stream: usize,
    by: Instant,
) -> Result<Viewer, WatchError> {
    let mut unreachable = WatchError::Unreachable("no answer in time".to_owned());
    let tries = async {
        loop {
            match watch(address, tls, spec, stream).await {
                Err(error @ WatchError::Unreachable(_)) => unreachable = error,
                answer => break answer,
            }
            sleep(TRY_AGAIN).await;
        }
    };
    let answer = timeout_at(by, tries).await;
    answer.unwrap_or(Err(unreachable))
}

/// The reading side of one stream.
#[derive(Debug)]
pub(crate) struct Remote {
    frames: Streaming<DataStream>,
    channels: ChannelRange,
    /// Whether a slow viewer loses rows: those of a recording wait.
    may_lose: bool,
    /// Index of the newest row, and whether no sample was missing in it.
    newest: Option<(u32, bool)>,
}

impl Remote {
    /// Cancel safe: what has come stays with the stream.
    pub(crate) async fn next(&mut self) -> Result<Batch, End> {
        loop {
            match self.frames.message().await {
                Ok(Some(frame)) => {
                    if let Some(batch) = self.batch(frame) {
                        return Ok(batch);
                    }
                }
                Ok(None) => return Err(End::Completed),
                Err(status) => return Err(end(&status)),
            }
        }
    }

    fn batch(&mut self, frame: DataStream) -> Option<Batch> {
        let extremes = Extremes { minimum: frame.global_minimum, maximum: frame.global_maximum };
        let stamps = frame.row_index.into_iter().zip(frame.timestamp_in_milis);
        let rows = stamps
            .zip(frame.main_data)
            .filter_map(|((index, millis), values)| row(index, millis, values, extremes));
        let rows: Vec<_> = rows.collect();
        let lost = if self.may_lose { self.lost_before(rows.first()?) } else { 0 };
        self.newest = Some(rows.last().map(|row| (row.index, row.complete))?);
        Some(Batch { channels: self.channels, rows, lost })
    }

    /// Rows that the other process made but this viewer did not take in time. A jump from one row with missing
    /// samples to another is a gap of the fibre too long to fill.
    fn lost_before(&self, row: &StreamRow) -> u64 {
        match self.newest {
            Some((_, false)) if !row.complete => 0,
            Some((newest, _)) => u64::from(row.index.saturating_sub(newest).saturating_sub(1)),
            None => 0,
        }
    }
}

fn row(index: i32, millis: i64, values: Bytes, extremes: Extremes) -> Option<Arc<StreamRow>> {
    let (index, time) = (u32::try_from(index).ok()?, Timestamp::from_millisecond(millis).ok()?);
    Some(Arc::new(StreamRow::received(index, time, values, extremes)))
}

/// Why the stream ended, the other way round than the service tells it.
fn end(status: &Status) -> End {
    let reason = status.message().to_owned();
    // What the service says comes without a source; what the transport says has one.
    match (status.source(), status.code()) {
        (None, Code::Unavailable) => End::Stopped(reason),
        (None, Code::Internal) => End::Failed(reason),
        _ => End::Failed(format!("the connection to the job broke: {reason}")),
    }
}

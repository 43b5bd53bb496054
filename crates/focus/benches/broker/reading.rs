//! Who looks at the jobs: readers of their streams over gRPC, as clients are.

use anyhow::Result;
use focus_stream::proto::StreamDataRequest;
use focus_stream::proto::data_stream_service_client::DataStreamServiceClient;
use jiff::Timestamp;

/// Larger than any frame.
const LARGEST_FRAME: usize = 256 << 20;

/// A row and when it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) index: i32,
    /// Middle of the row's interval, milliseconds since 1970.
    pub(crate) middle: i64,
    /// When its reader had it, milliseconds since 1970.
    pub(crate) at: f64,
}

/// Reads one stream until the job is stopped.
pub(crate) async fn read(address: String, stream_id: i32) -> Result<Vec<Arrival>> {
    let client = DataStreamServiceClient::connect(address).await?;
    let mut client = client.max_decoding_message_size(LARGEST_FRAME);
    let mut frames = client.stream_data(StreamDataRequest { stream_id }).await?.into_inner();
    let mut arrivals = Vec::new();
    while let Ok(Some(frame)) = frames.message().await {
        let at = now();
        let rows = frame.timestamp_in_milis.iter().zip(&frame.row_index);
        arrivals.extend(rows.map(|(&middle, &index)| Arrival { index, middle, at }));
    }
    Ok(arrivals)
}

/// Milliseconds since 1970.
pub(crate) fn now() -> f64 {
    Timestamp::now().as_microsecond() as f64 / 1e3
}

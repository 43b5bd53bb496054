//! The rows of a job over gRPC.

use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use focus_stream::proto::{
    DataStream, StreamDataRequest, data_stream_service_client::DataStreamServiceClient,
};
use tonic::{Status, Streaming, transport::Endpoint};

use super::connect::connect;
use super::job::Job;
use super::join::{Join, Row};

/// Longest silence beside the time that a row takes anyway.
const ROW_WITHIN: Duration = Duration::from_secs(30);
/// A row of very many channels and frequencies.
const LARGEST_FRAME: usize = 1 << 28;
/// What all streams together may hold back while the slowest of them is read; else it could never catch up.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// Whole rows, in order.
pub(super) struct Rows {
    streams: Vec<Streaming<DataStream>>,
    join: Join,
    row_within: Duration,
}

impl Rows {
    /// Opens all streams of a job. When it has still to be started and that takes longer than a moment, `waiting` tells so.
    ///
    /// # Errors
    /// When they cannot be reached or are refused.
    pub(super) async fn open(job: &Job, waiting: impl FnOnce()) -> anyhow::Result<Self> {
        let address = job.grpc();
        ensure!(
            !address.starts_with("https:"),
            "the server sends its rows over TLS ({address}), which `focus view` does not support; the server can do \
             without: leave grpc.tls_cert and grpc.tls_key out there"
        );
        let endpoint = Endpoint::from_shared(address.clone())
            .with_context(|| format!("the server sent a wrong stream_url: {address}"))?
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW);
        let channel = connect(endpoint, waiting).await?;
        let client = DataStreamServiceClient::new(channel).max_decoding_message_size(LARGEST_FRAME);
        let ranges = job.streams()?;
        let row_within =
            ROW_WITHIN + Duration::try_from_secs_f64(job.lines_dt * 2.0).unwrap_or(Duration::MAX / 2);
        let mut streams = Vec::new();
        for stream_id in 0..ranges.len() as i32 {
            let mut client = client.clone();
            let opened =
                tokio::time::timeout(row_within, client.stream_data(StreamDataRequest { stream_id })).await;
            streams.push(
                opened
                    .map_err(|_| silent(stream_id as usize, row_within))?
                    .map_err(|e| ended(&e))?
                    .into_inner(),
            );
        }
        Ok(Self { streams, join: Join::new(&ranges, job.values_per_channel()), row_within })
    }

    /// The next row, `None` after the last.
    ///
    /// # Errors
    /// When a stream breaks off, is silent for too long or breaks the contract.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<Row>> {
        loop {
            if let Some(row) = self.join.pop() {
                return Ok(Some(row));
            }
            // Only the stream that is furthest behind is read: no other can get ahead by more than its window.
            let Some(stream) = self.join.laggard() else { return Ok(None) };
            let message = tokio::time::timeout(self.row_within, self.streams[stream].message()).await;
            match message.map_err(|_| silent(stream, self.row_within))? {
                Ok(Some(frame)) => self.join.push(stream, &frame)?,
                Ok(None) => self.join.end(stream),
                Err(status) => return Err(ended(&status)),
            }
        }
    }
}

fn silent(stream: usize, row_within: Duration) -> anyhow::Error {
    anyhow!("no row of stream {stream} within {} s: is the fibre still connected?", row_within.as_secs())
}

fn ended(status: &Status) -> anyhow::Error {
    anyhow!("the server ended the rows: {} ({:?})", status.message(), status.code())
}

//! `pandadatastream.DataStreamService` of one job, with `focus.Job` and the standard health and reflection services.

mod connection;
mod report;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

use crate::proto::data_stream_service_server::{DataStreamService, DataStreamServiceServer};
use crate::proto::{DESCRIPTORS, DataStream, StreamDataRequest};
use crate::reports::job_server::JobServer;
use crate::{Batch, End, Feed, Tls, Viewer, WatchError};
use report::Reporter;

/// A silent client is asked after this long whether it is still there ..
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// .. and is gone when it has not answered after this long.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves the rows of `feed` on `listener` until `stop` resolves and the open streams have ended, or `cut` is
/// cancelled: then every connection is closed as it is. Each connection takes one of `places` as long as it is
/// open; without a free one it is closed at once.
///
/// # Errors
/// When the TLS identity or the built-in descriptors are unusable, or the transport fails.
pub async fn serve(
    feed: Arc<Feed>,
    listener: TcpListener,
    tls: Option<&Tls>,
    stop: impl Future<Output = ()>,
    cut: CancellationToken,
    places: Arc<Semaphore>,
) -> anyhow::Result<()> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<DataStreamServiceServer<Streams>>().await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let mut server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT));
    if let Some(tls) = tls {
        server = server.tls_config(tls.server())?;
    }
    server
        .add_service(DataStreamServiceServer::new(Streams { feed: Arc::clone(&feed) }))
        .add_service(JobServer::new(Reporter { feed }))
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .serve_with_incoming_shutdown(connection::accept(listener, places, cut), stop)
        .await?;
    Ok(())
}

struct Streams {
    feed: Arc<Feed>,
}

#[tonic::async_trait]
impl DataStreamService for Streams {
    type StreamDataStream = Pin<Box<dyn Stream<Item = Result<DataStream, Status>> + Send>>;

    async fn stream_data(
        &self,
        request: Request<StreamDataRequest>,
    ) -> Result<Response<Self::StreamDataStream>, Status> {
        let asked = request.into_inner().stream_id;
        // A negative number is as unknown as one that is too large.
        let stream = usize::try_from(asked).unwrap_or(usize::MAX);
        let viewer = self.feed.watch(stream).map_err(|error| match &error {
            WatchError::NoSuchStream { .. } => {
                Status::invalid_argument(format!("stream_id {asked}: {error}"))
            }
            WatchError::TooManyViewers { .. } => Status::resource_exhausted(error.to_string()),
            WatchError::Unreachable(reason) => Status::unavailable(reason),
        })?;
        let job = self.feed.spec().id.sequence;
        Ok(Response::new(Box::pin(frames(viewer, job))))
    }
}

fn frames(viewer: Viewer, job: u32) -> impl Stream<Item = Result<DataStream, Status>> {
    futures::stream::unfold(Some(viewer), move |viewer| async move {
        let mut viewer = viewer?;
        if let Some(batch) = viewer.next().await {
            return Some((Ok(frame(&batch, job)), Some(viewer)));
        }
        match viewer.end() {
            End::Completed => None,
            End::Stopped(reason) => Some((Err(Status::unavailable(reason)), None)),
            End::Failed(reason) => Some((Err(Status::internal(reason)), None)),
        }
    })
}

fn frame(batch: &Batch, job: u32) -> DataStream {
    let extremes = batch.rows.last().map(|row| row.extremes).unwrap_or_default();
    DataStream {
        start_channel: batch.channels.first() as i32,
        end_channel: batch.channels.last() as i32,
        timestamp_in_milis: batch.rows.iter().map(|row| nearest_millisecond(row.time)).collect(),
        row_index: batch.rows.iter().map(|row| row.index_i32()).collect(),
        data_shape_x: batch.values_per_row() as i32,
        data_shape_y: batch.rows.len() as i32,
        global_maximum: extremes.maximum,
        global_minimum: extremes.minimum,
        main_data: batch.rows.iter().map(|row| row.values.clone()).collect(),
        job_id: Some(job as i32),
        data_shape_z: None,
    }
}

fn nearest_millisecond(time: Timestamp) -> i64 {
    (time.as_nanosecond() + 500_000).div_euclid(1_000_000) as i64
}

//! A fake server: it answers as the contract says and sends made-up rows. For the tests of the client only.

use std::{
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, get, post},
};
use focus_stream::proto::{
    DataStream, StreamDataRequest,
    data_stream_service_server::{DataStreamService, DataStreamServiceServer},
};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};
use tokio_stream::{Stream, StreamExt as _, wrappers::TcpListenerStream};
use tonic::{Request, Response, Status};

/// What the fake does after it has answered `POST /configure`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Sends all rows and ends.
    Whole,
    /// Sends one row and then nothing.
    Stalls,
    /// Sends one row and ends with an error.
    Breaks,
    /// Refuses to configure anything.
    Refuses,
    /// Sends all rows, but nobody listens before the fake is told to.
    StartsLate,
}

/// Channels 1 to 6 in three streams, `ROWS` rows of them; channel 6 is always a gap.
const ROWS: i32 = 50;
/// The live fibre is another one than the recorded.
const LIVE_CHANNELS: u32 = 9;
const START_MS: i64 = 1_458_545_850_000;

/// A running fake server.
pub(crate) struct Fake {
    pub(crate) http: SocketAddr,
    answers: Answers,
    /// Has an address; connections to it are refused until it listens.
    grpc: Option<TcpSocket>,
}

#[derive(Default)]
struct Heard {
    configured: Option<Value>,
    deleted: Vec<String>,
}

#[derive(Clone)]
struct Answers {
    behaviour: Behaviour,
    grpc: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

impl Fake {
    /// Starts one.
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let grpc = TcpSocket::new_v4().unwrap();
        grpc.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let answers = Answers { behaviour, grpc: grpc.local_addr().unwrap(), heard };
        let routes = Router::new()
            .route(
                "/channels",
                get(async || Json(json!({"lowest_channel": 1, "highest_channel": LIVE_CHANNELS}))),
            )
            .route("/recordings_in_time_range", post(async || Json(json!([[100.0, 110.0], [200.0, 205.0]]))))
            .route("/configure", post(configure))
            .route("/job/{id}", delete(remove))
            .with_state(answers.clone());
        let routes = Router::new().nest("/focus-server", routes.clone()).merge(routes);
        let mut fake = Self { http: http.local_addr().unwrap(), answers, grpc: Some(grpc) };
        tokio::spawn(async move { axum::serve(http, routes).await });
        if behaviour != Behaviour::StartsLate {
            fake.listen();
        }
        fake
    }

    /// Lets clients come for their rows.
    pub(crate) fn listen(&mut self) {
        let Some(grpc) = self.grpc.take() else { return };
        let rows = DataStreamServiceServer::new(self.answers.clone());
        let rows = tonic::transport::Server::builder().add_service(rows);
        tokio::spawn(rows.serve_with_incoming(TcpListenerStream::new(grpc.listen(64).unwrap())));
    }

    /// The body of the last `POST /configure`.
    pub(crate) fn configured(&self) -> Value {
        self.answers.heard.lock().unwrap().configured.clone().unwrap_or_default()
    }

    /// The jobs that were deleted.
    pub(crate) fn deleted(&self) -> Vec<String> {
        self.answers.heard.lock().unwrap().deleted.clone()
    }
}

async fn configure(State(answers): State<Answers>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    answers.heard.lock().unwrap().configured = Some(body.clone());
    if answers.behaviour == Behaviour::Refuses {
        let refusal =
            json!({"error": "RabbitMQ unavailable: connection refused", "code": "rabbitmq_unavailable"});
        return (StatusCode::SERVICE_UNAVAILABLE, Json(refusal));
    }
    let frequencies: &[f64] = if body["view_type"] == 2 { &[] } else { &[2.0, 4.0, 6.0] };
    let first_only = body["channels"] == json!({"min": 1, "max": 1}) && body["view_type"] != 1;
    let id = if first_only { "0-6" } else { "0-7" };
    let answer = json!({
        "status": "success", "job_id": id, "frequencies_list": frequencies, "lines_dt": 0.1,
        "channel_to_stream_index": {"1": 0, "2": 0, "3": 1, "4": 1, "5": 2, "6": 2}, "stream_amount": 3,
        "stream_url": "http://127.0.0.1", "stream_port": answers.grpc.port(), "view_type": body["view_type"],
        "metadata": {"number_of_channels": 6, "dx": 1.02, "fiber_start_meters": 12.0, "unit": "nm/m/s", "fiber_description": "Fake fibre",
            "recorded": {"seconds": 3.0, "note": "a second of it is missing"}},
    });
    (StatusCode::OK, Json(answer))
}

async fn remove(State(answers): State<Answers>, Path(id): Path<String>) -> Json<Value> {
    answers.heard.lock().unwrap().deleted.push(id);
    Json(json!({}))
}

#[tonic::async_trait]
impl DataStreamService for Answers {
    type StreamDataStream = Pin<Box<dyn Stream<Item = Result<DataStream, Status>> + Send>>;

    async fn stream_data(
        &self,
        request: Request<StreamDataRequest>,
    ) -> Result<Response<Self::StreamDataStream>, Status> {
        let stream = request.into_inner().stream_id;
        let spectrum =
            self.heard.lock().unwrap().configured.as_ref().is_some_and(|body| body["view_type"] != 2);
        let rows =
            move |count: i32| tokio_stream::iter((0..count).map(move |row| Ok(frame(stream, row, spectrum))));
        Ok(Response::new(match self.behaviour {
            Behaviour::Stalls => Box::pin(rows(1).chain(tokio_stream::pending())),
            Behaviour::Breaks => {
                Box::pin(rows(1).chain(tokio_stream::once(Err(Status::unavailable("the job was stopped")))))
            }
            Behaviour::Whole | Behaviour::Refuses | Behaviour::StartsLate => Box::pin(rows(ROWS)),
        }))
    }
}

fn frame(stream: i32, row: i32, spectrum: bool) -> DataStream {
    let first = stream * 2 + 1;
    let bins = if spectrum { 3 } else { 1 };
    let values = (first..=first + 1).flat_map(|channel| {
        let value = if channel == 6 { f32::NAN } else { (channel * 10 + row) as f32 };
        std::iter::repeat_n(value, bins)
    });
    DataStream {
        start_channel: first,
        end_channel: first + 1,
        timestamp_in_milis: vec![START_MS + i64::from(row) * 100],
        row_index: vec![row],
        data_shape_x: 2 * bins as i32,
        data_shape_y: 1,
        main_data: vec![values.flat_map(f32::to_le_bytes).collect::<Vec<_>>().into()],
        ..DataStream::default()
    }
}

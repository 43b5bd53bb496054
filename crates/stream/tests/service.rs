//! A job's gRPC service as another process sees it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use focus_core::{Draft, Fibre, JobId, Limits, Plan, View};
use focus_live::{LiveFibre, LiveOptions, Playback, Scene, Simulator, Source};
use focus_recordings::{EXCERPT, EXCERPT_NAME, Recording};
use focus_stream::proto::StreamDataRequest;
use focus_stream::proto::data_stream_service_client::DataStreamServiceClient;
use focus_stream::remote::{self, Address};
use focus_stream::{End, Feed, JobSpec, LiveSpectra, Metrics, Show, Tls, WatchError, grpc};
use jiff::Timestamp;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

/// Longer than anything here takes, on a slow machine too.
const DEADLINE: Duration = Duration::from_secs(30);

/// Self-signed, for localhost; made for tests and used nowhere else.
const CERTIFICATE: &str = include_str!("../../focus/tests/localhost/certificate.pem");
/// The key that it was made for.
const ITS_KEY: &str = include_str!("../../focus/tests/localhost/key.pem");

struct Service {
    feed: Arc<Feed>,
    address: SocketAddr,
    hang_up: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
    _fibre: Option<Source>,
}

/// A live job on a simulated fibre that serves on `listener`.
fn serve(listener: TcpListener, tls: Option<Tls>) -> Service {
    let scene = Scene { channels: 30, sampling_rate: 1000.0, ..Scene::default() };
    let simulator = Simulator::new(scene).unwrap();
    let fibre = Arc::new(simulator.fibre());
    let (live, source) = Playback::simulated(simulator, LiveOptions::default()).live().unwrap();
    let request = json!({
        "view_type": 0, "channels": {"min": 1, "max": 30}, "displayInfo": {"height": 200}, "nfftSelection": 128,
    });
    let draft = Draft::parse(request.to_string().as_bytes(), Timestamp::now()).unwrap();
    let (view, plan) = draft.resolve(&fibre, &Limits::default()).unwrap();
    let feed = feed(&live, view, plan, fibre, Show::Live(None));
    Service { _fibre: Some(source), ..serve_feed(feed, listener, tls) }
}

fn feed(live: &LiveFibre, view: View, plan: Plan, fibre: Arc<Fibre>, show: Show) -> Arc<Feed> {
    let spec = Arc::new(JobSpec { id: JobId { slot: 1, sequence: 7 }, view, plan, fibre, show });
    let workers = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
    let spectra = LiveSpectra::start(live, Arc::clone(&workers), Metrics::default(), Duration::ZERO).unwrap();
    Arc::new(Feed::new(spec, &spectra, workers, Metrics::default()).unwrap())
}

fn serve_feed(feed: Arc<Feed>, listener: TcpListener, tls: Option<Tls>) -> Service {
    let address = listener.local_addr().unwrap();
    let hang_up = CancellationToken::new();
    let (served, stop) = (Arc::clone(&feed), hang_up.clone().cancelled_owned());
    let served = tokio::spawn(async move {
        let places = Arc::new(Semaphore::new(50));
        grpc::serve(served, listener, tls.as_ref(), stop, CancellationToken::new(), places).await
    });
    Service { feed, address, hang_up, served, _fibre: None }
}

/// Rows of the built-in recording, which is put into `directory`.
fn historic(directory: &Path) -> Arc<Feed> {
    let file = directory.join(EXCERPT_NAME);
    fs::write(&file, EXCERPT).unwrap();
    let recording = Recording::of_file(&file).unwrap().remove(0);
    let (fibre, start) = (Arc::new(recording.fibre.clone()), recording.start);
    let request = json!({
        "view_type": 0, "channels": {"min": 1, "max": 500}, "displayInfo": {"height": 100}, "nfftSelection": 128,
        "start_time": start.as_second() + 2, "end_time": start.as_second() + 12,
    });
    let draft = Draft::parse(request.to_string().as_bytes(), Timestamp::now()).unwrap();
    let (view, plan) = draft.resolve(&fibre, &Limits::default()).unwrap();
    feed(&focus_live::waiting(), view, plan, fibre, Show::Historic([recording].into()))
}

/// A way to `there` with room for little and no hurry; only the way back is at once.
async fn slow_link(there: SocketAddr) -> SocketAddr {
    let here = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = here.local_addr().unwrap();
    tokio::spawn(async move {
        let (client, _) = here.accept().await.unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8 << 10).unwrap();
        let service = socket.connect(there).await.unwrap();
        let ((mut asked, mut client), (mut service, mut asks)) = (client.into_split(), service.into_split());
        tokio::spawn(async move {
            let _ = tokio::io::copy(&mut asked, &mut asks).await;
            asks.shutdown().await
        });
        let mut bytes = [0; 4 << 10];
        while let Ok(count @ 1..) = service.read(&mut bytes).await {
            client.write_all(&bytes[..count]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    address
}

/// A port that nobody else gets and where nobody listens: connecting is refused.
fn unheard() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    socket
}

async fn service() -> Service {
    serve(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap(), None)
}

impl Service {
    async fn report(&self) -> remote::Report {
        remote::report(&self.address.into(), None, DEADLINE).await.unwrap()
    }

    async fn watch(&self) -> focus_stream::Viewer {
        remote::watch(&self.address.into(), None, self.feed.spec(), 0).await.unwrap()
    }
}

#[tokio::test]
async fn a_job_says_how_it_is_and_who_asks_is_no_viewer() {
    let service = service().await;
    let first = service.report().await;
    assert_eq!((first.end, first.viewers), (None, 0));
    let audience = *service.feed.audience().borrow();
    assert!(!audience.ever, "a report keeps no job alive");

    let (mut one, _other) = (service.watch().await, service.watch().await);
    let batch = timeout(DEADLINE, one.next()).await.unwrap().unwrap();
    let report = service.report().await;
    assert_eq!(report.viewers, 2);
    assert!(report.last_row.unwrap() >= batch.rows[0].time, "{report:?}");

    service.feed.finish(End::Failed("its fibre has gone".to_owned()));
    assert_eq!(service.report().await.end, Some(End::Failed("its fibre has gone".to_owned())));
    service.hang_up.cancel();
    timeout(DEADLINE, service.served).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn each_way_to_end_is_told_as_what_it_is() {
    for end in [End::Completed, End::Stopped("enough".to_owned()), End::Failed("broken".to_owned())] {
        let service = service().await;
        service.feed.finish(end.clone());
        assert_eq!(service.report().await.end, Some(end));
    }
}

#[tokio::test]
async fn without_an_answer_there_is_no_report_and_it_is_said_in_time() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let asked = Instant::now();
    let address = silent.local_addr().unwrap().into();
    let error = remote::report(&address, None, Duration::from_millis(200)).await.unwrap_err();
    assert!(error.to_string().contains("no answer within 200ms"), "{error}");
    assert!(asked.elapsed() < Duration::from_secs(10));
    let nobody = unheard();
    let address = nobody.local_addr().unwrap().into();
    remote::report(&address, None, DEADLINE).await.unwrap_err();
    let nowhere = Address { host: "no host".to_owned(), port: 1 };
    remote::report(&nowhere, None, DEADLINE).await.unwrap_err();
}

#[tokio::test]
async fn reflection_and_health_know_what_is_served() {
    let service = service().await;
    let uri = format!("http://{}", Address { host: "localhost".to_owned(), port: service.address.port() });
    let channel = Endpoint::from_shared(uri).unwrap().connect().await.unwrap();
    let mut health = HealthClient::new(channel.clone());
    let about = HealthCheckRequest { service: "pandadatastream.DataStreamService".to_owned() };
    let status = health.check(about).await.unwrap().into_inner().status();
    assert_eq!(status, ServingStatus::Serving);

    let mut reflection = ServerReflectionClient::new(channel);
    let list = MessageRequest::ListServices(String::new());
    let list = ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut answers = reflection.server_reflection_info(tokio_stream::once(list)).await.unwrap().into_inner();
    let answer = answers.next().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(listed) = answer else { panic!("{answer:?}") };
    let names: Vec<_> = listed.service.into_iter().map(|service| service.name).collect();
    for name in ["pandadatastream.DataStreamService", "focus.Job", "grpc.health.v1.Health"] {
        assert!(names.iter().any(|listed| listed == name), "{names:?}");
    }
}

#[tokio::test]
async fn who_is_patient_sees_a_job_that_is_still_being_started() {
    let socket = unheard();
    let address = Address::from(socket.local_addr().unwrap());
    let spec = Arc::clone(service().await.feed.spec());
    let refused = remote::watch(&address, None, &spec, 0).await.unwrap_err();
    assert!(matches!(refused, WatchError::Unreachable(_)), "{refused}");

    let soon = Instant::now() + Duration::from_millis(500);
    let refused = remote::watch_patiently(&address, None, &spec, 0, soon).await.unwrap_err();
    assert!(matches!(refused, WatchError::Unreachable(_)) && Instant::now() >= soon, "{refused}");
    assert!(!refused.to_string().contains("in time"), "the last reason is told: {refused}");

    let late = Instant::now() + DEADLINE;
    let mut viewer = pin!(remote::watch_patiently(&address, None, &spec, 0, late));
    timeout(Duration::from_millis(300), &mut viewer).await.unwrap_err();
    let _service = serve(socket.listen(16).unwrap(), None);
    assert!(viewer.await.unwrap().next().await.is_some());

    let asked = Instant::now();
    let error = remote::watch_patiently(&address, None, &spec, 9, late).await.unwrap_err();
    assert_eq!(error, WatchError::NoSuchStream { last: 2 });
    assert!(asked.elapsed() < Duration::from_secs(10), "no patience helps there");
}

#[tokio::test]
async fn over_tls_a_job_is_reached_by_name_and_by_number() {
    let tls = Tls { certificates: CERTIFICATE.into(), private_key: ITS_KEY.into() };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let service = serve(listener, Some(tls.clone()));
    let named = Address { host: "localhost".to_owned(), port: service.address.port() };
    for address in [named, service.address.into()] {
        let mut viewer = remote::watch(&address, Some(&tls), service.feed.spec(), 0).await.unwrap();
        assert!(viewer.next().await.is_some());
        assert_eq!(remote::report(&address, Some(&tls), DEADLINE).await.unwrap().viewers, 1);
        remote::report(&address, None, DEADLINE).await.unwrap_err();
        drop(viewer);
        let mut audience = service.feed.audience();
        timeout(DEADLINE, audience.wait_for(|audience| audience.viewers == 0)).await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_rows_arrive_however_slow_the_way() {
    let data = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let service = serve_feed(historic(data.path()), listener, None);
    let address = slow_link(service.address).await;
    // A client that says after each few rows that it has room for more.
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let endpoint = endpoint.initial_stream_window_size(512 << 10).initial_connection_window_size(512 << 10);
    let mut client =
        DataStreamServiceClient::new(endpoint.connect().await.unwrap()).max_decoding_message_size(4 << 20);
    let mut frames = client.stream_data(StreamDataRequest { stream_id: 0 }).await.unwrap().into_inner();
    drop(client);
    // As a job ends: when nobody reads any more, as far as the service knows.
    let (mut audience, hang_up) = (service.feed.audience(), service.hang_up.clone());
    let read = tokio::spawn(async move {
        audience.wait_for(|audience| audience.ever && audience.viewers == 0).await.unwrap();
        hang_up.cancel();
    });
    let mut rows = 0;
    while let Some(frame) = timeout(DEADLINE, frames.message()).await.unwrap().unwrap() {
        rows += frame.row_index.len();
    }
    assert_eq!(rows, 100);
    drop(frames);
    read.await.unwrap();
    timeout(DEADLINE, service.served).await.expect("the client has hung up").unwrap().unwrap();
}

//! A job from `/configure` to its end, over a real recording and a real gRPC client.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use focus_core::{Limits, Outage, Upstream};
use focus_jobs::{
    ConfigureError, ConfigureRequest, InProcess, Job, JobState, Jobs, LaunchError, Launcher, Metrics, Report,
    Serving, Settings, Show, Upstreams, Worker,
};
use focus_recordings::{Catalogue, EXCERPT, EXCERPT_NAME, Recording, SqliteCatalogue};
use focus_stream::proto::StreamDataRequest;
use focus_stream::proto::data_stream_service_client::DataStreamServiceClient;
use focus_stream::{JobSpec, LiveSpectra, Viewer, WatchError};
use focus_upstream::{Gate, Probe};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

/// Longer than anything here takes, on a slow machine too.
const DEADLINE: Duration = Duration::from_secs(30);
const START: f64 = 1_458_545_850.532_309;

struct Server {
    jobs: Jobs,
    ports: RangeInclusive<u16>,
    data: TempDir,
}

async fn server(change: impl FnOnce(&mut Settings)) -> Server {
    let data = TempDir::new().unwrap();
    std::fs::write(data.path().join(EXCERPT_NAME), EXCERPT).unwrap();
    let catalogue = SqliteCatalogue::open(&data.path().join("catalogue.sqlite"), data.path()).await.unwrap();
    assert_eq!(catalogue.scan().await.unwrap().added, 1);
    server_with(Arc::new(catalogue), data, change).await
}

async fn server_with(
    catalogue: Arc<dyn Catalogue>,
    data: TempDir,
    change: impl FnOnce(&mut Settings),
) -> Server {
    let mut settings = settings();
    change(&mut settings);
    let ports = settings.serving.ports.clone();
    let launcher = Arc::new(in_process(&settings.serving));
    let gate = gate(Upstream::Catalogue, || Ok(())).await;
    let upstreams = Upstreams { fibre: focus_live::waiting(), catalogue, catalogue_gate: gate, broker: None };
    let jobs = Jobs::new(settings, upstreams, launcher, Metrics::default());
    Server { jobs, ports, data }
}

fn settings() -> Settings {
    Settings {
        max_jobs: 4,
        limits: Limits::default(),
        public_host: None,
        serving: Serving {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ports: free_ports(8),
            tls: None,
            connect_within: DEADLINE,
            unwatched_for: DEADLINE,
        },
    }
}

fn in_process(serving: &Serving) -> InProcess {
    let workers = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap());
    let metrics = focus_stream::Metrics::default();
    let spectra = LiveSpectra::start(&focus_live::waiting(), Arc::clone(&workers), metrics.clone()).unwrap();
    InProcess::new(serving.clone(), spectra, workers, metrics)
}

/// A gate that asks `answer`.
async fn gate(upstream: Upstream, answer: impl Fn() -> Result<(), Outage> + Send + Sync + 'static) -> Gate {
    let probe = Probe::new(upstream, Duration::from_millis(300), move || {
        let answer = answer();
        Box::pin(async move { answer })
    });
    let metrics = focus_upstream::Metrics::register(&mut Registry::default());
    Gate::start(probe, &metrics, None).await
}

/// Ports below the system's ephemeral range that nobody listens on, another stretch for each test.
fn free_ports(count: u16) -> RangeInclusive<u16> {
    use std::sync::atomic::AtomicU16;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 10_000 + (std::process::id() % 1000) as u16 * 20;
    loop {
        let first = base + NEXT.fetch_add(count, Ordering::Relaxed) % 10_000;
        let range = first..=first + count - 1;
        if range.clone().all(is_free) {
            return range;
        }
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn historic() -> Value {
    json!({
        "view_type": 0, "channels": {"min": 1, "max": 30}, "displayInfo": {"height": 100},
        "nfftSelection": 128, "start_time": START, "end_time": START + 20.0,
    })
}

fn request(body: &Value) -> ConfigureRequest {
    ConfigureRequest {
        body: Bytes::from(body.to_string()),
        idempotency_key: None,
        host: "127.0.0.1".to_owned(),
    }
}

impl Server {
    async fn configure(&self, body: &Value) -> Result<Arc<Job>, ConfigureError> {
        let configured = tokio::time::timeout(DEADLINE, self.jobs.configure(request(body))).await.unwrap()?;
        assert!(!configured.repeated);
        Ok(configured.job)
    }

    /// Waits until the last job is gone and asserts that it left nothing.
    async fn nothing_is_left(&self) {
        let empty = async {
            while !self.jobs.list().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(DEADLINE, empty).await.expect("the job ends by itself");
        for port in self.ports.clone() {
            assert!(is_free(port), "port {port} is still bound");
        }
        // All slots are free again, the lowest first.
        let job = self.configure(&historic()).await.unwrap();
        assert_eq!(job.spec().id.slot, 1);
        assert!(self.jobs.stop(job.spec().id).await);
    }
}

/// Row indices of one stream, read to its end.
async fn read(job: &Job, stream_id: i32) -> Result<Vec<i32>, tonic::Status> {
    let mut client = DataStreamServiceClient::connect(format!("{}:{}", job.stream_url(), job.stream_port()))
        .await
        .unwrap();
    let mut frames = client.stream_data(StreamDataRequest { stream_id }).await?.into_inner();
    let mut rows = Vec::new();
    while let Some(frame) = frames.message().await? {
        rows.extend(frame.row_index);
    }
    Ok(rows)
}

#[tokio::test]
async fn a_historic_job_ends_when_every_stream_was_read() {
    let server = server(|_| ()).await;
    let job = server.configure(&historic()).await.unwrap();
    assert_eq!(job.spec().id.slot, 1);
    for stream in 0..3 {
        assert!(server.jobs.get(job.spec().id).is_some());
        let rows = read(&job, stream).await.unwrap();
        assert_eq!(rows, (0..rows.len() as i32).collect::<Vec<_>>());
        // 20 s in rows of 0.1 s; the first windows reach before the recording's begin.
        assert!((190..=200).contains(&rows.len()), "{} rows", rows.len());
    }
    server.nothing_is_left().await;
    assert_eq!(job.state(), JobState::Completed);
}

#[tokio::test]
async fn a_job_that_nobody_connects_to_is_stopped() {
    let server = server(|settings| settings.serving.connect_within = Duration::from_millis(50)).await;
    let job = server.configure(&historic()).await.unwrap();
    let empty = async {
        while server.jobs.get(job.spec().id).is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, empty).await.unwrap();
    assert_eq!(job.state(), JobState::Cancelled);
    assert!(is_free(job.stream_port()));
}

#[tokio::test]
async fn a_job_that_is_no_longer_watched_is_stopped_but_not_while_it_is() {
    let server = server(|settings| settings.serving.unwatched_for = Duration::from_millis(500)).await;
    let mut body = historic();
    body["end_time"] = json!(START + 50.0);
    let job = server.configure(&body).await.unwrap();
    let mut viewer = job.watch(0).await.unwrap();
    // Watched, at a pace that a person might have, it outlives the rule.
    for _ in 0..20 {
        assert!(viewer.next().await.is_some());
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    assert_eq!((job.state(), job.report().viewers), (JobState::Running, 1));
    drop(viewer);
    let gone = async {
        while server.jobs.get(job.spec().id).is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.unwrap();
    assert_eq!(job.state(), JobState::Cancelled);
}

#[tokio::test]
async fn stopping_ends_the_streams_and_leaves_nothing() {
    let server = server(|_| ()).await;
    let job = server.configure(&historic()).await.unwrap();
    let mut client = DataStreamServiceClient::connect(format!("{}:{}", job.stream_url(), job.stream_port()))
        .await
        .unwrap();
    let mut frames = client.stream_data(StreamDataRequest { stream_id: 2 }).await.unwrap().into_inner();
    assert!(frames.message().await.unwrap().is_some());
    assert!(server.jobs.stop(job.spec().id).await);
    assert!(is_free(job.stream_port()), "free as soon as stop has answered");
    assert!(server.jobs.get(job.spec().id).is_none());
    assert!(!server.jobs.stop(job.spec().id).await, "unknown now");
    let end = loop {
        match frames.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a stopped stream must not look complete"),
            Err(status) => break status,
        }
    };
    assert_eq!(end.code(), tonic::Code::Unavailable, "{end}");
    server.nothing_is_left().await;
}

/// Waits until the job has made rows and makes no more of them, because nobody takes them.
async fn stuck(job: &Job) {
    let stuck = async {
        let mut last = None;
        while last.is_none() || last != job.report().last_row {
            last = job.report().last_row;
            // Longer than a report is old.
            tokio::time::sleep(Duration::from_millis(1200)).await;
        }
    };
    tokio::time::timeout(DEADLINE, stuck).await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_cannot_delay_the_end() {
    let server = server(|_| ()).await;
    let mut body = historic();
    body["nfftSelection"] = json!(2048);
    body["end_time"] = json!(START + 50.0);
    let job = server.configure(&body).await.unwrap();
    let mut client = DataStreamServiceClient::connect(format!("{}:{}", job.stream_url(), job.stream_port()))
        .await
        .unwrap();
    // Opened and never read: the window fills and the server waits for it.
    let frames = client.stream_data(StreamDataRequest { stream_id: 0 }).await.unwrap();
    stuck(&job).await;
    let stopped = tokio::time::timeout(Duration::from_secs(6), server.jobs.stop(job.spec().id)).await;
    assert!(stopped.expect("its connection is cut soon"));
    assert!(is_free(job.stream_port()));
    assert_eq!(job.report().viewers, 0, "its connection is cut, and nothing reads for it any more");
    drop(frames);
}

#[tokio::test]
async fn a_client_that_is_connected_but_does_not_read_does_not_watch() {
    let server = server(|settings| settings.serving.unwatched_for = Duration::from_millis(200)).await;
    let mut body = historic();
    body["nfftSelection"] = json!(2048);
    body["displayInfo"]["height"] = json!(1000);
    body["end_time"] = json!(START + 50.0);
    let job = server.configure(&body).await.unwrap();
    let mut client = DataStreamServiceClient::connect(format!("{}:{}", job.stream_url(), job.stream_port()))
        .await
        .unwrap();
    let frames = client.stream_data(StreamDataRequest { stream_id: 0 }).await.unwrap();
    server.nothing_is_left().await;
    assert_eq!(job.state(), JobState::Cancelled);
    drop(frames);
}

#[tokio::test]
async fn a_recording_that_cannot_be_read_is_a_failed_job() {
    let server = server(|_| ()).await;
    let job = server.configure(&historic()).await.unwrap();
    std::fs::write(server.data.path().join(EXCERPT_NAME), "no recording any more").unwrap();
    let failed = read(&job, 0).await.unwrap_err();
    assert_eq!(failed.code(), tonic::Code::Internal, "{failed}");
    let gone = async {
        while server.jobs.get(job.spec().id).is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.unwrap();
    assert_eq!(job.state(), JobState::Failed);
}

#[tokio::test]
async fn unknown_streams_are_refused() {
    let server = server(|_| ()).await;
    let job = server.configure(&historic()).await.unwrap();
    for stream_id in [-1, 3, i32::MAX, i32::MIN] {
        let refused = read(&job, stream_id).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused}");
    }
    assert_eq!(job.report().viewers, 0);
}

#[tokio::test]
async fn no_more_jobs_than_allowed_and_the_lowest_slot_first() {
    let server = server(|_| ()).await;
    let mut jobs = Vec::new();
    for slot in 1..=4 {
        let job = server.configure(&historic()).await.unwrap();
        assert_eq!(job.spec().id.slot, slot);
        jobs.push(job);
    }
    assert!(matches!(server.configure(&historic()).await, Err(ConfigureError::TooManyJobs { max: 4 })));
    server.jobs.stop(jobs[1].spec().id).await;
    let job = server.configure(&historic()).await.unwrap();
    assert_eq!(job.spec().id.slot, 2);
    assert_ne!(job.stream_port(), jobs[1].stream_port(), "a port rests before it is used again");
    server.jobs.drain().await;
    assert!(matches!(server.configure(&historic()).await, Err(ConfigureError::Draining)));
    assert!(server.ports.clone().all(is_free));
}

#[tokio::test]
async fn whatever_is_wrong_leaves_nothing() {
    let server = server(|_| ()).await;
    let mut live = historic();
    live["start_time"] = Value::Null;
    live["end_time"] = Value::Null;
    assert!(matches!(server.configure(&live).await, Err(ConfigureError::WaitingForFibre)));
    let mut later = historic();
    later["start_time"] = json!(START + 1000.0);
    later["end_time"] = json!(START + 2000.0);
    assert!(matches!(server.configure(&later).await, Err(ConfigureError::NoRecording { .. })));
    let mut outside = historic();
    outside["channels"]["max"] = json!(501);
    assert!(matches!(server.configure(&outside).await, Err(ConfigureError::Invalid(_))));
    let mut window = historic();
    window["view_type"] = json!(1);
    window["nfftSelection"] = json!(8192);
    let too_long = server.configure(&window).await.unwrap_err();
    assert!(too_long.to_string().contains("a window of 81.92 s"), "{too_long}");
    let mut before = historic();
    before["start_time"] = json!(START - 10.0);
    before["end_time"] = json!(START);
    assert!(matches!(server.configure(&before).await, Err(ConfigureError::NoRecording { .. })));
    let mut nyquist = historic();
    nyquist["frequencyRange"] = json!({"min": 0, "max": 51});
    assert!(matches!(server.configure(&nyquist).await, Err(ConfigureError::Invalid(_))));
    server.nothing_is_left().await;
}

#[tokio::test]
async fn ports_that_others_hold_are_passed_over_until_none_is_left() {
    let server = server(|settings| settings.serving.ports = free_ports(2)).await;
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, *server.ports.start())).unwrap();
    let job = server.configure(&historic()).await.unwrap();
    assert_eq!(job.stream_port(), *server.ports.end());
    assert!(matches!(server.configure(&historic()).await, Err(ConfigureError::NoPort(_))));
    server.jobs.stop(job.spec().id).await;
    drop(taken);
    server.nothing_is_left().await;
}

/// A mock, as a real catalogue cannot be made to be silent at will.
struct SilentCatalogue;

impl Catalogue for SilentCatalogue {
    fn find(&self, _: Timestamp, _: Timestamp) -> BoxFuture<'_, Result<Vec<Recording>, Outage>> {
        Box::pin(std::future::pending())
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Outage>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_silent_catalogue_is_an_outage_after_its_deadline() {
    let server = server_with(Arc::new(SilentCatalogue), TempDir::new().unwrap(), |_| ()).await;
    let error = server.configure(&historic()).await.unwrap_err();
    assert_eq!(error.to_string(), "Catalogue unavailable: no answer within 1000 ms");
    assert!(server.jobs.list().is_empty());
}

/// A mock, as a real catalogue cannot be made to fail at will.
struct BrokenCatalogue;

impl Catalogue for BrokenCatalogue {
    fn find(&self, _: Timestamp, _: Timestamp) -> BoxFuture<'_, Result<Vec<Recording>, Outage>> {
        Box::pin(async { self.probe().await.map(|()| Vec::new()) })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Outage>> {
        let outage = Outage::Unavailable { upstream: Upstream::Catalogue, reason: "disk gone".to_owned() };
        Box::pin(async { Err(outage) })
    }
}

#[tokio::test]
async fn an_outage_is_told_as_one_and_not_as_nothing_found() {
    let server = server_with(Arc::new(BrokenCatalogue), TempDir::new().unwrap(), |_| ()).await;
    let error = server.configure(&historic()).await.unwrap_err();
    assert!(matches!(&error, ConfigureError::Outage(_)));
    assert_eq!(error.to_string(), "Catalogue unavailable: disk gone");
    assert!(server.jobs.list().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn any_number_of_equal_requests_with_one_key_make_one_job() {
    let server = server(|_| ()).await;
    let with_key = |body: &Value| ConfigureRequest { idempotency_key: Some("k".to_owned()), ..request(body) };
    let tries = (0..100).map(|_| server.jobs.configure(with_key(&historic())));
    let all: Vec<_> = futures::future::join_all(tries).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(all.iter().filter(|one| !one.repeated).count(), 1, "one has started it");
    let ids: Vec<_> = all.iter().map(|one| one.job.spec().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(server.jobs.list().len(), 1);

    let mut other = historic();
    other["nfftSelection"] = json!(256);
    assert!(matches!(server.jobs.configure(with_key(&other)).await, Err(ConfigureError::KeyReused)));
    server.jobs.stop(ids[0]).await;
    // The job is gone, so the key is new.
    assert!(server.jobs.configure(with_key(&other)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_that_hangs_up_leaves_a_whole_job_or_none() {
    let server = server(|_| ()).await;
    for micros in (0..4000).step_by(100) {
        let patience = Duration::from_micros(micros);
        drop(tokio::time::timeout(patience, server.jobs.configure(request(&historic()))).await);
        // The transaction goes on without the client: one more job can only be had when it has ended.
        let settled = async {
            loop {
                match server.configure(&historic()).await {
                    Ok(job) => break job,
                    Err(ConfigureError::TooManyJobs { .. }) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        tokio::time::timeout(DEADLINE, settled).await.unwrap();
        for job in server.jobs.list() {
            assert!(!read(&job, 0).await.unwrap().is_empty(), "what is there works");
            server.jobs.stop(job.spec().id).await;
        }
    }
    server.nothing_is_left().await;
}

/// Launches in this process, and then something happens.
struct Unlucky {
    inner: InProcess,
    launched: AtomicUsize,
}

/// A worker whose job cannot be committed.
struct Panics(Arc<dyn Worker>);

impl Launcher for Unlucky {
    fn launch(
        &self,
        spec: Arc<JobSpec>,
        show: Show,
        by: tokio::time::Instant,
    ) -> BoxFuture<'_, Result<Arc<dyn Worker>, LaunchError>> {
        Box::pin(async move {
            self.launched.fetch_add(1, Ordering::Relaxed);
            let worker = self.inner.launch(spec, show, by).await?;
            Ok(Arc::new(Panics(worker)) as Arc<dyn Worker>)
        })
    }
}

impl Worker for Panics {
    fn port(&self) -> u16 {
        panic!("in the middle of the transaction")
    }

    fn report(&self) -> watch::Receiver<Report> {
        self.0.report()
    }

    fn watch(&self, stream: usize) -> BoxFuture<'_, Result<Viewer, WatchError>> {
        self.0.watch(stream)
    }

    fn stop(&self, reason: &str) {
        self.0.stop(reason);
    }
}

struct Misfortune {
    jobs: Jobs,
    launcher: Arc<Unlucky>,
    ports: RangeInclusive<u16>,
    _data: TempDir,
}

impl Misfortune {
    fn launched(&self) -> usize {
        self.launcher.launched.load(Ordering::Relaxed)
    }
}

/// One slot, no fibre.
async fn unlucky(broker: Option<Gate>, catalogue_gate: Gate) -> Misfortune {
    let settings = Settings { max_jobs: 1, ..settings() };
    let ports = settings.serving.ports.clone();
    let launcher = Unlucky { inner: in_process(&settings.serving), launched: AtomicUsize::new(0) };
    let launcher = Arc::new(launcher);
    let data = TempDir::new().unwrap();
    std::fs::write(data.path().join(EXCERPT_NAME), EXCERPT).unwrap();
    let index = SqliteCatalogue::open(&data.path().join("catalogue.sqlite"), data.path()).await.unwrap();
    index.scan().await.unwrap();
    let upstreams =
        Upstreams { fibre: focus_live::waiting(), catalogue: Arc::new(index), catalogue_gate, broker };
    let jobs = Jobs::new(settings, upstreams, launcher.clone(), Metrics::default());
    Misfortune { jobs, launcher, ports, _data: data }
}

#[tokio::test]
async fn a_panic_in_the_transaction_is_undone_before_the_answer() {
    let catalogue = gate(Upstream::Catalogue, || Ok(())).await;
    let server = unlucky(None, catalogue).await;
    for times in 1..=3 {
        // There is one slot: the second time only comes so far when the first has left nothing.
        let result = AssertUnwindSafe(server.jobs.configure(request(&historic()))).catch_unwind().await;
        assert!(result.is_err(), "the panic is passed on");
        assert_eq!(server.launched(), times);
        assert!(server.jobs.list().is_empty());
        assert!(server.ports.clone().all(is_free));
    }
}

#[tokio::test]
async fn a_job_that_comes_too_late_for_a_server_that_ends_is_undone() {
    let server = server(|_| ()).await;
    let (configured, ()) = tokio::join!(server.jobs.configure(request(&historic())), server.jobs.drain());
    match configured {
        Ok(configured) => assert_eq!(configured.job.ended().await, JobState::Cancelled),
        Err(error) => assert!(matches!(error, ConfigureError::Draining), "{error}"),
    }
    let empty = async {
        while !server.jobs.list().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, empty).await.unwrap();
    assert!(server.ports.clone().all(is_free));
}

fn down(upstream: Upstream) -> impl Fn() -> Result<(), Outage> + Send + Sync + 'static {
    move || Err(Outage::Unavailable { upstream, reason: "connection refused".to_owned() })
}

#[tokio::test]
async fn without_the_broker_nothing_is_created_whatever_is_asked_for() {
    let mut live = historic();
    live["start_time"] = Value::Null;
    live["end_time"] = Value::Null;
    let up = gate(Upstream::Catalogue, || Ok(())).await;
    let catalogue_down = gate(Upstream::Catalogue, down(Upstream::Catalogue)).await;
    for catalogue in [up, catalogue_down] {
        let broker = gate(Upstream::RabbitMq, down(Upstream::RabbitMq)).await;
        // The fibre's metadata are gone with the broker: that is no reason to wait for a fibre.
        let server = unlucky(Some(broker), catalogue).await;
        for body in [&live, &historic()] {
            let error = server.jobs.configure(request(body)).await.unwrap_err();
            assert_eq!(error.to_string(), "RabbitMQ unavailable: connection refused");
        }
        // What is wrong with a request is told all the same, and first.
        live["channels"]["min"] = json!(0);
        let error = server.jobs.configure(request(&live)).await.unwrap_err();
        assert!(matches!(error, ConfigureError::Invalid(_)), "{error}");
        live["channels"]["min"] = json!(1);
        assert_eq!(server.launched(), 0);
    }
}

#[tokio::test]
async fn a_historic_view_needs_the_catalogue_too() {
    let broker = gate(Upstream::RabbitMq, || Ok(())).await;
    let catalogue = gate(Upstream::Catalogue, down(Upstream::Catalogue)).await;
    let server = unlucky(Some(broker), catalogue).await;
    let error = server.jobs.configure(request(&historic())).await.unwrap_err();
    assert_eq!(error.to_string(), "Catalogue unavailable: connection refused");
    assert_eq!(server.launched(), 0);
}

#[tokio::test]
async fn who_waits_for_a_silent_broker_keeps_no_slot_from_others() {
    let asked = AtomicUsize::new(0);
    let probe = Probe::new(Upstream::RabbitMq, Duration::from_millis(200), move || {
        let first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        Box::pin(async move { if first { Ok(()) } else { std::future::pending().await } })
    });
    let metrics = focus_upstream::Metrics::register(&mut Registry::default());
    let broker = Gate::start(probe, &metrics, None).await;
    let catalogue = gate(Upstream::Catalogue, || Ok(())).await;
    let server = unlucky(Some(broker), catalogue).await;
    let requests = (0..10).map(|_| server.jobs.configure(request(&historic())));
    for refused in futures::future::join_all(requests).await {
        let error = refused.unwrap_err();
        assert_eq!(
            error.to_string(),
            "RabbitMQ unavailable: no answer within 200 ms",
            "one slot, ten requests"
        );
    }
}

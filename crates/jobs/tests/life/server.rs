//! A server's jobs over a real recording.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use focus_core::{Limits, Outage, Upstream};
use focus_jobs::{
    ConfigureError, ConfigureRequest, GatedCatalogue, InProcess, Job, Jobs, Local, Metrics, Serving,
    Settings, Upstreams,
};
use focus_recordings::{Catalogue, EXCERPT, EXCERPT_NAME, SqliteCatalogue};
use focus_stream::LiveSpectra;
use focus_stream::proto::StreamDataRequest;
use focus_stream::proto::data_stream_service_client::DataStreamServiceClient;
use focus_upstream::{Gate, Probe};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than anything here takes, on a slow machine too.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
pub(crate) const START: f64 = 1_458_545_850.532_309;

pub(crate) struct Server {
    pub(crate) jobs: Jobs,
    pub(crate) ports: RangeInclusive<u16>,
    pub(crate) data: TempDir,
}

pub(crate) async fn server(change: impl FnOnce(&mut Settings)) -> Server {
    let data = TempDir::new().unwrap();
    std::fs::write(data.path().join(EXCERPT_NAME), EXCERPT).unwrap();
    let catalogue = SqliteCatalogue::open(&data.path().join("catalogue.sqlite"), data.path()).await.unwrap();
    assert_eq!(catalogue.scan().await.unwrap().added, 1);
    server_with(Arc::new(catalogue), data, change).await
}

pub(crate) async fn server_with(
    catalogue: Arc<dyn Catalogue>,
    data: TempDir,
    change: impl FnOnce(&mut Settings),
) -> Server {
    let mut settings = settings();
    change(&mut settings);
    let ports = settings.serving.ports.clone();
    let launcher = Arc::new(in_process(&settings.serving));
    let catalogue = GatedCatalogue::new(catalogue, gate(Upstream::Catalogue, || Ok(())).await);
    let upstreams = Upstreams { fibre: focus_live::waiting(), catalogue, broker: None };
    let home = Local::new(&settings, launcher, Metrics::default());
    let jobs = Jobs::new(settings, upstreams, Arc::new(home));
    Server { jobs, ports, data }
}

pub(crate) fn settings() -> Settings {
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

pub(crate) fn in_process(serving: &Serving) -> InProcess {
    let workers = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap());
    let metrics = focus_stream::Metrics::default();
    let spectra =
        LiveSpectra::start(&focus_live::waiting(), Arc::clone(&workers), metrics.clone(), Duration::ZERO)
            .unwrap();
    InProcess::new(serving.clone(), spectra, workers, metrics)
}

/// A gate that asks `answer`.
pub(crate) async fn gate(
    upstream: Upstream,
    answer: impl Fn() -> Result<(), Outage> + Send + Sync + 'static,
) -> Gate {
    let probe = Probe::new(upstream, Duration::from_millis(300), move || {
        let answer = answer();
        Box::pin(async move { answer })
    });
    let metrics = focus_upstream::Metrics::register(&mut Registry::default());
    Gate::start(probe, &metrics, None).await
}

/// Ports below the system's ephemeral range that nobody listens on, another stretch for each test.
pub(crate) fn free_ports(count: u16) -> RangeInclusive<u16> {
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

pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

pub(crate) fn historic() -> Value {
    json!({
        "view_type": 0, "channels": {"min": 1, "max": 30}, "displayInfo": {"height": 100},
        "nfftSelection": 128, "start_time": START, "end_time": START + 20.0,
    })
}

pub(crate) fn request(body: &Value) -> ConfigureRequest {
    ConfigureRequest {
        body: Bytes::from(body.to_string()),
        idempotency_key: None,
        host: "127.0.0.1".to_owned(),
    }
}

impl Server {
    pub(crate) async fn configure(&self, body: &Value) -> Result<Arc<Job>, ConfigureError> {
        let configured = tokio::time::timeout(DEADLINE, self.jobs.configure(request(body))).await.unwrap()?;
        assert!(!configured.repeated);
        Ok(configured.job)
    }

    /// Waits until the last job is gone and asserts that it left nothing.
    pub(crate) async fn nothing_is_left(&self) {
        let empty = async {
            while !self.jobs.list().await.unwrap().is_empty() {
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
        assert!(self.jobs.stop(job.spec().id).await.unwrap());
    }
}

/// Row indices of one stream, read to its end.
pub(crate) async fn read(job: &Job, stream_id: i32) -> Result<Vec<i32>, tonic::Status> {
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

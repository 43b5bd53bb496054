//! A server of its own for each test, with a simulated fibre and a real recording.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use focus_api::{AllowedOrigins, Build, Metrics, Services};
use focus_core::{Limits, Outage, Upstream};
use focus_jobs::{GatedCatalogue, InProcess, Jobs, Local, Serving, Settings, Upstreams};
use focus_live::{LiveFibre, LiveOptions, Scene, Simulator, Source};
use focus_recordings::{Catalogue, EXCERPT, EXCERPT_NAME, Recording, SqliteCatalogue};
use focus_stream::LiveSpectra;
use focus_upstream::{Gate, Probe};
use futures::future::BoxFuture;
use jiff::Timestamp;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes, on a slow machine too.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// When the recording starts, epoch seconds.
pub(crate) const START: f64 = 1_458_545_850.532_309;
pub(crate) const CHANNELS: u32 = 100;

/// What the catalogue does when it is asked.
#[derive(Clone, Debug, Default)]
pub(crate) enum Behaviour {
    #[default]
    Normal,
    Unavailable,
    Refused,
    Silent,
    Panics,
    /// Answers late.
    Slow,
    /// Every recording is still being written.
    Ongoing,
}

#[derive(Clone)]
struct TestCatalogue {
    real: SqliteCatalogue,
    behaviour: Arc<Mutex<Behaviour>>,
    /// How often somebody wanted to find something.
    asked: Arc<AtomicUsize>,
}

impl TestCatalogue {
    async fn obey(&self) -> Result<(), Outage> {
        let upstream = Upstream::Catalogue;
        let behaviour = self.behaviour.lock().unwrap().clone();
        match behaviour {
            Behaviour::Normal | Behaviour::Ongoing => Ok(()),
            Behaviour::Unavailable => {
                Err(Outage::Unavailable { upstream, reason: "the disk is full".to_owned() })
            }
            Behaviour::Refused => {
                Err(Outage::Refused { upstream, reason: "the index is damaged".to_owned() })
            }
            Behaviour::Slow => {
                tokio::time::sleep(Duration::from_millis(300)).await;
                Ok(())
            }
            Behaviour::Silent => futures::future::pending().await,
            Behaviour::Panics => panic!("a secret of the catalogue"),
        }
    }
}

impl Catalogue for TestCatalogue {
    fn find(&self, start: Timestamp, end: Timestamp) -> BoxFuture<'_, Result<Vec<Recording>, Outage>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::Relaxed);
            self.obey().await?;
            let mut found = self.real.find(start, end).await?;
            let ongoing = matches!(*self.behaviour.lock().unwrap(), Behaviour::Ongoing);
            for recording in &mut found {
                recording.ongoing = ongoing;
            }
            Ok(found)
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), Outage>> {
        Box::pin(async move {
            // A client that panics in a probe is an outage; these tests want one that panics in a request.
            if !matches!(*self.behaviour.lock().unwrap(), Behaviour::Panics) {
                self.obey().await?;
            }
            self.real.probe().await
        })
    }
}

/// For probes of a catalogue that is silent.
pub(crate) const SHORT: Duration = Duration::from_millis(600);

/// How a test wants its server.
pub(crate) struct Wish {
    pub(crate) fibre: bool,
    pub(crate) max_jobs: u32,
    pub(crate) origins: &'static [&'static str],
    /// How many ports jobs have.
    pub(crate) ports: u16,
    /// How long the catalogue may take to answer a probe.
    pub(crate) deadline: Duration,
}

impl Default for Wish {
    fn default() -> Self {
        Self { fibre: true, max_jobs: 3, origins: &[], ports: 6, deadline: DEADLINE }
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) jobs: Jobs,
    pub(crate) shutdown: CancellationToken,
    pub(crate) leaving: CancellationToken,
    pub(crate) serving: JoinHandle<()>,
    pub(crate) asked: Arc<AtomicUsize>,
    client: Client,
    behaviour: Arc<Mutex<Behaviour>>,
    _source: Option<Source>,
    _data: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

pub(crate) async fn server() -> Server {
    server_with(Wish::default()).await
}

pub(crate) async fn server_with(wish: Wish) -> Server {
    // A span is off for every thread when those that met it first log nowhere: here each logs to somewhere. That it does
    // already is no error.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    let data = TempDir::new().unwrap();
    std::fs::write(data.path().join(EXCERPT_NAME), EXCERPT).unwrap();
    let real = SqliteCatalogue::open(&data.path().join("catalogue.sqlite"), data.path()).await.unwrap();
    real.scan().await.unwrap();
    let behaviour = Arc::<Mutex<Behaviour>>::default();
    let catalogue = TestCatalogue { real, behaviour: behaviour.clone(), asked: Arc::default() };
    let asked = catalogue.asked.clone();

    let build = Build { version: "1.2.3".to_owned(), commit: Some("abc".to_owned()) };
    let metrics = Metrics::new(&build);
    let (fibre, source) = if wish.fibre { simulated() } else { (focus_live::waiting(), None) };
    let probed = catalogue.clone();
    let probe = Probe::new(Upstream::Catalogue, wish.deadline, move || {
        let catalogue = probed.clone();
        Box::pin(async move { catalogue.probe().await })
    });
    let gate = Gate::start(probe, metrics.upstreams(), None).await;
    let catalogue = GatedCatalogue::new(Arc::new(catalogue), gate.clone());
    let jobs = jobs(&wish, &fibre, catalogue.clone(), &metrics);
    let leaving = CancellationToken::new();
    let services = Services {
        jobs: jobs.clone(),
        fibre,
        catalogue,
        limits: Limits::default(),
        upstreams: vec![gate],
        metrics,
        origins: AllowedOrigins::parse(wish.origins).unwrap(),
        public_host: None,
        build,
        leaving: leaving.clone(),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(focus_api::serve(listener, services, shutdown.clone()));
    let client =
        Client::builder().timeout(DEADLINE).redirect(reqwest::redirect::Policy::none()).build().unwrap();
    Server {
        address,
        jobs,
        shutdown,
        leaving,
        serving,
        asked,
        client,
        behaviour,
        _source: source,
        _data: data,
    }
}

fn simulated() -> (LiveFibre, Option<Source>) {
    let scene = Scene { channels: CHANNELS, sampling_rate: 500.0, ..Scene::default() };
    let (fibre, source) =
        focus_live::simulate(Simulator::new(scene).unwrap(), LiveOptions::default()).unwrap();
    (fibre, Some(source))
}

fn jobs(wish: &Wish, fibre: &LiveFibre, catalogue: GatedCatalogue, metrics: &Metrics) -> Jobs {
    let first = free_ports(wish.ports);
    let serving = Serving {
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        ports: first..=first + wish.ports - 1,
        tls: None,
        connect_within: DEADLINE,
        unwatched_for: DEADLINE,
    };
    let stream_metrics = metrics.register(focus_stream::Metrics::register);
    let workers = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
    let spectra =
        LiveSpectra::start(fibre, Arc::clone(&workers), stream_metrics.clone(), Duration::from_secs(30))
            .unwrap();
    let launcher = InProcess::new(serving.clone(), spectra, workers, stream_metrics);
    let settings =
        Settings { max_jobs: wish.max_jobs, limits: Limits::default(), public_host: None, serving };
    let upstreams = Upstreams { fibre: fibre.clone(), catalogue, broker: None };
    let home = Local::new(&settings, Arc::new(launcher), metrics.register(focus_jobs::Metrics::register));
    Jobs::new(settings, upstreams, Arc::new(home))
}

/// The first of so many ports that nobody has. Others could take them before the job does, so the search starts
/// somewhere else in each test.
fn free_ports(count: u16) -> u16 {
    loop {
        let first = rand::random_range(20_000..30_000);
        if (first..first + count).all(|port| StdListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()) {
            return first;
        }
    }
}

impl Server {
    /// Ends the catalogue's outage and waits until the server knows.
    pub(crate) async fn catalogue_recovers(&self) {
        self.catalogue(Behaviour::Normal);
        eventually("healthy", async || self.get("/health").await.json()["status"] == "healthy").await;
    }

    pub(crate) fn catalogue(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    pub(crate) async fn send(&self, method: &str, path: &str) -> Answer {
        Answer::of(self.request(method, path).send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        Answer::of(self.request("POST", path).body(body).send().await.unwrap()).await
    }

    pub(crate) async fn configure(&self, body: &Value) -> Answer {
        self.post("/configure", body.to_string()).await
    }

    /// Starts a job and gives its name.
    pub(crate) async fn job(&self, body: &Value) -> String {
        let answer = patiently(async || self.configure(body).await).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["job_id"].as_str().unwrap().to_owned()
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts the form that every error has, its status and code, and gives its sentence.
    pub(crate) fn error(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{self:?}");
        let body = self.json();
        let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["error", "code", "detail", "request_id"], "{self:?}");
        assert_eq!(body["code"], code, "{self:?}");
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        let retry = self.header("retry-after").map(|seconds| seconds.parse::<u32>().unwrap());
        assert_eq!(retry.is_some(), [429, 503].contains(&status), "{self:?}");
        let sentence = body["error"].as_str().unwrap().to_owned();
        assert!(!sentence.is_empty() && !sentence.contains('\n'), "{self:?}");
        sentence
    }
}

/// What is answered in the end: a busy machine may be too slow to look a recording up in time.
pub(crate) async fn patiently(asking: impl AsyncFn() -> Answer) -> Answer {
    let end = tokio::time::Instant::now() + DEADLINE;
    loop {
        let answer = asking().await;
        let is_too_slow = answer.status == 503 && answer.text.contains("\"catalogue_unavailable\"");
        if !is_too_slow || tokio::time::Instant::now() > end {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until it is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let end = tokio::time::Instant::now() + DEADLINE;
    while !is_so().await {
        assert!(tokio::time::Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) fn live() -> Value {
    json!({
        "view_type": 0,
        "channels": {"min": 1, "max": 20},
        "displayInfo": {"height": 100},
        "displayTimeAxisDuration": 10,
        "nfftSelection": 256,
        "frequencyRange": {"min": 0, "max": 50},
    })
}

pub(crate) fn historic() -> Value {
    let mut view = live();
    view["start_time"] = json!(START + 5.0);
    view["end_time"] = json!(START + 10.0);
    view
}

//! A server whose jobs live on a real cluster.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use focus_core::{Limits, Outage, Upstream};
use focus_jobs::{
    Beside, Cluster, ConfigureError, ConfigureRequest, Configured, Connection, Exposure, GRACE,
    GatedCatalogue, Jobs, KubernetesMetrics, KubernetesSettings, Metrics, Reach, Serving, Settings,
    Upstreams, WorkerTemplate,
};
use focus_recordings::{EXCERPT, EXCERPT_NAME, SqliteCatalogue};
use focus_upstream::{Gate, Probe};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, PostParams};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::faults::Way;

/// Longer than anything here takes, on a slow machine too.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// For one call, where what is lost is to be found out and looked after before the request's own time is up. A busy machine
/// may lose what should not be.
pub(crate) const PROMPT: Duration = Duration::from_millis(900);
/// Every request is answered within this time by a stopwatch; the rest is this machine's, where others work too.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_millis(3000 + 500);
const START: f64 = 1_458_545_850.532_309;

/// Where a cluster is and where on it to work; the recordings that are there.
#[derive(Clone)]
pub(crate) struct Place {
    /// Of somebody who may do everything.
    pub(crate) client: kube::Client,
    pub(crate) namespace: String,
    recordings: Arc<Recordings>,
}

struct Recordings {
    catalogue: Arc<SqliteCatalogue>,
    directory: TempDir,
}

impl Place {
    pub(crate) async fn on(cluster: &mut focus_kubernetes_node::Cluster) -> Self {
        let namespace = cluster.namespace();
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join(EXCERPT_NAME), EXCERPT).unwrap();
        let index = directory.path().join("catalogue.sqlite");
        let catalogue = SqliteCatalogue::open(&index, directory.path()).await.unwrap();
        assert_eq!(catalogue.scan().await.unwrap().added, 1);
        let recordings = Arc::new(Recordings { catalogue: Arc::new(catalogue), directory });
        Self { client: connect(cluster.kubeconfig()).await, namespace, recordings }
    }

    /// The same in another namespace, where nothing is yet and no pod can run for a moment.
    pub(crate) async fn elsewhere(&self) -> Self {
        let namespace = json!({"metadata": {"generateName": "test-"}});
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let namespace = serde_json::from_value(namespace).unwrap();
        let namespace = namespaces.create(&PostParams::default(), &namespace).await.unwrap();
        Self { namespace: namespace.metadata.name.unwrap(), ..self.clone() }
    }

    /// The same seen by somebody else.
    pub(crate) async fn seen_by(&self, kubeconfig: &Path) -> Self {
        Self { client: connect(kubeconfig).await, ..self.clone() }
    }

    /// A server that sweeps when it is asked to, or when it has left something in doubt. It waits for a slow machine: what
    /// ends a call is the time of the whole request.
    pub(crate) async fn server(&self) -> Server {
        self.server_with(|_| ()).await
    }

    pub(crate) async fn server_with(&self, change: impl FnOnce(&mut KubernetesSettings)) -> Server {
        self.server_on(Way::to(self.client.clone()), change).await
    }

    /// A server that was just started, and takes everything for left behind that is not whole.
    pub(crate) async fn sweeper(&self) -> Server {
        self.server_with(|settings| settings.grace = Duration::ZERO).await
    }

    async fn server_on(&self, way: Way, change: impl FnOnce(&mut KubernetesSettings)) -> Server {
        let mut settings = KubernetesSettings {
            namespace: self.namespace.clone(),
            instance: "focus-server".to_owned(),
            template: WorkerTemplate::built_in(),
            exposure: Exposure::NodePort,
            reach: Reach::NodePort("127.0.0.1".to_owned()),
            deadline: DEADLINE,
            max_job_life: Duration::from_secs(3600),
            sweep_period: Duration::from_secs(3600),
            grace: GRACE,
            max_jobs: 4,
            limits: Limits::default(),
            data_dir: self.recordings.directory.path().to_owned(),
            tls: None,
        };
        change(&mut settings);
        let max_jobs = settings.max_jobs;
        let fibre = focus_live::waiting();
        let broker_is_up = Arc::new(AtomicBool::new(true));
        let broker = gate(Upstream::RabbitMq, Arc::clone(&broker_is_up)).await;
        let mut metrics = Registry::default();
        let (jobs_metrics, kubernetes) =
            (Metrics::register(&mut metrics), KubernetesMetrics::register(&mut metrics));
        let upstream_metrics = focus_upstream::Metrics::register(&mut metrics);
        let beside = Beside { broker: broker.clone(), fibre: fibre.clone() };
        let cluster =
            Cluster::start(way.client(), settings, beside, jobs_metrics, kubernetes, &upstream_metrics).await;
        let cluster = Arc::new(cluster);
        let upstreams = Upstreams {
            fibre,
            catalogue: GatedCatalogue::new(
                Arc::clone(&self.recordings.catalogue) as _,
                gate(Upstream::Catalogue, Arc::new(true.into())).await,
            ),
            broker: Some(broker),
        };
        let serving = Serving {
            bind: [127, 0, 0, 1].into(),
            ports: 1..=1,
            tls: None,
            connect_within: DEADLINE,
            unwatched_for: DEADLINE,
        };
        let settings = Settings { max_jobs, limits: Limits::default(), public_host: None, serving };
        let jobs = Jobs::new(settings, upstreams, cluster.clone());
        let server = Server { jobs, cluster, way, broker_is_up, metrics: Arc::new(metrics) };
        // It sweeps once when it starts.
        until(|| server.metric("focus_sweep_passes_total{result=\"ok\"}") > 0).await;
        server.way.calls();
        server
    }
}

/// A server, and the way from it to the API server.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) jobs: Jobs,
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) way: Way,
    pub(crate) broker_is_up: Arc<AtomicBool>,
    metrics: Arc<Registry>,
}

impl Server {
    pub(crate) async fn configure(&self, key: Option<&str>) -> Result<Configured, ConfigureError> {
        self.jobs.configure(request(&historic(), key)).await
    }

    /// What it should have undone by itself, and on a busy machine left to the sweep.
    pub(crate) async fn tidy(&self) {
        if self.unanswered_calls() > 0 {
            patiently(async || self.cluster.sweep().await).await;
        }
    }

    /// The value of one line of the metrics that counts something.
    pub(crate) fn metric(&self, line: &str) -> usize {
        let text = self.metrics();
        let value = text.lines().find_map(|metric| metric.strip_prefix(line));
        value.unwrap_or_else(|| panic!("no {line} in {text}")).trim().parse().unwrap()
    }

    /// How many of its calls the API server has not answered in time, or only to say that it cannot.
    pub(crate) fn unanswered_calls(&self) -> usize {
        let metrics = self.metrics();
        let calls = metrics.lines().filter(|line| line.starts_with("focus_kubernetes_calls_total{"));
        let unanswered = calls.filter(|line| line.contains(r#"result="unavailable""#));
        unanswered.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
    }

    fn metrics(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.metrics).unwrap();
        text
    }
}

/// A server in a process of its own, as far as a test can have that: it can be killed.
pub(crate) struct Process {
    /// `None` once it is killed.
    runtime: Option<Runtime>,
    pub(crate) server: Server,
}

impl Process {
    pub(crate) async fn start(
        place: &Place,
        change: impl FnOnce(&mut KubernetesSettings) + Send + 'static,
    ) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (place, way) = (place.clone(), Way::to(place.client.clone()));
        let server = runtime.spawn(async move { place.server_on(way, change).await }).await.unwrap();
        Self { runtime: Some(runtime), server }
    }

    /// Starts what a client asks for; an error when the server dies first.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        asking: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.runtime.as_ref().unwrap().spawn(asking)
    }

    /// As `kill -9` does: nothing is tidied up, and what was not sent is never sent.
    pub(crate) fn kill(&mut self) {
        self.server.way.kill();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn connect(kubeconfig: &Path) -> kube::Client {
    Connection::open(Some(kubeconfig), DEADLINE).await.unwrap().client
}

/// A gate of an upstream that is up as long as `is_up`.
async fn gate(upstream: Upstream, is_up: Arc<AtomicBool>) -> Gate {
    let probe = Probe::new(upstream, Duration::from_millis(300), move || {
        let reason = "connection refused".to_owned();
        let up = is_up.load(Ordering::Relaxed);
        Box::pin(async move { if up { Ok(()) } else { Err(Outage::Unavailable { upstream, reason }) } })
    });
    Gate::start(probe, &focus_upstream::Metrics::register(&mut Registry::default()), None).await
}

/// What is answered in the end: this machine is slow at times, and what was broken is not whole at once.
pub(crate) async fn patiently<T>(asking: impl AsyncFn() -> Result<T, Outage>) -> T {
    let start = Instant::now();
    loop {
        match asking().await {
            Ok(answer) => return answer,
            Err(outage) => assert!(start.elapsed() < DEADLINE, "after {:?}: {outage}", start.elapsed()),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until it comes true.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let come_true = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, come_true).await.expect("it comes true in time");
}

pub(crate) fn historic() -> Value {
    json!({
        "view_type": 0, "channels": {"min": 1, "max": 30}, "displayInfo": {"height": 100},
        "nfftSelection": 128, "start_time": START, "end_time": START + 20.0,
    })
}

pub(crate) fn request(body: &Value, key: Option<&str>) -> ConfigureRequest {
    ConfigureRequest {
        body: Bytes::from(body.to_string()),
        idempotency_key: key.map(str::to_owned),
        host: "das.example".to_owned(),
    }
}

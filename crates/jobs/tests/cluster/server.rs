//! A server whose jobs live on a real cluster.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use focus_core::{Limits, Outage, Upstream};
use focus_jobs::{
    Beside, Cluster, ConfigureError, ConfigureRequest, Configured, Connection, Exposure, Jobs,
    KubernetesMetrics, KubernetesSettings, Metrics, Reach, Serving, Settings, Upstreams, WorkerTemplate,
};
use focus_recordings::{EXCERPT, EXCERPT_NAME, SqliteCatalogue};
use focus_upstream::{Gate, Probe};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::faults::Way;

/// Longer than anything here takes, on a slow machine too.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
const START: f64 = 1_458_545_850.532_309;

/// A server, and the way from it to the API server.
pub(crate) struct Server {
    pub(crate) jobs: Jobs,
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) way: Way,
    pub(crate) metrics: Registry,
    _data: TempDir,
}

/// Where the cluster is and where on it to work.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) connection: Connection,
    pub(crate) namespace: String,
}

impl Place {
    pub(crate) async fn new(kubeconfig: &Path, namespace: String) -> Self {
        Self {
            connection: Connection::open(Some(kubeconfig), Duration::from_secs(2)).await.unwrap(),
            namespace,
        }
    }

    /// A server that waits for a slow machine, and sweeps when it is asked to.
    pub(crate) async fn server(&self) -> Server {
        self.server_with(|_| ()).await
    }

    pub(crate) async fn server_with(&self, change: impl FnOnce(&mut KubernetesSettings)) -> Server {
        let data = TempDir::new().unwrap();
        std::fs::write(data.path().join(EXCERPT_NAME), EXCERPT).unwrap();
        let catalogue =
            SqliteCatalogue::open(&data.path().join("catalogue.sqlite"), data.path()).await.unwrap();
        assert_eq!(catalogue.scan().await.unwrap().added, 1);

        let way = Way::default();
        let mut settings = KubernetesSettings {
            namespace: self.namespace.clone(),
            instance: "focus-server".to_owned(),
            template: WorkerTemplate::built_in(),
            exposure: Exposure::NodePort,
            reach: Reach::NodePort("127.0.0.1".to_owned()),
            deadline: Duration::from_millis(900),
            max_job_life: Duration::from_secs(3600),
            sweep_period: Duration::from_secs(3600),
            grace: Duration::ZERO,
            max_jobs: 4,
            limits: Limits::default(),
            data_dir: data.path().to_owned(),
            tls: None,
        };
        change(&mut settings);
        let max_jobs = settings.max_jobs;
        let fibre = focus_live::waiting();
        let broker = gate(Upstream::RabbitMq).await;
        let mut metrics = Registry::default();
        let (jobs_metrics, kubernetes) =
            (Metrics::register(&mut metrics), KubernetesMetrics::register(&mut metrics));
        let upstream_metrics = focus_upstream::Metrics::register(&mut metrics);
        let beside = Beside { broker: broker.clone(), fibre: fibre.clone() };
        let client = way.client(&self.connection.client);
        let cluster =
            Cluster::start(client, settings, beside, jobs_metrics, kubernetes, &upstream_metrics).await;
        let cluster = Arc::new(cluster);
        let upstreams = Upstreams {
            fibre,
            catalogue: Arc::new(catalogue),
            catalogue_gate: gate(Upstream::Catalogue).await,
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
        Server { jobs, cluster, way, metrics, _data: data }
    }
}

impl Server {
    pub(crate) async fn configure(&self, key: Option<&str>) -> Result<Configured, ConfigureError> {
        self.jobs.configure(request(&historic(), key)).await
    }
}

/// A gate of an upstream that is up.
async fn gate(upstream: Upstream) -> Gate {
    let probe = Probe::new(upstream, Duration::from_millis(300), || Box::pin(async { Ok::<_, Outage>(()) }));
    Gate::start(probe, &focus_upstream::Metrics::register(&mut Registry::default()), None).await
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

//! Jobs that live on a Kubernetes cluster: a Job and a Service each. All that is known of them is there, in labels and
//! annotations, so that any server of a deployment can answer for all of them, also after a restart.

mod attempt;
mod calls;
mod claims;
mod connect;
mod doubts;
mod failure;
mod listing;
mod manifest;
mod metrics;
mod pod;
mod rules;
mod seen;
mod sweep;
mod unready;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use focus_core::{JobId, Limits, Outage, Upstream};
use focus_live::LiveFibre;
use focus_stream::remote::Address;
use focus_stream::{JobSpec, Tls};
use focus_upstream::{Gate, Probe};
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::{ConfigureError, Configured, Home, Job, JobState, Key, Metrics, Report, Wanted};
use calls::Calls;
use claims::{Claims, taken};
use doubts::Doubts;
use failure::Failure;
use listing::Listing;
use pod::RemotePod;
use seen::{SeenJob, SeenService};
use unready::Unready;

pub use connect::Connection;
pub use manifest::{Exposure, ORDER_VARIABLE, WorkerTemplate};
pub use metrics::KubernetesMetrics;

/// The gate gives a call this much longer than its own deadline, whose sentence tells more.
const SPARE: Duration = Duration::from_millis(50);
/// What is deleted is gone within this time, unless something else holds it.
const GONE_WITHIN: Duration = Duration::from_secs(2);
/// Between two looks whether it is.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How jobs run on a cluster.
#[derive(Clone, Debug)]
pub struct KubernetesSettings {
    /// Where they are made.
    pub namespace: String,
    /// Tells this deployment's jobs from those of others.
    pub instance: String,
    /// How their pods are run.
    pub template: WorkerTemplate,
    /// How clients reach them.
    pub exposure: Exposure,
    /// How this server reaches them.
    pub reach: Reach,
    /// The cluster is down when one call takes longer.
    pub deadline: Duration,
    /// A job that runs longer is ended by the cluster.
    pub max_job_life: Duration,
    /// Time between two sweeps.
    pub sweep_period: Duration,
    /// What is not whole and older than this is swept; [`GRACE`] but for tests.
    pub grace: Duration,
    /// Most jobs at once; at least 1.
    pub max_jobs: u32,
    /// What one view may cost.
    pub limits: Limits,
    /// Where the recordings are here: an order names their files from there on.
    pub data_dir: PathBuf,
    /// Certificate of the jobs' gRPC services; plaintext without.
    pub tls: Option<Tls>,
}

pub use rules::GRACE;

/// How this server reaches the jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// By the address that their Services have inside the cluster.
    Inside,
    /// By the port that they have on this host.
    NodePort(String),
}

/// Jobs on a cluster.
pub struct Cluster {
    shared: Arc<Shared>,
    _sweep: AbortOnDropHandle<()>,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

struct Shared {
    settings: KubernetesSettings,
    calls: Calls,
    listing: Listing,
    /// Whether the cluster serves ..
    gate: Gate,
    /// .. and the broker, through which jobs get their samples.
    broker: Gate,
    fibre: LiveFibre,
    claims: Claims,
    doubts: Doubts,
    unready: Mutex<Unready>,
    metrics: Metrics,
    kubernetes_metrics: KubernetesMetrics,
    draining: AtomicBool,
}

/// What a cluster's jobs need beside it.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Whether the broker serves.
    pub broker: Gate,
    /// How the live fibre travels.
    pub fibre: LiveFibre,
}

impl Cluster {
    /// Asks the cluster once, so that it is known how it is, and sweeps there from now on.
    pub async fn start(
        client: kube::Client,
        settings: KubernetesSettings,
        beside: Beside,
        metrics: Metrics,
        kubernetes_metrics: KubernetesMetrics,
        upstreams: &focus_upstream::Metrics,
    ) -> Self {
        metrics.set_limit(settings.max_jobs);
        let (namespace, instance) = (&settings.namespace, &settings.instance);
        let calls = Calls::new(client, namespace, instance, settings.deadline, kubernetes_metrics.clone());
        let probed = calls.clone();
        let probe = Probe::new(Upstream::Kubernetes, calls.deadline() + SPARE, move || {
            let calls = probed.clone();
            Box::pin(async move { calls.probe().await.map_err(Failure::outage) })
        });
        let gate = Gate::start(probe, upstreams, None).await;
        let Beside { broker, fibre } = beside;
        let shared = Arc::new(Shared {
            settings,
            listing: Listing::new(calls.clone()),
            calls,
            gate,
            broker,
            fibre,
            claims: Claims::default(),
            doubts: Doubts::default(),
            unready: Mutex::default(),
            metrics,
            kubernetes_metrics,
            draining: AtomicBool::new(false),
        });
        let sweep = AbortOnDropHandle::new(tokio::spawn(sweep::keep(Arc::downgrade(&shared))));
        Self { shared, _sweep: sweep }
    }

    /// Whether the cluster serves.
    #[must_use]
    pub fn gate(&self) -> Gate {
        self.shared.gate.clone()
    }

    /// Sweeps once, now.
    ///
    /// # Errors
    /// When not everything that was to be removed is removed.
    pub async fn sweep(&self) -> Result<(), Outage> {
        sweep::pass(&self.shared).await.map_err(Failure::outage)
    }
}

impl Shared {
    /// A call, or several, that must go through the gate: answered at once while the cluster is known to be down.
    async fn ask<T>(&self, asking: impl Future<Output = Result<T, Failure>>) -> Result<T, Outage> {
        self.gate.pass(async { asking.await.map_err(Failure::outage) }).await
    }

    async fn find(&self, key: &Key) -> Result<Option<Arc<Job>>, ConfigureError> {
        let jobs = self.ask(self.listing.jobs(self.calls.by())).await?;
        match attempt::holder(&jobs, key)? {
            Some(job) if job.committed => {
                Ok(self.read(job, self.calls.by()).await.map_err(Failure::outage)?)
            }
            _ => Ok(None),
        }
    }

    async fn admit(&self) -> Result<(), ConfigureError> {
        let jobs = self.ask(self.listing.jobs(self.calls.by())).await?;
        let max = self.settings.max_jobs;
        if taken(&jobs).len() >= max as usize { Err(ConfigureError::TooManyJobs { max }) } else { Ok(()) }
    }

    /// What a committed Job shows and where, for a client who is to be told; `None` without its Service, or when it goes.
    async fn read(&self, job: &SeenJob, by: Instant) -> Result<Option<Arc<Job>>, Failure> {
        let service = self.calls.get_service(&manifest::service_name(job.id), by).await?;
        let told = service.and_then(SeenService::of).and_then(|service| Some(self.pod(job, &service)?.0));
        // Whoever started it may not have heard so, and be about to undo it.
        let stays = job.kept || told.is_some() && self.calls.keep_job(&job.name, &job.uid, by).await?;
        Ok(told.filter(|_| stays))
    }

    /// A Job and its Service as a job, and how to ask it; `None` when they do not say enough.
    fn pod(&self, job: &SeenJob, service: &SeenService) -> Option<(Arc<Job>, Arc<RemotePod>)> {
        let spec = job.order().and_then(|order| order.spec().ok());
        if spec.is_none() {
            tracing::warn!(job = %job.id, "a Job that says nothing that this version understands");
        }
        self.describe(job, service, Arc::new(spec?))
    }

    fn describe(
        &self,
        job: &SeenJob,
        service: &SeenService,
        spec: Arc<JobSpec>,
    ) -> Option<(Arc<Job>, Arc<RemotePod>)> {
        let (host, port) = match service.node_port {
            Some(port) => (job.host.clone(), port),
            None => (format!("{}.{}.svc", service.name, self.settings.namespace), manifest::PORT),
        };
        let inside = |address: IpAddr| Address { host: address.to_string(), port: manifest::PORT };
        let address = match (&self.settings.reach, service.node_port) {
            (Reach::NodePort(host), Some(port)) => Address { host: host.clone(), port },
            _ => inside(service.cluster_ip?),
        };
        let report = watch::Sender::new(Report { state: JobState::Pending, ..Report::BEGIN });
        let reported = report.subscribe();
        let tls = self.settings.tls.clone();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let pod = Arc::new(RemotePod { address, tls, spec: Arc::clone(&spec), report });
        let job = Job {
            spec,
            rows: Arc::clone(&pod) as _,
            stream_url: format!("{scheme}://{host}"),
            stream_port: port,
            started: job.started.or(job.created).unwrap_or(Timestamp::UNIX_EPOCH),
            report: reported,
            key: job.key.clone(),
        };
        Some((Arc::new(job), pod))
    }

    async fn get(&self, id: JobId) -> Result<Option<Arc<Job>>, Outage> {
        let by = self.calls.by();
        let (job, service) = (manifest::job_name(id), manifest::service_name(id));
        let both =
            async { tokio::try_join!(self.calls.get_job(&job, by), self.calls.get_service(&service, by)) };
        let (job, service) = self.ask(both.boxed()).await?;
        let job = job.and_then(SeenJob::of).filter(|job| job.committed && job.is_alive());
        let both = job.zip(service.and_then(SeenService::of));
        Ok(both.and_then(|(job, service)| Some(self.pod(&job, &service)?.0)))
    }

    async fn list(&self) -> Result<Vec<Arc<Job>>, Outage> {
        let by = self.calls.by();
        let both = async { tokio::try_join!(self.listing.jobs(by), self.calls.list_services(by)) };
        let (jobs, services) = self.ask(both).await?;
        let services: Vec<_> = services.into_iter().filter_map(SeenService::of).collect();
        let running = jobs.iter().filter(|job| job.committed && job.is_alive());
        let mut pods: Vec<_> = running
            .filter_map(|job| self.pod(job, services.iter().find(|service| service.id == job.id)?))
            .collect();
        pods.sort_by_key(|(job, _)| job.started);
        join_all(pods.iter().map(|(_, pod)| pod.ask())).await;
        Ok(pods.into_iter().map(|(job, _)| job).collect())
    }

    async fn stop(&self, id: JobId) -> Result<bool, Outage> {
        self.ask(async {
            let by = Instant::now() + GONE_WITHIN;
            let (name, service) = (manifest::job_name(id), manifest::service_name(id));
            let job = self.calls.get_job(&name, by).await?.and_then(SeenJob::of);
            let Some(job) = job.filter(|job| job.committed && job.is_alive()) else { return Ok(false) };
            self.calls.delete_job(&name, &job.uid, None, by).await?;
            self.calls.delete_service(&service, None, by).await?;
            // Somebody's finalizer may hold it for a while.
            while self.calls.get_job(&name, self.calls.by()).await?.is_some() {
                if Instant::now() >= by {
                    return Err(Failure::held(GONE_WITHIN));
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            tracing::info!(job = %id, "job ended: it was stopped");
            Ok(true)
        })
        .await
    }
}

impl Home for Cluster {
    fn find<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Arc<Job>>, ConfigureError>> {
        Box::pin(self.shared.find(key))
    }

    fn admit(&self) -> BoxFuture<'_, Result<(), ConfigureError>> {
        Box::pin(self.shared.admit())
    }

    fn start(&self, wanted: Wanted, by: Instant) -> BoxFuture<'_, Result<Configured, ConfigureError>> {
        Box::pin(async move { self.shared.start(&wanted, by).await })
    }

    fn get(&self, id: JobId) -> BoxFuture<'_, Result<Option<Arc<Job>>, Outage>> {
        Box::pin(self.shared.get(id))
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Arc<Job>>, Outage>> {
        Box::pin(self.shared.list())
    }

    fn stop(&self, id: JobId) -> BoxFuture<'_, Result<bool, Outage>> {
        Box::pin(self.shared.stop(id))
    }

    /// Jobs on a cluster go on without this server.
    fn drain(&self) -> BoxFuture<'_, ()> {
        self.shared.draining.store(true, Ordering::Relaxed);
        Box::pin(async {})
    }

    fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Relaxed)
    }
}

//! What goes wrong in the middle leaves nothing.

use std::ops::RangeInclusive;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use focus_core::{Outage, Upstream};
use focus_jobs::{
    ConfigureError, GatedCatalogue, InProcess, JobState, Jobs, LaunchError, Launcher, Local, Metrics, Report,
    Rows, Settings, Upstreams, Worker,
};
use focus_recordings::{EXCERPT, EXCERPT_NAME, SqliteCatalogue};
use focus_stream::{JobSpec, Viewer, WatchError};
use focus_upstream::{Gate, Probe};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::server::{DEADLINE, gate, historic, in_process, is_free, request, server, settings};

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
        by: tokio::time::Instant,
    ) -> BoxFuture<'_, Result<Arc<dyn Worker>, LaunchError>> {
        Box::pin(async move {
            self.launched.fetch_add(1, Ordering::Relaxed);
            let worker = self.inner.launch(spec, by).await?;
            Ok(Arc::new(Panics(worker)) as Arc<dyn Worker>)
        })
    }
}

impl Rows for Panics {
    fn watch(&self, stream: usize) -> BoxFuture<'_, Result<Viewer, WatchError>> {
        self.0.watch(stream)
    }
}

impl Worker for Panics {
    fn port(&self) -> u16 {
        panic!("in the middle of the transaction")
    }

    fn report(&self) -> watch::Receiver<Report> {
        self.0.report()
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
    let catalogue = GatedCatalogue::new(Arc::new(index), catalogue_gate);
    let upstreams = Upstreams { fibre: focus_live::waiting(), catalogue, broker };
    let home = Local::new(&settings, launcher.clone(), Metrics::default());
    let jobs = Jobs::new(settings, upstreams, Arc::new(home));
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
        assert!(server.jobs.list().await.unwrap().is_empty());
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
        while !server.jobs.list().await.unwrap().is_empty() {
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

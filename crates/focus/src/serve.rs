//! `focus serve`: the control plane on a real broker; each job is a process of its own, here or on a cluster.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use focus_core::Upstream;
use focus_jobs::{Beside, Processes};
use focus_live::rabbitmq::{self, Address, Broker};
use focus_upstream::{Gate, Metrics, Probe};

use crate::cluster::cluster;
use crate::server::{Backend, Server, serving};
use crate::settings::{LauncherKind, Settings};

/// The gate gives the broker's client this much longer than its own deadline, whose sentence tells more.
const GRACE: Duration = Duration::from_millis(50);

/// The program that runs here, also when another version has taken its place on disk.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// Shown below `--help`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  export FOCUS_RABBITMQ_URL=amqp://user:password@broker:5672/vhost
  focus serve                                    live views of what is published there, on http://127.0.0.1:5000
  focus serve --listen 0.0.0.0:5000 --public-host focus.example.org
  focus serve --launcher kubernetes              each job is a pod of the cluster that kubectl talks to
  focus feed                                     beside it: publishes a real earthquake as the live fibre

It starts with the broker down, too, and says so in its log, /health and /metrics; views work as soon as it is back.
Jobs are processes (focus work) that end with this one, however it ends. On a cluster they go on without it.";

/// Starts everything and serves until it is told to stop.
///
/// # Errors
/// When a part cannot start.
pub(crate) async fn run(settings: Settings, address: Address) -> Result<()> {
    let server = Server::bind(&settings).await?;
    tracing::info!(broker = %address, "live samples and job control go through RabbitMQ");
    let live_metrics = server.metrics.register(rabbitmq::Metrics::register);
    let (broker, fibre) = Broker::start(address.clone(), "focus serve", live_metrics.clone());
    let gate = gate(broker, &address, server.metrics.upstreams()).await;
    let backend = match settings.jobs.launcher {
        LauncherKind::Processes => {
            let launcher = Processes {
                program: PathBuf::from(THIS_PROGRAM),
                serving: serving(&settings),
                limits: settings.limits.clone(),
                broker: address,
                fibre: fibre.clone(),
                threads: settings.threads.get(),
                log: settings.log.style(),
                metrics: server.metrics.register(focus_stream::Metrics::register),
                live_metrics,
            };
            let home = server.local(&settings, launcher.into_launcher());
            Backend { fibre, home, broker: Some(gate), cluster: None }
        }
        LauncherKind::Kubernetes => {
            let beside = Beside { broker: gate.clone(), fibre: fibre.clone() };
            let cluster = cluster(&settings, &server, beside).await?;
            let (broker, cluster_gate) = (Some(gate), Some(cluster.gate()));
            Backend { fibre, home: Arc::new(cluster), broker, cluster: cluster_gate }
        }
    };
    server.run(settings, backend).await
}

async fn gate(broker: Broker, address: &Address, metrics: &Metrics) -> Gate {
    let wake = broker.changed();
    let probe = Probe::new(Upstream::RabbitMq, address.deadline() + GRACE, move || broker.round_trip());
    Gate::start(probe, metrics, Some(wake)).await
}

//! Jobs as processes of their own: `focus work`, one for each.
//!
//! The server writes one [`Order`] to the process's standard input and keeps that open: when it closes, however the
//! server ended, the process ends too. On its standard output the process tells, line by line, how the job is.
//! Nothing secret is in its arguments or its environment.

mod child;
mod order;
mod work;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use focus_core::Limits;
use focus_live::LiveFibre;
use focus_live::rabbitmq;
use focus_stream::remote::Address;
use focus_stream::{JobSpec, Share, Tls, Viewer, WatchError};
use futures::future::BoxFuture;
use tokio::sync::{SetOnce, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::ports::Ports;
use crate::{JobOrder, LaunchError, Launcher, Report, Rows, Serving, Worker};
use child::{Child, Shares};

pub use order::{LogStyle, Order};
pub use work::work;

/// A process that is not ready after this long will not be.
const READY_DEADLINE: Duration = Duration::from_secs(2);

/// Starts jobs as processes of this machine.
#[derive(Debug)]
pub struct Processes {
    /// The program whose `work` subcommand calls [`work`].
    pub program: PathBuf,
    /// How jobs are served.
    pub serving: Serving,
    /// What one view may cost.
    pub limits: Limits,
    /// Where live samples come from ..
    pub broker: rabbitmq::Address,
    /// .. and what is known of them.
    pub fibre: LiveFibre,
    /// Threads that one process computes with.
    pub threads: usize,
    /// What the processes log, to this process's standard error.
    pub log: LogStyle,
    /// What the processes count of their rows is counted here ..
    pub metrics: focus_stream::Metrics,
    /// .. and here what they count of their connections to the broker.
    pub live_metrics: rabbitmq::Metrics,
}

impl Processes {
    /// The launcher.
    #[must_use]
    pub fn into_launcher(self) -> Arc<dyn Launcher> {
        let ports = Ports::new(self.serving.ports.clone(), 0);
        Arc::new(ProcessLauncher { settings: self, ports })
    }
}

struct ProcessLauncher {
    settings: Processes,
    ports: Ports,
}

impl ProcessLauncher {
    async fn start(&self, spec: Arc<JobSpec>, by: Instant) -> Result<Arc<dyn Worker>, LaunchError> {
        let Processes { program, serving, limits, broker, fibre, threads, log, .. } = &self.settings;
        let order = Order {
            job: JobOrder::new(&spec, limits, fibre.band_channels()),
            broker: broker.clone(),
            serving: serving.clone(),
            port_offset: self.ports.next_offset(),
            threads: *threads,
            log: log.clone(),
        };
        let by = by.min(Instant::now() + READY_DEADLINE);
        let (child, port) = Child::start(program, &order, by).await?;

        let (stop, drop_guard) = (Arc::new(SetOnce::new()), CancellationToken::new());
        let (report, reported) = watch::channel(Report::BEGIN);
        let shares = Shares {
            stream: Share::of(self.settings.metrics.clone()),
            live: self.settings.live_metrics.clone(),
            live_before: rabbitmq::Counts::default(),
        };
        tokio::spawn(child.mind(Arc::clone(&stop), drop_guard.clone(), report, shares));
        Ok(Arc::new(Remote {
            address: SocketAddr::new(reachable(serving.bind), port).into(),
            tls: serving.tls.clone(),
            spec,
            stop,
            report: reported,
            _wanted: drop_guard.drop_guard(),
        }))
    }
}

impl Launcher for ProcessLauncher {
    fn launch(&self, spec: Arc<JobSpec>, by: Instant) -> BoxFuture<'_, Result<Arc<dyn Worker>, LaunchError>> {
        Box::pin(self.start(spec, by))
    }
}

/// By which address this machine reaches a service that listens on `bind`.
fn reachable(bind: IpAddr) -> IpAddr {
    match bind {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

/// One job in another process.
struct Remote {
    /// Of its gRPC service.
    address: Address,
    tls: Option<Tls>,
    spec: Arc<JobSpec>,
    /// Asks the process to end the job, and why.
    stop: Arc<SetOnce<String>>,
    report: watch::Receiver<Report>,
    /// When it is dropped, the process is killed.
    _wanted: DropGuard,
}

impl Rows for Remote {
    fn watch(&self, stream: usize) -> BoxFuture<'_, Result<Viewer, WatchError>> {
        Box::pin(focus_stream::remote::watch(&self.address, self.tls.as_ref(), &self.spec, stream))
    }
}

impl Worker for Remote {
    fn port(&self) -> u16 {
        self.address.port
    }

    fn report(&self) -> watch::Receiver<Report> {
        self.report.clone()
    }

    fn stop(&self, reason: &str) {
        // An error says that it was asked for before.
        drop(self.stop.set(reason.to_owned()));
    }
}

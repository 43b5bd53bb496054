//! What the process of one job does.

use std::io::{self, BufRead as _};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use focus_core::Outage;
use focus_live::rabbitmq::{self, Address, Metadata, Subscription, Wanted};
use focus_live::{LiveFibre, LiveOptions};
use focus_stream::{JobSpec, LiveSpectra};
use rayon::ThreadPoolBuilder;
use serde::Serialize;
use tokio::io::{AsyncWriteExt as _, Stdout};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::order::{Asked, Counts, Order, Told, line};
use crate::keeper::REPORT_PERIOD;
use crate::launcher::gone;
use crate::order::Source;
use crate::{InProcess, LaunchError, Launcher as _, Show, Worker};

/// When the server has gone, so has this process after this long, whatever hangs in it.
const ORPHANED_FOR: Duration = Duration::from_secs(5);

/// What this process counts.
#[derive(Clone, Debug, Default)]
struct Metrics {
    stream: focus_stream::Metrics,
    live: rabbitmq::Metrics,
}

impl Metrics {
    fn counts(&self) -> Counts {
        Counts { stream: self.stream.counts(), live: self.live.counts() }
    }
}

/// Runs the job of `order` to its end and tells on standard output how it is. Ends the job when the server asks
/// for it, when standard input closes because the server has gone, and on a signal to terminate; ends this process
/// when the job survives the server.
///
/// # Errors
/// When nobody listens any more.
pub async fn work(order: Order) -> anyhow::Result<()> {
    let mut asked = listen()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let metrics = Metrics::default();
    let mut output = tokio::io::stdout();

    let job = tracing::info_span!("job", id = %order.job.job);
    let (worker, _subscription) = match launch(order, metrics.clone()).instrument(job).await {
        Ok(launched) => launched,
        // The server tells of it, in its answer and in its log.
        Err(error) => return tell(&mut output, &Told::Failed(error)).await,
    };
    tell(&mut output, &Told::Ready(worker.port())).await?;

    let mut report = worker.report();
    loop {
        let now = report.borrow_and_update().clone();
        if tell(&mut output, &Told::Report(now, metrics.counts())).await.is_err() {
            worker.stop("the server is gone");
            gone(report).await;
            return Ok(());
        }
        tokio::select! {
            changed = timeout(REPORT_PERIOD, report.changed()) => if let Ok(Err(_)) = changed { break },
            Some(Asked::Stop(reason)) = asked.recv() => worker.stop(&reason),
            _ = terminate.recv() => worker.stop("its process was told to stop"),
        }
    }
    let last = report.borrow().clone();
    tell(&mut output, &Told::Report(last, metrics.counts())).await?;
    Ok(())
}

/// The job, and what brings it its samples when it is live.
async fn launch(
    order: Order,
    metrics: Metrics,
) -> Result<(Arc<dyn Worker>, Option<Subscription>), LaunchError> {
    let failed = |error: &dyn std::fmt::Display| LaunchError::Failed(error.to_string());
    let spec = order.job.spec().map_err(|faults| failed(&faults))?;
    let workers = ThreadPoolBuilder::new().num_threads(order.threads).build();
    let workers = Arc::new(workers.map_err(|error| failed(&error))?);
    let (fibre, subscription, show) = match order.job.source {
        Source::Live { band_channels } => {
            let fibre = order.job.fibre;
            let metadata = band_channels.map(|band_channels| Metadata { fibre, band_channels });
            let (fibre, subscription) = subscribe(order.broker, &spec, metadata, metrics.live).await?;
            (fibre, Some(subscription), Show::Live)
        }
        Source::Historic(recordings) => (focus_live::waiting(), None, Show::Historic(recordings)),
    };
    let spectra = LiveSpectra::start(&fibre, Arc::clone(&workers), metrics.stream.clone());
    let spectra = spectra.map_err(|error| failed(&error))?;
    let launcher =
        InProcess::new(order.serving, spectra, workers, metrics.stream).with_port_offset(order.port_offset);
    let worker = launcher.launch(Arc::new(spec), show, Instant::now()).await?;
    Ok((worker, subscription))
}

async fn subscribe(
    broker: Address,
    spec: &JobSpec,
    metadata: Option<Metadata>,
    metrics: rabbitmq::Metrics,
) -> Result<(LiveFibre, Subscription), Outage> {
    let wanted = Wanted { channels: spec.plan.channels, options: LiveOptions::default(), metadata };
    let name = format!("focus work {}", spec.id);
    rabbitmq::consume(broker, &name, wanted, metrics).await
}

/// What the server asks for, read on a thread that nothing else can hold up.
fn listen() -> io::Result<mpsc::UnboundedReceiver<Asked>> {
    let (asked, receiver) = mpsc::unbounded_channel();
    thread::Builder::new().name("orders".to_owned()).spawn(move || {
        let lines = io::stdin().lock().lines().map_while(Result::ok);
        for line in lines {
            if let Ok(order) = serde_json::from_str(&line) {
                drop(asked.send(order));
            }
        }
        drop(asked.send(Asked::Stop("the server is gone".to_owned())));
        thread::sleep(ORPHANED_FOR);
        std::process::exit(1);
    })?;
    Ok(receiver)
}

async fn tell(output: &mut Stdout, told: &impl Serialize) -> anyhow::Result<()> {
    output.write_all(&line(told)?).await?;
    output.flush().await?;
    Ok(())
}

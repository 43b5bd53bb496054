//! One job that has a process to itself, whoever started that.

use std::sync::Arc;
use std::time::Duration;

use focus_live::rabbitmq::{self, Address, Metadata, Subscription, Wanted};
use focus_live::{LiveFibre, LiveOptions};
use focus_stream::{JobSpec, LiveSpectra};
use rayon::ThreadPoolBuilder;
use tokio::time::Instant;

use crate::order::Source;
use crate::{InProcess, JobOrder, LaunchError, Launcher as _, Serving, Worker};

/// How much of the live fibre a job remembers that begins before now: what passes until its viewers are there, and a
/// usual display for those who come later.
const REMEMBERED: Duration = Duration::from_secs(10);

/// What this process counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) stream: focus_stream::Metrics,
    pub(crate) live: rabbitmq::Metrics,
}

/// What the process has to run its job with.
#[derive(Debug)]
pub(crate) struct Means {
    /// Where live samples come from, if that is known.
    pub(crate) broker: Option<Address>,
    /// Whether a live job may begin before its broker serves.
    pub(crate) waits_for_broker: bool,
    /// How the job is served.
    pub(crate) serving: Serving,
    /// Where in their range to begin looking for a free port.
    pub(crate) port_offset: usize,
    /// Threads to compute with.
    pub(crate) threads: usize,
}

/// The job, and what brings it its samples when it is live.
pub(crate) async fn launch(
    order: JobOrder,
    means: Means,
    metrics: Metrics,
) -> Result<(Arc<dyn Worker>, Option<Subscription>), LaunchError> {
    let spec = order.spec().map_err(|faults| failed(&faults))?;
    let workers = ThreadPoolBuilder::new().num_threads(means.threads).build();
    let workers = Arc::new(workers.map_err(|error| failed(&error))?);
    let (fibre, subscription, remembered) = match order.source {
        Source::Live { band_channels, before } => {
            let fibre = order.fibre;
            let metadata = band_channels.map(|band_channels| Metadata { fibre, band_channels });
            let broker =
                means.broker.ok_or_else(|| failed(&"it shows the live fibre, and no broker is named"))?;
            let (fibre, subscription) =
                subscribe(broker, means.waits_for_broker, &spec, metadata, metrics.live).await?;
            (fibre, Some(subscription), before.map_or(Duration::ZERO, |_| REMEMBERED))
        }
        Source::Historic(_) => (focus_live::waiting(), None, Duration::ZERO),
    };
    let spectra = LiveSpectra::start(&fibre, Arc::clone(&workers), metrics.stream.clone(), remembered);
    let spectra = spectra.map_err(|error| failed(&error))?;
    let launcher =
        InProcess::new(means.serving, spectra, workers, metrics.stream).with_port_offset(means.port_offset);
    let worker = launcher.launch(Arc::new(spec), Instant::now()).await?;
    Ok((worker, subscription))
}

async fn subscribe(
    broker: Address,
    waits: bool,
    spec: &JobSpec,
    metadata: Option<Metadata>,
    metrics: rabbitmq::Metrics,
) -> Result<(LiveFibre, Subscription), LaunchError> {
    let wanted = Wanted { channels: spec.plan.channels, options: LiveOptions::default(), metadata };
    let name = format!("focus work {}", spec.id);
    if waits {
        return Ok(rabbitmq::consume_patiently(broker, &name, wanted, metrics));
    }
    Ok(rabbitmq::consume(broker, &name, wanted, metrics).await?)
}

fn failed(error: &dyn std::fmt::Display) -> LaunchError {
    LaunchError::Failed(error.to_string())
}

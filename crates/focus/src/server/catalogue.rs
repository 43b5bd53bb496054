//! The catalogue that the settings choose, and the gate that knows whether it serves.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use focus_api::Metrics;
use focus_core::Upstream;
use focus_recordings::{Catalogue, MongoCatalogue, MongoMetrics};
use focus_upstream::{Gate, Probe, Wake};
use tokio_util::task::AbortOnDropHandle;

use super::data;
use crate::settings::{MongoSettings, Settings};

/// The embedded catalogue is down when it takes longer for an answer.
const EMBEDDED_DEADLINE: Duration = Duration::from_millis(600);
/// The gate gives a catalogue with a deadline of its own this much longer, for its sentence tells more.
const GRACE: Duration = Duration::from_millis(50);

/// A catalogue at work.
pub(super) struct Opened {
    pub(super) catalogue: Arc<dyn Catalogue>,
    pub(super) gate: Gate,
    pub(super) background: Background,
}

/// What a catalogue does by itself.
pub(super) enum Background {
    /// Looks for new files, as long as this is there.
    Watching(#[expect(dead_code, reason = "held for its drop")] AbortOnDropHandle<()>),
    /// Stays connected with MongoDB.
    Connected(Arc<MongoCatalogue>),
}

impl Background {
    /// Ends it: nobody may have anything left to ask.
    pub(super) async fn end(self) {
        match self {
            Self::Watching(_) => {}
            Self::Connected(catalogue) => catalogue.close().await,
        }
    }
}

/// Opens the catalogue. That MongoDB serves is not needed to start.
///
/// # Errors
/// When directories of the embedded one cannot be used, or the settings of the other cannot be.
pub(super) async fn open(settings: &Settings, metrics: &Metrics) -> Result<Opened> {
    match &settings.mongodb {
        Some(mongodb) => in_mongodb(mongodb, metrics).await,
        None => embedded(settings, metrics).await,
    }
}

async fn embedded(settings: &Settings, metrics: &Metrics) -> Result<Opened> {
    let catalogue = data::open(&settings.data_dir, settings.index_dir.as_deref()).await?;
    let watching = tokio::spawn(data::watch(catalogue.clone()));
    let catalogue = Arc::new(catalogue);
    let gate = gate(Upstream::Catalogue, EMBEDDED_DEADLINE, catalogue.clone(), None, metrics).await;
    Ok(Opened { catalogue, gate, background: Background::Watching(AbortOnDropHandle::new(watching)) })
}

async fn in_mongodb(settings: &MongoSettings, metrics: &Metrics) -> Result<Opened> {
    let MongoSettings { address, mounts } = settings;
    tracing::info!(%address, "recordings are those that MongoDB lists");
    let counts = metrics.register(MongoMetrics::register);
    let catalogue = MongoCatalogue::start(address, mounts.clone(), counts).await;
    let catalogue = Arc::new(catalogue.context("catalogue.mongodb_url")?);
    let (deadline, wake) = (MongoCatalogue::DEADLINE + GRACE, catalogue.changed());
    let gate = gate(Upstream::MongoDb, deadline, catalogue.clone(), Some(wake), metrics).await;
    Ok(Opened { catalogue: catalogue.clone(), gate, background: Background::Connected(catalogue) })
}

async fn gate(
    upstream: Upstream,
    deadline: Duration,
    catalogue: Arc<dyn Catalogue>,
    wake: Option<Wake>,
    metrics: &Metrics,
) -> Gate {
    let probe = Probe::new(upstream, deadline, move || {
        let catalogue = catalogue.clone();
        Box::pin(async move { catalogue.probe().await })
    });
    Gate::start(probe, metrics.upstreams(), wake).await
}

#[cfg(test)]
mod tests {
    use focus_api::Build;
    use focus_core::Outage;
    use focus_recordings::MongoAddress;
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn that_mongodb_is_known_to_be_down_is_answered_before_anything_is_asked() {
        // Connections are made, and nobody answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("mongodb://{}", silent.local_addr().unwrap());
        let settings =
            MongoSettings { address: MongoAddress::parse(&url, "prisma").unwrap(), mounts: vec![] };
        let build = Build { version: "0".to_owned(), commit: None };
        let opened = in_mongodb(&settings, &Metrics::new(&build)).await.unwrap();
        // That it stays so until the next probe has ended, the gate's own tests show, where time stands still.
        let answer = opened.gate.require().now_or_never();
        assert!(
            matches!(&answer, Some(Err(Outage::Unavailable { upstream: Upstream::MongoDb, .. }))),
            "{answer:?}"
        );
    }
}

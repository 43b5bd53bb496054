use std::sync::Arc;
use std::time::Duration;

use focus_core::Outage;
use focus_recordings::{Catalogue, Extent, Recording};
use focus_upstream::Gate;
use jiff::Timestamp;
use tokio::time::timeout;

/// The catalogue with its gate: who asks the gate first is told of a known outage at once, and nobody waits longer for an
/// answer than he says.
#[derive(Clone)]
pub struct GatedCatalogue {
    catalogue: Arc<dyn Catalogue>,
    gate: Gate,
}

impl GatedCatalogue {
    /// `gate` tells whether `catalogue` serves.
    #[must_use]
    pub fn new(catalogue: Arc<dyn Catalogue>, gate: Gate) -> Self {
        Self { catalogue, gate }
    }

    /// What tells whether it serves.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The recordings that share time with `start..end`, see [`Catalogue::find`].
    ///
    /// # Errors
    /// When there is no answer `within` that time, or none at all.
    pub async fn find(
        &self,
        start: Timestamp,
        end: Timestamp,
        within: Duration,
    ) -> Result<Vec<Recording>, Outage> {
        self.answer(self.catalogue.find(start, end), within).await
    }

    /// When they begin and end, see [`Catalogue::extents`].
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub async fn extents(
        &self,
        start: Timestamp,
        end: Timestamp,
        within: Duration,
    ) -> Result<Vec<Extent>, Outage> {
        self.answer(self.catalogue.extents(start, end), within).await
    }

    async fn answer<T>(
        &self,
        answer: impl Future<Output = Result<T, Outage>>,
        within: Duration,
    ) -> Result<T, Outage> {
        timeout(within, answer).await.unwrap_or_else(|_| {
            let reason = format!("no answer within {} ms", within.as_millis());
            Err(Outage::Unavailable { upstream: self.gate.upstream(), reason })
        })
    }
}

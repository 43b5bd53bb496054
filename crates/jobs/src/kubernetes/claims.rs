use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use focus_core::JobId;
use rand::Rng as _;

use super::seen::SeenJob;

/// The slots that requests of this server are about to take, so that they need not fight for them on the cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims(Arc<Mutex<BTreeSet<u32>>>);

/// A slot that one request is about to take; its end gives it up.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) id: JobId,
    claims: Claims,
}

impl Claims {
    /// The lowest slot up to `max` that neither a Job nor another request has; `None` without one.
    pub(super) fn claim(&self, jobs: &[SeenJob], max: u32) -> Option<Claim> {
        let taken = taken(jobs);
        let mut claimed = self.lock();
        let slot = (1..=max).find(|slot| !taken.contains(slot) && !claimed.contains(slot))?;
        claimed.insert(slot);
        // Servers do not count together, and their clocks differ; clients may still hold the id of a job that another
        // server has given this slot a moment ago.
        let sequence = rand::rng().random_range(1..=i32::MAX as u32);
        Some(Claim { id: JobId { slot, sequence }, claims: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The slots that jobs have.
pub(super) fn taken(jobs: &[SeenJob]) -> BTreeSet<u32> {
    jobs.iter().filter(|job| job.is_alive()).map(|job| job.id.slot).collect()
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.lock().remove(&self.id.slot);
    }
}

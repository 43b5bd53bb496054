use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use focus_core::JobId;
use jiff::Timestamp;

use super::seen::SeenJob;
use crate::slots::{first_sequence, next_sequence};

/// The slots that requests of this server are about to take, so that they need not fight for them on the cluster.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims(Arc<Mutex<Claimed>>);

#[derive(Debug, Default)]
struct Claimed {
    slots: BTreeSet<u32>,
    sequence: u32,
}

/// A slot that one request is about to take; its end gives it up.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) id: JobId,
    claims: Claims,
}

impl Claims {
    /// The lowest slot up to `max` that neither a Job nor another request has; `None` without one.
    pub(super) fn claim(&self, jobs: &[SeenJob], max: u32, now: Timestamp) -> Option<Claim> {
        let taken = taken(jobs);
        let mut claimed = self.lock();
        let slot = (1..=max).find(|slot| !taken.contains(slot) && !claimed.slots.contains(slot))?;
        claimed.slots.insert(slot);
        // Ahead of what any server has given before a restart or beside this one, as far as clocks agree.
        let behind = first_sequence(now).wrapping_sub(claimed.sequence) < i32::MAX as u32 / 2;
        claimed.sequence = next_sequence(if behind { first_sequence(now) } else { claimed.sequence });
        Some(Claim { id: JobId { slot, sequence: claimed.sequence }, claims: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, Claimed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The slots that jobs have.
pub(super) fn taken(jobs: &[SeenJob]) -> BTreeSet<u32> {
    jobs.iter().filter(|job| job.is_alive()).map(|job| job.id.slot).collect()
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.lock().slots.remove(&self.id.slot);
    }
}

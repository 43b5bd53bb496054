use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use focus_core::JobId;

/// Hands out job ids: the lowest free slot and the next sequence number.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    max: u32,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    slots: BTreeSet<u32>,
    sequence: u32,
}

/// A taken slot; free again when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    id: JobId,
    taken: Arc<Mutex<Taken>>,
}

impl Slots {
    /// Slots 1 to `max`.
    pub(crate) fn new(max: u32) -> Self {
        Self { max, taken: Arc::default() }
    }

    pub(crate) fn max(&self) -> u32 {
        self.max
    }

    /// `None` when all are taken.
    pub(crate) fn take(&self) -> Option<Slot> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = (1..=self.max).find(|slot| !taken.slots.contains(slot))?;
        taken.slots.insert(slot);
        // Clients hold the sequence as a positive int32.
        taken.sequence = taken.sequence % i32::MAX as u32 + 1;
        Some(Slot { id: JobId { slot, sequence: taken.sequence }, taken: Arc::clone(&self.taken) })
    }
}

impl Slot {
    pub(crate) fn id(&self) -> JobId {
        self.id
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).slots.remove(&self.id.slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_slot_and_never_the_same_id_twice() {
        let slots = Slots::new(2);
        let (first, second) = (slots.take().unwrap(), slots.take().unwrap());
        assert_eq!((first.id().to_string(), second.id().to_string()), ("1-1".into(), "2-2".into()));
        assert!(slots.take().is_none());
        drop(first);
        assert_eq!(slots.take().unwrap().id().to_string(), "1-3");
    }
}

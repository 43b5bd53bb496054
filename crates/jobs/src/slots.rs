use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use focus_core::JobId;
use jiff::Timestamp;

/// Hands out job ids: the lowest free slot and the next sequence number.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    max: u32,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug)]
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
    /// Slots 1 to `max`; `sequence` is the last number that may be known to clients already.
    pub(crate) fn new(max: u32, sequence: u32) -> Self {
        let taken = Taken { slots: BTreeSet::new(), sequence };
        Self { max, taken: Arc::new(Mutex::new(taken)) }
    }

    pub(crate) fn max(&self) -> u32 {
        self.max
    }

    /// Whether all are taken.
    pub(crate) fn is_full(&self) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.slots.len() >= self.max as usize
    }

    /// `None` when all are taken.
    pub(crate) fn take(&self) -> Option<Slot> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = (1..=self.max).find(|slot| !taken.slots.contains(slot))?;
        taken.slots.insert(slot);
        taken.sequence = next_sequence(taken.sequence);
        Some(Slot { id: JobId { slot, sequence: taken.sequence }, taken: Arc::clone(&self.taken) })
    }
}

/// The number after this one: clients hold it as a positive int32.
fn next_sequence(sequence: u32) -> u32 {
    sequence % i32::MAX as u32 + 1
}

/// A number that counting from an earlier start has not reached by `now`, as long as there were fewer than ten jobs
/// a second: clients may still hold the ids of jobs that ran before a restart. Comes round every 6.8 years.
pub(crate) fn first_sequence(now: Timestamp) -> u32 {
    (now.as_millisecond() / 100).rem_euclid(i64::from(i32::MAX)) as u32
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
        let slots = Slots::new(2, 0);
        let (first, second) = (slots.take().unwrap(), slots.take().unwrap());
        assert_eq!((first.id().to_string(), second.id().to_string()), ("1-1".into(), "2-2".into()));
        assert!(slots.take().is_none());
        drop(first);
        assert_eq!(slots.take().unwrap().id().to_string(), "1-3");
    }

    #[test]
    fn a_restart_repeats_no_id_and_all_fit_a_positive_int32() {
        let time = |seconds| Timestamp::from_second(seconds).unwrap();
        let before = Slots::new(1, first_sequence(time(1_763_000_000)));
        let last = (0..9).map(|_| before.take().unwrap().id().sequence).max().unwrap();
        let after = Slots::new(1, first_sequence(time(1_763_000_001)));
        assert!(after.take().unwrap().id().sequence > last);

        let full = Slots::new(1, i32::MAX as u32);
        assert_eq!(full.take().unwrap().id().sequence, 1);
        let begin = Slots::new(1, first_sequence(Timestamp::UNIX_EPOCH));
        assert_eq!(begin.take().unwrap().id().sequence, 1);
    }
}

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// An API server that was asked for something and did not answer has done it by then, or never will.
const LAST_FOR: Duration = Duration::from_secs(600);

/// Attempts whose clients were told that there is no job, while the API server has not said so.
///
/// A request that was sent cannot be called back: it may be carried out when the API server wakes up. What it then
/// creates is known by its attempt. Should this memory be lost, an uncommitted Job is still swept after its grace, and a
/// committed one, which nobody connects to, ends by itself.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    attempts: Mutex<BTreeMap<String, Instant>>,
    /// Says that there is something new to look for.
    pub(super) raised: Notify,
}

impl Doubts {
    pub(super) fn raise(&self, attempt: &str) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.insert(attempt.to_owned(), Instant::now());
        self.raised.notify_one();
    }

    /// All that are left.
    pub(super) fn attempts(&self) -> BTreeSet<String> {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.retain(|_, raised| raised.elapsed() < LAST_FOR);
        attempts.keys().cloned().collect()
    }
}

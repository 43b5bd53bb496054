use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{SHA256, digest};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::time::Instant;

use crate::{ConfigureError, Configured};

/// Bytes of a hash that are kept: two keys or bodies are the same once in 2^80 pairs.
const HASH_BYTES: usize = 20;

/// An `Idempotency-Key` and the request that it came with.
///
/// As hashes: whatever clients put into either, it is 40 hexadecimal digits wherever it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    name: String,
    request: String,
}

impl Key {
    /// Of what a client sent.
    #[must_use]
    pub fn new(name: &str, body: &[u8]) -> Self {
        Self { name: hash(name.as_bytes()), request: hash(body) }
    }

    /// Of what was stored.
    pub(crate) fn stored(name: &str, request: &str) -> Self {
        Self { name: name.to_owned(), request: request.to_owned() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn request(&self) -> &str {
        &self.request
    }
}

fn hash(bytes: &[u8]) -> String {
    let hash = digest(&SHA256, bytes);
    hash.as_ref().iter().take(HASH_BYTES).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}

/// Requests with the same key wait for each other, so that any number of equal ones at once start one job.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyLocks {
    locks: Arc<Mutex<HashMap<String, Lock>>>,
}

type Lock = Arc<AsyncMutex<Option<Told>>>;
type Answer = Result<Configured, ConfigureError>;

/// What the last who held a key has answered.
#[derive(Debug)]
struct Told {
    key: Key,
    answer: Answer,
    at: Instant,
}

/// The right to decide what a key stands for; others with the same key wait until it is dropped.
#[derive(Debug)]
pub(crate) struct HeldKey {
    key: Key,
    asked: Instant,
    locks: KeyLocks,
    held: OwnedMutexGuard<Option<Told>>,
}

impl KeyLocks {
    pub(crate) async fn hold(&self, key: &Key) -> HeldKey {
        let asked = Instant::now();
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(key.name().to_owned()).or_default())
        };
        HeldKey { key: key.clone(), asked, locks: self.clone(), held: lock.lock_owned().await }
    }
}

impl HeldKey {
    /// What an equal request was answered while this one waited: it is as good an answer to this one, and thousands
    /// that wait are answered at once.
    pub(crate) fn told(&self) -> Option<Answer> {
        let told = self.held.as_ref().filter(|told| told.key == self.key && told.at >= self.asked)?;
        Some(told.answer.clone().map(|Configured { job, .. }| Configured { job, repeated: true }))
    }

    /// Tells those who wait.
    pub(crate) fn tell(&mut self, answer: &Answer) {
        *self.held = Some(Told { key: self.key.clone(), answer: answer.clone(), at: Instant::now() });
    }
}

impl Drop for HeldKey {
    fn drop(&mut self) {
        let mut locks = self.locks.locks.lock().unwrap_or_else(PoisonError::into_inner);
        // One reference is the map's, one is the guard's: nobody else waits.
        if locks.get(self.key.name()).is_some_and(|lock| Arc::strong_count(lock) <= 2) {
            locks.remove(self.key.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn equal_keys_wait_for_each_other_and_nothing_is_kept_of_them() {
        let locks = KeyLocks::default();
        let (key, other) = (Key::new("a", b"x"), Key::new("b", b"x"));
        let held = locks.hold(&key).await;
        assert!(locks.hold(&other).now_or_never().is_some());
        let same = Key::new("a", b"y");
        let waiting = tokio::spawn({
            let locks = locks.clone();
            async move { drop(locks.hold(&same).await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        waiting.await.unwrap();
        assert!(locks.locks.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn who_waits_is_told_what_an_equal_request_was_answered() {
        let locks = KeyLocks::default();
        let key = Key::new("a", b"x");
        let mut first = locks.hold(&key).await;
        assert!(first.told().is_none());
        let waiting = [b"x", b"y", b"x"].map(|body| {
            let locks = locks.clone();
            tokio::spawn(async move {
                let held = locks.hold(&Key::new("a", body)).await;
                held.told().map(|answer| answer.unwrap_err().to_string())
            })
        });
        tokio::task::yield_now().await;
        let error = ConfigureError::TooManyJobs { max: 3 };
        first.tell(&Err(error.clone()));
        // Who comes after the answer asks anew.
        let mut later = Box::pin(locks.hold(&key));
        assert!((&mut later).now_or_never().is_none());
        drop(first);
        let told = futures::future::join_all(waiting).await;
        let told: Vec<_> = told.into_iter().map(Result::unwrap).collect();
        let same = Some(error.to_string());
        assert_eq!(told, [same.clone(), None, same]);
        assert!(later.await.told().is_none());
        assert!(locks.locks.lock().unwrap().is_empty());
    }

    #[test]
    fn what_is_stored_of_a_key_fits_a_label_and_tells_nothing() {
        let key = Key::new("customer: 4711 / \u{1f40b}", b"{}");
        assert_eq!(key.name().len(), 40);
        assert!(key.name().chars().all(|digit| digit.is_ascii_hexdigit()));
        assert_eq!(key.request(), Key::new("another", b"{}").request());
        assert_ne!(key.request(), Key::new("another", b"{ }").request());
    }
}

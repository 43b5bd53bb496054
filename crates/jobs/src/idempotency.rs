use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{SHA256, digest};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

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
    locks: Arc<Mutex<HashMap<String, Arc<AsyncMutex<()>>>>>,
}

/// The right to decide what a key stands for; others with the same key wait until it is dropped.
#[derive(Debug)]
pub(crate) struct HeldKey {
    name: String,
    locks: KeyLocks,
    _held: OwnedMutexGuard<()>,
}

impl KeyLocks {
    pub(crate) async fn hold(&self, key: &Key) -> HeldKey {
        let name = key.name().to_owned();
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(name.clone()).or_default())
        };
        HeldKey { name, locks: self.clone(), _held: lock.lock_owned().await }
    }
}

impl Drop for HeldKey {
    fn drop(&mut self) {
        let mut locks = self.locks.locks.lock().unwrap_or_else(PoisonError::into_inner);
        // One reference is the map's, one is the guard's: nobody else waits.
        if locks.get(&self.name).is_some_and(|lock| Arc::strong_count(lock) <= 2) {
            locks.remove(&self.name);
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

    #[test]
    fn what_is_stored_of_a_key_fits_a_label_and_tells_nothing() {
        let key = Key::new("customer: 4711 / \u{1f40b}", b"{}");
        assert_eq!(key.name().len(), 40);
        assert!(key.name().chars().all(|digit| digit.is_ascii_hexdigit()));
        assert_eq!(key.request(), Key::new("another", b"{}").request());
        assert_ne!(key.request(), Key::new("another", b"{ }").request());
    }
}

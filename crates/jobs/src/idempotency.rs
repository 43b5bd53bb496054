use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use focus_core::JobId;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// Which job each `Idempotency-Key` stands for.
///
/// A key is remembered as long as its job lives. Requests with the same key wait for each other, so that
/// any number of equal ones at once start one job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    keys: Arc<Mutex<HashMap<String, Entry>>>,
}

/// What a key stands for, held by the request that decides it.
type Entry = Arc<AsyncMutex<Option<Use>>>;

#[derive(Clone, Debug)]
struct Use {
    body: Bytes,
    job: JobId,
}

/// The right to decide what a key stands for; others with the same key wait until it is dropped.
#[derive(Debug)]
pub(crate) struct Key {
    name: String,
    keys: Keys,
    used: OwnedMutexGuard<Option<Use>>,
}

/// What a key stood for.
pub(crate) enum Known {
    /// Nothing yet.
    New,
    /// This job, made by the same body.
    Same(JobId),
    /// Another body.
    Other,
}

impl Keys {
    pub(crate) async fn hold(&self, name: String) -> Key {
        let entry = {
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(keys.entry(name.clone()).or_default())
        };
        Key { name, keys: self.clone(), used: entry.lock_owned().await }
    }

    /// Forgets the keys of a job that is gone.
    pub(crate) fn forget(&self, job: JobId) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        // A key that is being decided on right now belongs to a newer request.
        keys.retain(|_, entry| {
            entry.try_lock().map_or(true, |used| used.as_ref().is_none_or(|used| used.job != job))
        });
    }
}

impl Key {
    pub(crate) fn known(&self, body: &Bytes) -> Known {
        match &*self.used {
            None => Known::New,
            Some(used) if used.body == *body => Known::Same(used.job),
            Some(_) => Known::Other,
        }
    }

    pub(crate) fn remember(&mut self, body: Bytes, job: JobId) {
        *self.used = Some(Use { body, job });
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // Nothing came of it and nobody else waits for it: it need not be kept.
        let mut keys = self.keys.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let unused = self.used.is_none();
        // One reference is the map's, one is the guard's.
        let alone = keys.get(&self.name).is_some_and(|entry| Arc::strong_count(entry) <= 2);
        if unused && alone {
            keys.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_stands_for_one_body_as_long_as_its_job_lives() {
        let keys = Keys::default();
        let job = JobId { slot: 1, sequence: 7 };
        let mut key = keys.hold("a".to_owned()).await;
        assert!(matches!(key.known(&Bytes::from("x")), Known::New));
        key.remember(Bytes::from("x"), job);
        drop(key);
        let key = keys.hold("a".to_owned()).await;
        assert!(matches!(key.known(&Bytes::from("x")), Known::Same(id) if id == job));
        assert!(matches!(key.known(&Bytes::from("y")), Known::Other));
        drop(key);
        keys.forget(job);
        assert!(matches!(keys.hold("a".to_owned()).await.known(&Bytes::from("y")), Known::New));
        assert!(keys.keys.lock().unwrap().is_empty(), "a key that came to nothing is not kept");
    }
}

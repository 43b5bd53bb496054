use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use tokio::time::Instant;

use super::calls::Calls;
use super::failure::Failure;
use super::seen::SeenJob;

type Listed = Result<Arc<[SeenJob]>, Failure>;

/// Lists of all Jobs of ours, the dearest of all calls: one at a time, shared by all who have asked before it began.
pub(super) struct Listing(Arc<Inner>);

struct Inner {
    calls: Calls,
    turn: Arc<tokio::sync::Mutex<()>>,
    /// The one that begins when the one under way has ended.
    next: Mutex<Option<Shared<BoxFuture<'static, Listed>>>>,
}

impl Listing {
    pub(super) fn new(calls: Calls) -> Self {
        Self(Arc::new(Inner { calls, turn: Arc::default(), next: Mutex::default() }))
    }

    /// All Jobs as the store has them at some moment after this was asked for.
    pub(super) async fn jobs(&self, by: Instant) -> Listed {
        let asked = Instant::now();
        let begin = || list(Arc::clone(&self.0.turn), Arc::downgrade(&self.0)).boxed().shared();
        let next = self.0.next().get_or_insert_with(begin).clone();
        let listed = tokio::time::timeout_at(by, next).await;
        listed.unwrap_or_else(|_| Err(Failure::silent(by.saturating_duration_since(asked))))
    }
}

impl Inner {
    fn next(&self) -> MutexGuard<'_, Option<Shared<BoxFuture<'static, Listed>>>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While it waits for its turn it owns nothing that owns it.
async fn list(turn: Arc<tokio::sync::Mutex<()>>, inner: Weak<Inner>) -> Listed {
    let _turn = turn.lock().await;
    let Some(inner) = inner.upgrade() else { return Ok(Arc::default()) };
    // Whoever asks from now on needs a later one.
    drop(inner.next().take());
    let jobs = inner.calls.list_jobs(inner.calls.by()).await?;
    Ok(jobs.into_iter().filter_map(SeenJob::of).collect())
}

//! For tests only: how long something takes, without the time for which a busy machine did not let its process run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::task::AbortOnDropHandle;

/// Between two looks at the clock; what one comes later than twice this was a pause.
const LOOK: Duration = Duration::from_millis(20);

/// Measures time without the pauses of the runtime that it is started in.
#[derive(Debug)]
pub struct Stopwatch {
    looks: Arc<Mutex<Looks>>,
    _watch: AbortOnDropHandle<()>,
}

#[derive(Debug)]
struct Looks {
    last: Instant,
    elapsed: Duration,
}

impl Looks {
    fn look(&mut self) -> Duration {
        self.elapsed += self.last.elapsed().min(2 * LOOK);
        self.last = Instant::now();
        self.elapsed
    }
}

impl Stopwatch {
    /// Begins now.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[must_use]
    pub fn start() -> Self {
        let looks = Arc::new(Mutex::new(Looks { last: Instant::now(), elapsed: Duration::ZERO }));
        let watched = Arc::clone(&looks);
        let watch = tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                lock(&watched).look();
            }
        });
        Self { looks, _watch: AbortOnDropHandle::new(watch) }
    }

    /// The time that has passed, but for pauses.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        lock(&self.looks).look()
    }
}

fn lock(looks: &Mutex<Looks>) -> MutexGuard<'_, Looks> {
    looks.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn time_passes_and_pauses_do_not_count() {
        let (start, stopwatch) = (Instant::now(), Stopwatch::start());
        let long = Duration::from_millis(200);
        while stopwatch.elapsed() < long {
            tokio::time::sleep(LOOK).await;
        }
        assert!(stopwatch.elapsed() <= start.elapsed());
        // Nothing else runs here meanwhile.
        std::thread::sleep(5 * long);
        assert!(stopwatch.elapsed() < 2 * long, "{:?}", stopwatch.elapsed());
    }
}

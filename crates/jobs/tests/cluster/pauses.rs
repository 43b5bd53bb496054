//! How long an answer takes, without the time for which a busy machine did not let this process run.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio_util::task::AbortOnDropHandle;

/// Between two looks at the clock; one that comes later than twice that was kept waiting.
const LOOK: Duration = Duration::from_millis(10);

/// Counts the time for which nothing ran here that should have. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pauses {
    looks: Arc<Mutex<Looks>>,
    _watch: Arc<AbortOnDropHandle<()>>,
}

struct Looks {
    last: Instant,
    paused: Duration,
}

impl Looks {
    fn look(&mut self) -> Duration {
        self.paused += self.last.elapsed().saturating_sub(2 * LOOK);
        self.last = Instant::now();
        self.paused
    }
}

impl Pauses {
    /// Watches this runtime from now on.
    pub(crate) fn watch() -> Self {
        let looks = Arc::new(Mutex::new(Looks { last: Instant::now(), paused: Duration::ZERO }));
        let watch = tokio::spawn({
            let looks = Arc::clone(&looks);
            async move {
                loop {
                    tokio::time::sleep(LOOK).await;
                    looks.lock().unwrap().look();
                }
            }
        });
        Self { looks, _watch: Arc::new(AbortOnDropHandle::new(watch)) }
    }

    pub(crate) fn stopwatch(&self) -> Stopwatch {
        Stopwatch { pauses: self.clone(), start: Instant::now(), paused: self.total() }
    }

    fn total(&self) -> Duration {
        self.looks.lock().unwrap().look()
    }
}

/// Measures time without its pauses.
pub(crate) struct Stopwatch {
    pauses: Pauses,
    start: Instant,
    paused: Duration,
}

impl Stopwatch {
    pub(crate) fn elapsed(&self) -> Duration {
        (self.start.elapsed() + self.paused).saturating_sub(self.pauses.total())
    }
}

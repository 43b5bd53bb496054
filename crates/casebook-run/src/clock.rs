//! Times of a run, by a clock that nobody sets.

use std::sync::LazyLock;
use std::time::Instant;

use jiff::Timestamp;

/// Now: what the machine's clock showed when this was asked first, and what has passed since. Also when that clock is set
/// meanwhile, what comes later is later, by as much as it is.
pub(crate) fn now() -> Timestamp {
    static BEGAN: LazyLock<(Timestamp, Instant)> = LazyLock::new(|| (Timestamp::now(), Instant::now()));
    let (began, at) = *BEGAN;
    began + at.elapsed()
}

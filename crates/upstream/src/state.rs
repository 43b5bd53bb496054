use std::time::Duration;

use focus_core::Outage;
use jiff::Timestamp;
use tokio::time::Instant;

/// How an upstream is, as far as the last round trips tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Whether the last round trip succeeded.
    pub up: bool,
    /// When it became so.
    pub since: Timestamp,
    /// What the last round trip that failed found, also when the upstream is up again.
    pub last_error: Option<Outage>,
    /// How long the last good answer took.
    pub last_round_trip: Option<Duration>,
}

/// What one round trip found.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// When it was begun: of two verdicts the one that was begun later is the newer one.
    pub(crate) asked: Instant,
    /// When it was known.
    pub(crate) known: Instant,
    pub(crate) result: Result<(), Outage>,
}

//! A service we depend on, and the gate that knows whether it serves.
//!
//! A [`Gate`] probes one upstream in the background with truthful round trips, reports every change to the log
//! and the metrics, and answers whoever [`require`](Gate::require)s the upstream: at once while it is known to
//! be down, by a round trip of their own while it is thought to be up.

mod gate;
mod metrics;
mod probe;
mod state;

pub use gate::Gate;
pub use metrics::Metrics;
pub use probe::{Probe, Wake};
pub use state::State;

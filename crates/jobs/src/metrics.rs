use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge};
use prometheus_client::registry::Registry;

use crate::JobState;

/// What the jobs look like from outside. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    active: Gauge,
    limit: Gauge,
    ended: Family<Ended, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "the names are the label's values")]
enum State {
    completed,
    failed,
    cancelled,
}

impl Metrics {
    /// Gauges and counters that `registry` shows, every label set from the start.
    #[must_use]
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("focus_jobs_active", "Jobs that run now", metrics.active.clone());
        registry.register("focus_jobs_limit", "Most jobs at once", metrics.limit.clone());
        registry.register("focus_jobs_ended", "Jobs that ended, by how", metrics.ended.clone());
        for state in [State::completed, State::failed, State::cancelled] {
            drop(metrics.ended.get_or_create(&Ended { state }));
        }
        metrics
    }

    pub(crate) fn set_limit(&self, jobs: u32) {
        self.limit.set(i64::from(jobs));
    }

    /// What a cluster runs is counted there.
    pub(crate) fn set_active(&self, jobs: usize) {
        self.active.set(i64::try_from(jobs).unwrap_or(i64::MAX));
    }

    pub(crate) fn started(&self) {
        self.active.inc();
    }

    pub(crate) fn ended(&self, state: JobState) {
        let state = match state {
            JobState::Completed => State::completed,
            JobState::Cancelled => State::cancelled,
            // One that ended without a word did not end well.
            JobState::Pending | JobState::Running | JobState::Failed => State::failed,
        };
        self.active.dec();
        self.ended.get_or_create(&Ended { state }).inc();
    }
}

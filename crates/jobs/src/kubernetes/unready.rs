use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::seen::SeenJob;

/// A pod that takes longer than this to be ready, or to be ready again, never will be: its image cannot be fetched, or no
/// node has room for it.
const STARTS_WITHIN: Duration = Duration::from_secs(300);

/// Since when pods that ought to be ready are not, by their Jobs' uids, as far as the passes have seen.
#[derive(Debug, Default)]
pub(super) struct Unready(BTreeMap<String, Instant>);

impl Unready {
    /// Notes what a pass sees; the uids of those that were seen unready for too long, and never ready in between.
    pub(super) fn note(&mut self, jobs: &[SeenJob]) -> BTreeSet<String> {
        let unready = jobs.iter().filter(|job| job.committed && job.is_alive() && job.ready == Some(false));
        let since = |uid: &String| self.0.get(uid).copied().unwrap_or_else(Instant::now);
        self.0 = unready.map(|job| (job.uid.clone(), since(&job.uid))).collect();
        let stuck = self.0.iter().filter(|(_, since)| since.elapsed() > STARTS_WITHIN);
        stuck.map(|(uid, _)| uid.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(uid: &str, parallelism: u32, ready: Option<u32>) -> SeenJob {
        let job = json!({
            "metadata": {
                "name": "grpc-job-1-7", "uid": uid, "resourceVersion": "9",
                "labels": {"focus-server/job-id": "1-7"},
            },
            "spec": {"parallelism": parallelism, "template": {}},
            "status": {"active": 1, "ready": ready},
        });
        SeenJob::of(serde_json::from_value(job).unwrap()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_pod_that_is_never_ready_is_stuck_and_one_that_falters_is_not() {
        let mut unready = Unready::default();
        let stuck = |ready| {
            [
                job("never", 1, Some(0)),
                job("falters", 1, ready),
                job("old", 1, None),
                job("inert", 0, Some(0)),
            ]
        };
        for _ in 0..60 {
            assert_eq!(unready.note(&stuck(Some(0))), BTreeSet::new());
            tokio::time::advance(Duration::from_secs(4)).await;
        }
        assert_eq!(unready.note(&stuck(Some(1))), BTreeSet::new());
        tokio::time::advance(Duration::from_secs(70)).await;
        assert_eq!(unready.note(&stuck(Some(0))), BTreeSet::from(["never".to_owned()]));
    }
}

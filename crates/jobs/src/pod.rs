//! One job as a pod of a cluster: nobody stands beside it who could give orders or hear reports.

use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use focus_live::rabbitmq::{self, Address};
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::alone::{Means, Metrics, launch};
use crate::launcher::gone;
use crate::{JobOrder, JobState, LaunchError, Serving};

/// Once it is told to stop it has gone within this time: the cluster kills it after 10 s.
const GOOD_BYE: Duration = Duration::from_secs(8);

/// A job that has a pod to itself.
#[derive(Debug)]
pub struct Pod {
    /// What it shows.
    pub order: JobOrder,
    /// Where recordings lie whose files the order does not name in full.
    pub data_dir: PathBuf,
    /// Where live samples come from; a historic job needs none.
    pub broker: Option<Address>,
    /// How it is served.
    pub serving: Serving,
    /// Threads to compute with.
    pub threads: usize,
    /// Count its rows ..
    pub metrics: focus_stream::Metrics,
    /// .. and what becomes of its connection to the broker.
    pub live_metrics: rabbitmq::Metrics,
}

impl Pod {
    /// Runs the job to its end, or until `told` resolves because the pod is to go: then viewers hear of it.
    ///
    /// A pod starts only once. So a live job does not need its broker at once: it is served from the beginning, and
    /// its rows come when the broker does.
    ///
    /// # Errors
    /// Why there will be no job.
    pub async fn run(self, told: impl Future<Output = ()>) -> Result<JobState, LaunchError> {
        let job = tracing::info_span!("job", id = %self.order.job);
        self.live(told).instrument(job).await
    }

    async fn live(self, told: impl Future<Output = ()>) -> Result<JobState, LaunchError> {
        let Self { order, data_dir, broker, serving, threads, metrics, live_metrics } = self;
        let metrics = Metrics { stream: metrics, live: live_metrics };
        let request = order.request.clone();
        let means = Means { broker, waits_for_broker: true, serving, port_offset: 0, threads };
        let (worker, _subscription) = launch(order.within(&data_dir), means, metrics).await?;
        tracing::info!(view = %request, port = worker.port(), "job started");

        let report = worker.report();
        let mut gone = pin!(gone(report.clone()));
        tokio::select! {
            () = &mut gone => {}
            () = told => {
                worker.stop("the job was stopped");
                if timeout(GOOD_BYE, gone).await.is_err() {
                    tracing::warn!("viewers do not leave; they are left alone");
                }
            }
        }
        let state = report.borrow().state;
        Ok(if state.is_end() { state } else { JobState::Failed })
    }
}

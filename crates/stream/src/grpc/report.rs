//! `focus.Job`: how the job is, for a server that shares no memory with it.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::nearest_millisecond;
use crate::reports::job_server::Job;
use crate::reports::{JobReport, ReportRequest, State};
use crate::{End, Feed};

/// Tells how the job behind a feed is.
pub(super) struct Reporter {
    pub(super) feed: Arc<Feed>,
}

#[tonic::async_trait]
impl Job for Reporter {
    async fn report(&self, _: Request<ReportRequest>) -> Result<Response<JobReport>, Status> {
        let (state, reason) = match self.feed.end() {
            None => (State::Running, String::new()),
            Some(End::Completed) => (State::Completed, String::new()),
            Some(End::Failed(reason)) => (State::Failed, reason),
            Some(End::Stopped(reason)) => (State::Cancelled, reason),
        };
        Ok(Response::new(JobReport {
            state: state.into(),
            reason,
            viewers: u32::try_from(self.feed.audience().borrow().viewers).unwrap_or(u32::MAX),
            last_row: self.feed.last_row().map(nearest_millisecond),
        }))
    }
}

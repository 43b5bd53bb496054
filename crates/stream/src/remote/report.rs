use std::time::Duration;

use jiff::Timestamp;

use super::Address;
use crate::reports::job_client::JobClient;
use crate::reports::{JobReport, ReportRequest, State};
use crate::{End, Tls};

/// How a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended; `None` while it runs.
    pub end: Option<End>,
    /// How many clients read it now, over gRPC and WebSocket.
    pub viewers: usize,
    /// Time of the newest row that it made, to the millisecond.
    pub last_row: Option<Timestamp>,
}

/// A job does not say how it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the job does not say how it is: {0}")]
pub struct NoReport(String);

/// Asks the job whose gRPC service is at `address` how it is. Who asks is no viewer, and keeps no job alive.
///
/// # Errors
/// When it has not answered within `deadline`, or nobody is there who could.
pub async fn report(address: &Address, tls: Option<&Tls>, deadline: Duration) -> Result<Report, NoReport> {
    let asked = async {
        let channel = address.connect(tls).await.map_err(|error| format!("{error:#}"))?;
        let answer = JobClient::new(channel).report(ReportRequest {}).await;
        read(answer.map_err(|status| status.message().to_owned())?.into_inner())
    };
    let told = tokio::time::timeout(deadline, asked).await;
    told.unwrap_or_else(|_| Err(format!("no answer within {deadline:?}"))).map_err(NoReport)
}

fn read(report: JobReport) -> Result<Report, String> {
    let end = match report.state() {
        State::Running => None,
        State::Completed => Some(End::Completed),
        State::Failed => Some(End::Failed(report.reason)),
        State::Cancelled => Some(End::Stopped(report.reason)),
        State::Unspecified => return Err(format!("its state {} is unknown here", report.state)),
    };
    let last_row = report.last_row.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    Ok(Report { end, viewers: report.viewers as usize, last_row })
}

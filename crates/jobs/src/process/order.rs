//! What a server and the process of a job say to each other: one JSON object a line.

use std::io::{self, BufRead};
use std::num::NonZeroU32;
use std::sync::Arc;

use focus_core::{Draft, Faults, Fibre, JobId, Limits};
use focus_live::rabbitmq::{self, Address};
use focus_recordings::Recording;
use focus_stream::JobSpec;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{LaunchError, Report, Serving};

/// All that a process needs to run one job; its first line of input. Holds secrets.
#[derive(Serialize, Deserialize)]
pub struct Order {
    pub(super) job: JobId,
    /// The view, as the request that makes it.
    pub(super) request: Value,
    pub(super) fibre: Fibre,
    pub(super) limits: Limits,
    pub(super) source: Source,
    pub(super) serving: Serving,
    /// Where in their range to begin looking for a free port.
    pub(super) port_offset: usize,
    /// Threads to compute with.
    pub threads: usize,
    /// What to log, and how.
    pub log: LogStyle,
}

/// Where the samples come from.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    Live {
        broker: Address,
        /// Into bands of how many channels the fibre is cut, if that is known.
        band_channels: Option<NonZeroU32>,
    },
    Historic(Arc<[Recording]>),
}

/// What to log, and how, in the words of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogStyle {
    /// Look of the log.
    pub format: String,
    /// Which lines.
    pub level: String,
}

/// A later line of input.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asked {
    /// To end the job, for this reason.
    Stop(String),
}

/// A line of output.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Told {
    /// The first line: the job can be read at this port.
    Ready(u16),
    /// Or the first and only line: there will be no job.
    Failed(LaunchError),
    /// Any later line, at least once a second.
    Report(Report, Counts),
}

/// What the process has counted since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) stream: focus_stream::Counts,
    pub(super) live: rabbitmq::Counts,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("job", &self.job).finish_non_exhaustive()
    }
}

impl Order {
    /// Reads the order from this process's standard input, where [`work`](crate::work) expects nothing else to have
    /// been read.
    ///
    /// # Errors
    /// When there is none.
    pub fn receive() -> io::Result<Self> {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        // What the line holds must not get into a message.
        serde_json::from_str(&line)
            .map_err(|error| io::Error::other(format!("no order at column {}", error.column())))
    }

    /// What the job shows.
    pub(super) fn spec(&self) -> Result<JobSpec, Faults> {
        // The server has compared the view with its own clock.
        let draft = Draft::parse(self.request.to_string().as_bytes(), Timestamp::MAX)?;
        let (view, plan) = draft.resolve(&self.fibre, &self.limits)?;
        Ok(JobSpec { id: self.job, view, plan, fibre: Arc::new(self.fibre.clone()) })
    }
}

/// As one line.
pub(super) fn line(message: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_is_the_same_on_both_sides() {
        let fibre: Fibre = serde_json::from_value(json!({
            "sampling_rate": 1_999.999_999_7, "number_of_channels": 100, "dtype": "float32", "dx": 1.021_366_7,
        }))
        .unwrap();
        let request = json!({
            "view_type": "0", "channels": {"min": 3, "max": 33}, "displayInfo": {"height": 333},
            "displayTimeAxisDuration": 10.1, "frequencyRange": {"min": 0.1, "max": 333.333_333_333_3},
            "start_time": 1_458_545_850.532_309, "end_time": 1_458_545_870.1,
        });
        let draft = Draft::parse(request.to_string().as_bytes(), Timestamp::MAX).unwrap();
        let (view, plan) = draft.resolve(&fibre, &Limits::default()).unwrap();
        let order = Order {
            job: JobId { slot: 2, sequence: 77 },
            request: view.to_request(),
            fibre: fibre.clone(),
            limits: Limits::default(),
            source: Source::Historic(Arc::new([])),
            serving: Serving {
                bind: [127, 0, 0, 1].into(),
                ports: 1..=9,
                tls: None,
                connect_within: std::time::Duration::from_millis(50_500),
                unwatched_for: std::time::Duration::from_secs(180),
            },
            port_offset: 3,
            threads: 1,
            log: LogStyle { format: "json".to_owned(), level: "info".to_owned() },
        };
        let received: Order = serde_json::from_slice(&line(&order).unwrap()).unwrap();
        let spec = received.spec().unwrap();
        assert_eq!((spec.id, &spec.view, &spec.plan, &*spec.fibre), (order.job, &view, &plan, &fibre));
        assert_eq!(received.serving.ports, order.serving.ports);
    }
}

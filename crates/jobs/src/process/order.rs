//! What a server and the process of a job say to each other: one JSON object a line.

use std::io::{self, BufRead};

use focus_live::rabbitmq::{self, Address};
use serde::{Deserialize, Serialize};

use crate::{JobOrder, LaunchError, Report, Serving};

/// All that a process needs to run one job; its first line of input. Holds secrets.
#[derive(Serialize, Deserialize)]
pub struct Order {
    pub(super) job: JobOrder,
    /// Where live samples come from.
    pub(super) broker: Address,
    pub(super) serving: Serving,
    /// Where in their range to begin looking for a free port.
    pub(super) port_offset: usize,
    /// Threads to compute with.
    pub threads: usize,
    /// What to log, and how.
    pub log: LogStyle,
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
        f.debug_struct("Order").field("job", &self.job.job).finish_non_exhaustive()
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
}

/// As one line.
pub(super) fn line(message: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use focus_core::Limits;
    use focus_stream::Show;

    use super::*;
    use crate::order::tests::spec;

    #[test]
    fn an_order_is_received_as_it_was_sent() {
        let job = JobOrder::new(&spec(Show::Live(None)), &Limits::default(), None);
        let order = Order {
            job,
            broker: Address::parse("amqp://me:secret@broker").unwrap(),
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
        assert_eq!((received.job.job, received.broker), (order.job.job, order.broker.clone()));
        assert_eq!(received.serving.ports, order.serving.ports);
        assert!(!format!("{order:?}").contains("secret"));
    }
}

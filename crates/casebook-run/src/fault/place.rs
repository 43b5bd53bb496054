//! Where a target is found, whichever process it is.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::processes::{self, ProcessId};

const REACHED_WITHIN: Duration = Duration::from_secs(1);

/// Where a target is found, also when it is another process than it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Host and port at which it can be reached.
    #[serde(default)]
    pub address: Option<(String, u16)>,
    /// The file that its process is named in.
    #[serde(default)]
    pub pid_file: Option<PathBuf>,
}

impl Place {
    /// Whether it runs, by all that is known of it; none when that is nothing.
    pub(super) async fn is_taken(&self) -> Option<bool> {
        let by_file = self.pid_file.as_ref().map(|_| self.process().is_some());
        let by_address = match &self.address {
            Some((host, port)) => {
                let attempt = timeout(REACHED_WITHIN, TcpStream::connect((host.as_str(), *port))).await;
                Some(attempt.is_ok_and(|connected| connected.is_ok()))
            }
            None => None,
        };
        match (by_file, by_address) {
            (None, None) => None,
            (by_file, by_address) => Some(by_file.unwrap_or(true) && by_address.unwrap_or(true)),
        }
    }

    /// Which process it is by its file.
    pub(super) fn process(&self) -> Option<ProcessId> {
        processes::in_file(self.pid_file.as_ref()?)
    }
}

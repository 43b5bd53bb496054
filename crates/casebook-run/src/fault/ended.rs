//! Processes that were ended, and are started again.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::{DEADLINE, LOOK_AGAIN};
use crate::command;
use crate::processes::{self, ProcessId};

/// How long a start may take until what was started can be reached.
const STARTED_WITHIN: Duration = Duration::from_secs(60);
const REACHED_WITHIN: Duration = Duration::from_secs(1);

/// A target that was ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub how: How,
    /// Its process and all that it started, itself first; empty when only its command knows.
    pub processes: Vec<ProcessId>,
    /// What starts it.
    pub start: Vec<String>,
    /// Host and port at which it can be reached when it has started.
    pub address: Option<(String, u16)>,
    /// The file that its process is named in.
    pub pid_file: Option<PathBuf>,
}

/// How a target is ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By this command.
    Command(Vec<String>),
    /// It is asked to end by SIGTERM.
    Asked,
    /// It is ended by SIGKILL.
    Killed,
}

impl Ended {
    pub(super) async fn apply(&self) -> Result<(), String> {
        let signal = match &self.how {
            How::Command(command) => {
                command::succeed(command, "", DEADLINE).await?;
                None
            }
            How::Asked => Some(Signal::TERM),
            How::Killed => Some(Signal::KILL),
        };
        if let Some((process, signal)) = self.processes.first().zip(signal) {
            process.signal(signal).map_err(|error| format!("process {}: {error}", process.pid))?;
        }
        let end = Instant::now() + DEADLINE;
        while self.processes.first().is_some_and(|process| process.status().is_some()) {
            if Instant::now() > end {
                return Err("the process has not ended".to_owned());
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    pub(super) async fn undo(&self) -> Result<(), String> {
        if self.is_gone().await {
            return Ok(());
        }
        command::succeed(&self.start, "", STARTED_WITHIN).await?;
        let end = Instant::now() + STARTED_WITHIN;
        while !self.is_gone().await {
            if Instant::now() > end {
                return Err("it was started and cannot be reached".to_owned());
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Whether it runs, by all that is known of it.
    pub(super) async fn is_gone(&self) -> bool {
        let by_file = self.pid_file.as_ref().map(|file| processes::in_file(file).is_some());
        let by_address = match &self.address {
            Some((host, port)) => {
                let attempt = timeout(REACHED_WITHIN, TcpStream::connect((host.as_str(), *port))).await;
                Some(attempt.is_ok_and(|connected| connected.is_ok()))
            }
            None => None,
        };
        match (by_file, by_address) {
            (None, None) => self.processes.first().is_some_and(|process| process.status().is_some()),
            (by_file, by_address) => by_file.unwrap_or(true) && by_address.unwrap_or(true),
        }
    }
}

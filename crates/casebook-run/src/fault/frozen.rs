//! Processes that are halted.

use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::{DEADLINE, LOOK_AGAIN};
use crate::processes::ProcessId;

/// Processes that are there and do nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    /// The target's process and all that it started, itself first.
    pub processes: Vec<ProcessId>,
}

impl Frozen {
    pub(super) async fn apply(&self) -> Result<(), String> {
        for process in &self.processes {
            process.signal(Signal::STOP).map_err(|error| format!("process {}: {error}", process.pid))?;
        }
        let end = Instant::now() + DEADLINE;
        while !self.processes.iter().all(|process| is_halted(*process).unwrap_or(true)) {
            if Instant::now() > end {
                return Err("the processes go on".to_owned());
            }
            sleep(LOOK_AGAIN).await;
        }
        if self.processes.iter().all(|process| process.status().is_none()) {
            return Err("the process has ended".to_owned());
        }
        Ok(())
    }

    pub(super) fn undo(&self) -> Result<(), String> {
        let mut failed = Vec::new();
        // Children first, so that whoever waits for them finds them going.
        for process in self.processes.iter().rev() {
            if let Err(error) = process.signal(Signal::CONT) {
                failed.push(format!("process {}: {error}", process.pid));
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
    }

    pub(super) fn is_gone(&self) -> bool {
        !self.processes.iter().any(|process| is_halted(*process) == Some(true))
    }
}

/// Whether a process is halted; none when it is gone.
fn is_halted(process: ProcessId) -> Option<bool> {
    process.status().map(|status| status.is_halted())
}

//! Processes that are halted.

use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::{DEADLINE, LOOK_AGAIN, Place, Work};
use crate::processes::ProcessId;

/// Processes that are there and do nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    /// The target's process and all that it started, itself first.
    pub processes: Vec<ProcessId>,
    /// Where the target is found when it has ended meanwhile and somebody has started it again.
    #[serde(flatten)]
    pub place: Place,
}

impl Frozen {
    pub(super) async fn apply(&self, work: &mut Work<'_>) -> Result<(), String> {
        if !self.lives() {
            return Err("the process has ended".to_owned());
        }
        work.signals()?;
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
        if self.lives() { Ok(()) } else { Err("the process has ended".to_owned()) }
    }

    pub(super) async fn undo(&self) -> Result<(), String> {
        let mut failed = Vec::new();
        // Children first, so that whoever waits for them finds them going.
        for process in self.processes.iter().rev() {
            if let Err(error) = process.signal(Signal::CONT) {
                failed.push(format!("process {}: {error}", process.pid));
            }
        }
        if !failed.is_empty() {
            return Err(failed.join("; "));
        }
        if self.is_there().await {
            Ok(())
        } else {
            Err("its process has ended meanwhile: start it".to_owned())
        }
    }

    /// Only what goes on is whole: what has ended is not.
    pub(super) async fn is_gone(&self) -> bool {
        !self.processes.iter().any(|process| is_halted(*process) == Some(true)) && self.is_there().await
    }

    /// Whether the target does nothing still.
    pub(super) fn holds(&self) -> bool {
        self.processes.first().is_some_and(|process| is_halted(*process) == Some(true))
    }

    fn lives(&self) -> bool {
        self.processes.first().is_some_and(|process| process.status().is_some())
    }

    /// Whether its process lives, or another one in its place.
    async fn is_there(&self) -> bool {
        self.lives() || self.place.is_taken().await == Some(true)
    }
}

/// Whether a process is halted; none when it is gone.
fn is_halted(process: ProcessId) -> Option<bool> {
    process.status().map(|status| status.is_halted())
}

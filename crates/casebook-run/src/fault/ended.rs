//! Processes that were ended, and are started again.

use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::{DEADLINE, LOOK_AGAIN, Place, STARTED_WITHIN, Work};
use crate::processes::ProcessId;

/// A target that was ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub how: How,
    /// Its process and all that it started, itself first; empty when only its command knows.
    pub processes: Vec<ProcessId>,
    /// What starts it.
    pub start: Vec<String>,
    /// Where it is found when it has started.
    #[serde(flatten)]
    pub place: Place,
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
    pub(super) async fn apply(&self, work: &mut Work<'_>) -> Result<(), String> {
        match &self.how {
            How::Command(command) => work.breaks(command, "", DEADLINE).await?,
            How::Asked => self.send(Signal::TERM, work)?,
            How::Killed => self.send(Signal::KILL, work)?,
        }
        self.has_ended().await
    }

    fn send(&self, signal: Signal, work: &mut Work<'_>) -> Result<(), String> {
        let Some(process) = self.processes.first() else { return Ok(()) };
        let refused = |error| format!("process {}: {error}", process.pid);
        process.may_be_signalled().map_err(refused)?;
        work.signals()?;
        process.signal(signal).map_err(refused)
    }

    /// Waits until its process has ended. One that was told to end may take its time.
    async fn has_ended(&self) -> Result<(), String> {
        let Some(process) = self.processes.first() else { return Ok(()) };
        let end = Instant::now() + DEADLINE;
        while process.status().is_some() {
            if Instant::now() > end {
                return Err(format!("process {} has not ended, and may still do so", process.pid));
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    pub(super) async fn undo(&self, work: &mut Work<'_>) -> Result<(), String> {
        if work.begun.breaking() {
            // As long as it ends, it runs: which says nothing.
            self.has_ended().await?;
        }
        if self.is_gone().await {
            return Ok(());
        }
        if !self.is_started(work) {
            work.mends(&self.start, STARTED_WITHIN).await?;
        }
        let end = Instant::now() + STARTED_WITHIN;
        while !self.is_gone().await {
            if Instant::now() > end {
                return Err("it was started and cannot be reached".to_owned());
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Whether what an earlier start has started lives: a second one would stand in its way.
    fn is_started(&self, work: &Work<'_>) -> bool {
        work.begun.mending().is_some_and(|hand| {
            let named = self.place.process();
            named.is_some_and(|named| named.started >= hand.process().started) || hand.has_left_something()
        })
    }

    /// Whether it runs, by all that is known of it.
    pub(super) async fn is_gone(&self) -> bool {
        let first = || self.processes.first().is_some_and(|process| process.status().is_some());
        self.place.is_taken().await.unwrap_or_else(first)
    }
}

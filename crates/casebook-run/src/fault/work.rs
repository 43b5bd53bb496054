//! Who breaks something or puts it back is written down before he begins: whoever comes later waits for him.

use std::time::Duration;

use rand::Rng as _;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::{DEADLINE, LOOK_AGAIN, STARTED_WITHIN};
use crate::FaultState;
use crate::command;
use crate::journal::Journal;
use crate::processes::{self, ProcessId};

/// The variable by which all that a program starts is known.
const MARK: &str = "CASEBOOK_HAND";
/// How long the kernel may take to end what was killed.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// A program that changes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hand {
    /// Its process, which leads a group of its own.
    process: ProcessId,
    /// The value of [`MARK`] in its environment, and of what it starts.
    mark: String,
}

/// That somebody is about to change something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// Whether it is put back.
    pub mends: bool,
    /// The program that does it; none where a signal does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand: Option<Hand>,
}

/// Who has been at work on a fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// Whether breaking it has begun.
    breaking: bool,
    /// The last one who did, or put it back.
    last: Option<Beginning>,
}

impl Begun {
    /// Somebody else begins.
    pub(crate) fn note(&mut self, beginning: Beginning) {
        self.breaking |= !beginning.mends;
        self.last = Some(beginning);
    }

    /// Whether breaking it has begun: a signal or a command may have been sent.
    pub(super) fn breaking(&self) -> bool {
        self.breaking
    }

    /// The last program that put it back, if one did.
    pub(super) fn mending(&self) -> Option<&Hand> {
        self.last.as_ref().filter(|last| last.mends)?.hand.as_ref()
    }

    /// Waits until nobody is at work on it any more. Who takes too long is ended.
    async fn idle(&self) -> Result<(), String> {
        let Some(Beginning { mends, hand: Some(hand) }) = &self.last else { return Ok(()) };
        if hand.ends_within(if *mends { STARTED_WITHIN } else { DEADLINE }).await {
            return Ok(());
        }
        hand.kill();
        if hand.ends_within(KILLED_WITHIN).await {
            return Ok(());
        }
        Err(format!("process {} is still at work on it", hand.process.pid))
    }
}

impl Hand {
    /// When it started, and the process.
    pub(super) fn process(&self) -> ProcessId {
        self.process
    }

    /// Whether something lives that it started. What has thrown away its environment, or belongs to somebody else, is not
    /// known.
    pub(super) fn has_left_something(&self) -> bool {
        let mark = format!("{MARK}={}", self.mark);
        processes::all().any(|status| status.lives() && status.id.has_variable(&mark))
    }

    async fn ends_within(&self, within: Duration) -> bool {
        let end = Instant::now() + within;
        while self.process.status().is_some() {
            if Instant::now() > end {
                return false;
            }
            sleep(LOOK_AGAIN).await;
        }
        true
    }

    fn kill(&self) {
        let leader = self.process.status().and_then(|status| Pid::from_raw(status.id.pid.cast_signed()));
        if let Some(leader) = leader {
            // It may have ended meanwhile, or belong to somebody else: the next look tells.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Work on one fault. Without a journal nobody comes later.
#[derive(Debug, Default)]
pub struct Work<'a> {
    /// Who has been at work on it.
    pub begun: Begun,
    journal: Option<(&'a mut Journal, u32)>,
    state: Option<FaultState>,
}

impl<'a> Work<'a> {
    /// On a fault of a journal's that has come so far.
    pub fn new(journal: &'a mut Journal, number: u32, state: FaultState, begun: Begun) -> Self {
        Self { begun, journal: Some((journal, number)), state: Some(state) }
    }

    /// Waits until nobody else is at work.
    pub(super) async fn idle(&self) -> Result<(), String> {
        self.begun.idle().await
    }

    /// Runs a program that breaks it.
    pub(super) async fn breaks(
        &mut self,
        words: &[String],
        input: &str,
        deadline: Duration,
    ) -> Result<(), String> {
        self.run(false, words, input, deadline).await
    }

    /// Runs a program that puts it back.
    pub(super) async fn mends(&mut self, words: &[String], deadline: Duration) -> Result<(), String> {
        self.run(true, words, "", deadline).await
    }

    /// A signal is sent next that breaks it.
    pub(super) fn signals(&mut self) -> Result<(), String> {
        self.note(Beginning { mends: false, hand: None })
    }

    async fn run(
        &mut self,
        mends: bool,
        words: &[String],
        input: &str,
        deadline: Duration,
    ) -> Result<(), String> {
        let mark = format!("{:016x}", rand::rng().random::<u64>());
        let own = mark.clone();
        let note = |process| self.note(Beginning { mends, hand: Some(Hand { process, mark }) });
        command::change(words, (MARK, &own), input, deadline, note).await.map(drop)
    }

    fn note(&mut self, beginning: Beginning) -> Result<(), String> {
        if let Some(((journal, number), state)) = self.journal.as_mut().zip(self.state) {
            let written = journal.begin(*number, state, &beginning);
            written.map_err(|error| format!("the journal cannot be written: {error}"))?;
        }
        self.begun.note(beginning);
        Ok(())
    }
}

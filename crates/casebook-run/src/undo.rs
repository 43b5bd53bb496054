//! Whatever was broken is put back: by the run itself, by its watchdog, or by `recover`. All three do it here.

#[cfg(test)]
mod tests;

use std::io;

use jiff::Timestamp;

use crate::journal::{Intended, Journal, Pending};
use crate::{Fault, FaultRecord, FaultState};

/// What a run has broken, the last on top.
#[derive(Debug)]
pub struct Stack {
    journal: Journal,
    faults: Vec<Broken>,
}

#[derive(Debug)]
struct Broken {
    number: u32,
    statement: String,
    intended: Intended,
    state: FaultState,
    applied: Option<Timestamp>,
    verified: Option<Timestamp>,
}

impl Stack {
    /// Nothing is broken yet.
    #[must_use]
    pub fn new(journal: Journal) -> Self {
        Self { journal, faults: Vec::new() }
    }

    /// Breaks something, which is written down first. What cannot be broken wholly is put back at once.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub async fn break_it(&mut self, statement: &str, intended: Intended) -> Result<(), String> {
        let number = self.journal.intend(intended.clone()).map_err(|error| unwritten(&error))?;
        let injection = intended.injection.clone();
        self.faults.push(Broken {
            number,
            statement: statement.to_owned(),
            intended,
            state: FaultState::Intended,
            applied: None,
            verified: None,
        });
        let applied = match injection.apply().await {
            Ok(()) => self.journal.note(number, FaultState::Applied).map_err(|error| unwritten(&error)),
            Err(error) => Err(error),
        };
        let top = self.faults.len() - 1;
        if let Err(error) = applied {
            return match self.put_back(top).await {
                Ok(()) => Err(error),
                Err(undo) => Err(format!("{error}; and it was not put back: {undo}")),
            };
        }
        self.faults[top].state = FaultState::Applied;
        self.faults[top].applied = Some(Timestamp::now());
        Ok(())
    }

    /// Puts back what a step broke, the last first, and looks whether it is gone.
    ///
    /// # Errors
    ///
    /// A sentence for all that is not whole again.
    pub async fn undo_step(&mut self, step: &str) -> Result<(), String> {
        self.undo(|broken| broken.intended.step == step).await
    }

    /// Puts back all that is broken.
    ///
    /// # Errors
    ///
    /// As for one step.
    pub async fn undo_all(&mut self) -> Result<(), String> {
        self.undo(|_| true).await
    }

    /// Whether something is broken still.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults.iter().all(|broken| broken.state == FaultState::Verified)
    }

    /// What was broken, and how far that came.
    #[must_use]
    pub fn records(&self) -> Vec<FaultRecord> {
        let record = |broken: &Broken| FaultRecord {
            statement: broken.statement.clone(),
            step: broken.intended.step.clone(),
            fault: broken.intended.fault.clone(),
            state: broken.state,
            applied: broken.applied,
            verified: broken.verified,
        };
        self.faults.iter().map(record).collect()
    }

    async fn undo(&mut self, wanted: impl Fn(&Broken) -> bool) -> Result<(), String> {
        let mut failed = Vec::new();
        for index in (0..self.faults.len()).rev() {
            let broken = &self.faults[index];
            if broken.state != FaultState::Verified && wanted(broken) {
                let what = broken.intended.fault.what.clone();
                if let Err(error) = self.put_back(index).await {
                    failed.push(format!("{what}: {error}"));
                }
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
    }

    async fn put_back(&mut self, index: usize) -> Result<(), String> {
        let broken = &mut self.faults[index];
        let ended = put_back(&broken.intended, broken.number, &mut self.journal, &mut broken.state).await;
        if broken.state == FaultState::Verified {
            broken.verified = Some(Timestamp::now());
        }
        ended
    }
}

/// What `recover` or a watchdog did about one fault.
#[derive(Debug)]
pub struct Recovered {
    /// In words.
    pub fault: Fault,
    /// The case and the step that broke it.
    pub step: String,
    /// Why it is not whole; none when it is.
    pub error: Option<String>,
}

/// Puts back what an earlier run broke, in this order.
pub async fn recover(pending: Vec<Pending>) -> Vec<Recovered> {
    let mut recovered = Vec::new();
    for Pending { journal, number, mut state, intended } in pending {
        let ended = match Journal::reopen(&journal) {
            Ok(mut journal) => put_back(&intended, number, &mut journal, &mut state).await,
            Err(error) => Err(unwritten(&error)),
        };
        let step = format!("{} step {}", intended.case, intended.step);
        recovered.push(Recovered { fault: intended.fault, step, error: ended.err() });
    }
    recovered
}

/// Puts one fault back and looks whether it is gone. It is done first and written down then: what is written down is
/// true.
async fn put_back(
    intended: &Intended,
    number: u32,
    journal: &mut Journal,
    state: &mut FaultState,
) -> Result<(), String> {
    intended.injection.undo().await?;
    *state = FaultState::Undone;
    journal.note(number, *state).map_err(|error| unwritten(&error))?;
    if !intended.injection.is_gone().await? {
        return Err(format!("it was undone ({}) and is still there", intended.fault.inverse));
    }
    journal.note(number, FaultState::Verified).map_err(|error| unwritten(&error))?;
    *state = FaultState::Verified;
    Ok(())
}

fn unwritten(error: &io::Error) -> String {
    format!("the journal cannot be written: {error}")
}

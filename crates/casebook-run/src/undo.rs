//! Whatever was broken is put back: by the run itself, by its watchdog, or by `recover`. All three do it here.

#[cfg(test)]
mod tests;

use std::io;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock;
use crate::courier::Courier;
use crate::fault::{Begun, Injection, Work};
use crate::journal::{self, Intended, Journal, Pending};
use crate::{Fault, FaultRecord, FaultState};

/// What a run has broken and made, the last on top.
#[derive(Debug)]
pub struct Stack {
    journal: Journal,
    /// Becomes true when nothing may be broken any more.
    stop: Option<watch::Receiver<bool>>,
    faults: Vec<Broken>,
}

#[derive(Debug)]
struct Broken {
    number: u32,
    statement: String,
    intended: Intended,
    state: FaultState,
    begun: Begun,
    applied: Option<Timestamp>,
    verified: Option<Timestamp>,
    /// Whether somebody else had put it back before.
    is_lost: bool,
}

impl Stack {
    /// Nothing is broken yet.
    #[must_use]
    pub fn new(journal: Journal) -> Self {
        Self { journal, stop: None, faults: Vec::new() }
    }

    /// Breaks nothing any more as soon as this is true.
    #[must_use]
    pub fn until(self, stop: watch::Receiver<bool>) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Breaks something, which is written down first. What cannot be broken wholly is put back at once.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub async fn break_it(&mut self, statement: &str, intended: Intended) -> Result<(), String> {
        if self.stop.as_ref().is_some_and(|stop| *stop.borrow()) {
            return Err("the run is to end; nothing was done".to_owned());
        }
        // What cannot be looked at now could not be seen to be gone afterwards either.
        match intended.injection.is_gone().await {
            Ok(true) => {}
            Ok(false) => return Err("it is broken already, by somebody else; nothing was done".to_owned()),
            Err(error) => return Err(format!("nothing was done, for nobody could see it gone: {error}")),
        }
        let number = self.journal.intend(intended.clone()).map_err(|error| unwritten(&error))?;
        let injection = intended.injection.clone();
        self.faults.push(Broken {
            number,
            statement: statement.to_owned(),
            intended,
            state: FaultState::Intended,
            begun: Begun::default(),
            applied: None,
            verified: None,
            is_lost: false,
        });
        let top = self.faults.len() - 1;
        let mut work = Work::new(&mut self.journal, number, FaultState::Intended, Begun::default());
        let applied = injection.apply(&mut work).await;
        self.faults[top].begun = work.begun;
        let applied = applied
            .and_then(|()| self.journal.note(number, FaultState::Applied).map_err(|error| unwritten(&error)));
        if let Err(error) = applied {
            return match self.put_back(top).await {
                Ok(()) => Err(error),
                Err(undo) => Err(format!("{error}; and it was not put back: {undo}")),
            };
        }
        self.faults[top].state = FaultState::Applied;
        self.faults[top].applied = Some(clock::now());
        Ok(())
    }

    /// Takes over what requests made: the watchdog, which sent them, has written it down when none is under way.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub async fn adopt(&mut self, courier: &Courier) -> Result<(), String> {
        courier.idle().await;
        let contents = journal::read(self.journal.path());
        let contents = contents.map_err(|error| format!("the journal cannot be read: {error}"))?;
        for Pending { number, state, intended, begun, .. } in contents.pending {
            if self.faults.iter().all(|known| known.number != number) {
                self.faults.push(Broken {
                    number,
                    statement: intended.fault.what.clone(),
                    applied: (state == FaultState::Applied).then(clock::now),
                    intended,
                    state,
                    begun,
                    verified: None,
                    is_lost: false,
                });
            }
        }
        contents.spoiled.map_or(Ok(()), |spoiled| Err(spoiled.to_string()))
    }

    /// Takes note of a ticket's own request that was answered: what it made may be at that address.
    pub fn hear(&mut self, sent: &str, status: u16) {
        for broken in &mut self.faults {
            if let Injection::Made(made) = &mut broken.intended.injection {
                made.hear(sent, status);
            }
        }
    }

    /// Puts back what a step broke or made, the last first, and looks whether it is gone.
    ///
    /// # Errors
    ///
    /// A sentence for all that is not whole again.
    pub async fn undo_step(&mut self, step: &str) -> Result<(), String> {
        self.undo(|broken| broken.intended.step == step).await
    }

    /// Puts back all that is broken. What requests made stays.
    ///
    /// # Errors
    ///
    /// As for one step.
    pub async fn undo_faults(&mut self) -> Result<(), String> {
        self.undo(|broken| !broken.intended.is_made()).await
    }

    /// Puts back all that is broken, and then what requests made.
    ///
    /// # Errors
    ///
    /// As for one step.
    pub async fn undo_all(&mut self) -> Result<(), String> {
        self.undo(|_| true).await
    }

    /// Whether something is broken still.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.faults.iter().any(|broken| broken.state != FaultState::Verified && !broken.intended.is_made())
    }

    /// What was broken, and how far that came; and the same of what requests made.
    #[must_use]
    pub fn records(&self) -> (Vec<FaultRecord>, Vec<FaultRecord>) {
        let record = |broken: &Broken| FaultRecord {
            statement: broken.statement.clone(),
            step: broken.intended.step.clone(),
            fault: broken.intended.fault.clone(),
            state: broken.state,
            applied: broken.applied,
            verified: broken.verified,
            ends: broken
                .applied
                .zip(broken.intended.injection.expiry())
                .map(|(applied, after)| applied + after),
            lost: broken.is_lost,
        };
        let (made, broken): (Vec<_>, Vec<_>) =
            self.faults.iter().partition(|broken| broken.intended.is_made());
        (broken.into_iter().map(record).collect(), made.into_iter().map(record).collect())
    }

    async fn undo(&mut self, wanted: impl Fn(&Broken) -> bool) -> Result<(), String> {
        let mut failed = Vec::new();
        // What is broken may be what could undo the rest.
        let mut order: Vec<_> = (0..self.faults.len()).rev().collect();
        order.sort_by_key(|index| self.faults[*index].intended.is_made());
        for index in order {
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
        if self.faults[index].state == FaultState::Applied && !self.is_overridden(index) {
            let is_lost = self.faults[index].intended.injection.is_lost().await;
            self.faults[index].is_lost |= is_lost;
        }
        let broken = &mut self.faults[index];
        let mut journal = (&mut self.journal, broken.number);
        let ended = put_back(&broken.intended, &mut journal, &mut broken.state, &mut broken.begun).await;
        if broken.state == FaultState::Verified {
            broken.verified = Some(clock::now());
        }
        ended
    }

    /// Whether the run itself has ended something since: with it goes what was broken of it before.
    fn is_overridden(&self, index: usize) -> bool {
        let later = &self.faults[index + 1..];
        later.iter().any(|it| matches!(it.intended.injection, Injection::Ended(_)) && it.applied.is_some())
    }
}

/// What `recover` or a watchdog did about one fault.
#[derive(Debug)]
pub struct Recovered {
    /// In words.
    pub fault: Fault,
    /// The case and the step that broke it.
    pub step: String,
    /// What a person can do about it, without what is secret.
    pub by_hand: String,
    /// Why it is not whole, without what is secret; none when it is.
    pub error: Option<String>,
    /// Whether it is pending no more all the same, by the word of a person.
    pub is_settled: bool,
}

/// Puts back what an earlier run broke, in this order, and then what its requests made.
///
/// `by_hand`: whoever asks says that he has seen to what cannot be put back. It is pending no more then.
pub async fn recover(mut pending: Vec<Pending>, by_hand: bool) -> Vec<Recovered> {
    let mut recovered = Vec::new();
    // What is broken may be what could undo the rest.
    pending.sort_by_key(|pending| pending.intended.is_made());
    for Pending { journal, number, mut state, intended, mut begun } in pending {
        let mut is_settled = false;
        let hidden = journal::hidden(&journal).unwrap_or_default();
        let ended = match Journal::reopen(&journal) {
            Ok(mut journal) => {
                let ended = put_back(&intended, &mut (&mut journal, number), &mut state, &mut begun).await;
                let settles = by_hand && ended.is_err();
                is_settled = settles && journal.note(number, FaultState::Verified).is_ok();
                ended
            }
            Err(error) => Err(unwritten(&error)),
        };
        let step = format!("{} step {}", intended.case, intended.step);
        let error = ended.err().map(|error| hidden.redact(&error));
        let by_hand = intended.injection.by_hand().unwrap_or_else(|| intended.fault.inverse.clone());
        let by_hand = hidden.redact(&by_hand);
        recovered.push(Recovered { fault: intended.fault, step, by_hand, error, is_settled });
    }
    recovered
}

/// Puts one fault back and looks whether it is gone. It is done first and written down then: what is written down is
/// true.
async fn put_back(
    intended: &Intended,
    (journal, number): &mut (&mut Journal, u32),
    state: &mut FaultState,
    begun: &mut Begun,
) -> Result<(), String> {
    let number = *number;
    let mut work = Work::new(journal, number, *state, std::mem::take(begun));
    let undone = intended.injection.undo(&mut work).await;
    *begun = work.begun;
    undone?;
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

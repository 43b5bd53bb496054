//! What is broken is written down before it is broken, so that whoever comes later can put it back.
//!
//! One file of JSON lines for each run, each line synced to the disk before the next thing is done. A last line that
//! was cut off by a crash says nothing: what it was to announce has not been begun.

mod state;

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::environment::Redactor;
use crate::fault::{Beginning, Begun, Injection};
use crate::{Fault, FaultState};

pub use state::{Holder, KEPT_FOR, Left, State, StateError};

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// When it was written.
    pub at: Timestamp,
    /// Which fault of the run it is about, from 1.
    pub fault: u32,
    /// How far that has come.
    pub state: FaultState,
    /// What is to be done; with [`FaultState::Intended`], and again when more is known of how it is put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended: Option<Intended>,
    /// That somebody is about to break it or to put it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Beginning>,
    /// What is not to be told of the run's environment; in the first line only, which is about no fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Redactor>,
}

/// What is broken, with all that is needed to put it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intended {
    /// The case that wants it.
    pub case: String,
    /// The number of the step.
    pub step: String,
    /// In words.
    pub fault: Fault,
    /// For a program.
    pub injection: Injection,
}

impl Intended {
    /// Whether it is what a request makes, and nothing that is broken.
    pub(crate) fn is_made(&self) -> bool {
        matches!(self.injection, Injection::Made(_))
    }
}

/// A fault that was not seen to be gone.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The journal that it is in.
    pub journal: PathBuf,
    /// Which fault of that run, from 1.
    pub number: u32,
    /// How far it came.
    pub state: FaultState,
    /// What it is.
    pub intended: Intended,
    /// Who has been at work on it.
    pub begun: Begun,
}

/// A journal with something in it that nobody understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoiled {
    /// Which.
    pub journal: PathBuf,
    /// Its first line of that kind, and why.
    pub why: String,
}

impl fmt::Display for Spoiled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the journal {} is spoiled in {}; it may have told of something that is broken: look at it, and then \
             `casebook recover --by-hand`, which puts back what can be read and sets the file aside",
            self.journal.display(),
            self.why
        )
    }
}

impl Spoiled {
    /// Renames it, so that nobody takes it for a journal any more.
    ///
    /// # Errors
    ///
    /// When that is not possible.
    pub fn set_aside(&self) -> io::Result<PathBuf> {
        let mut name = self.journal.clone().into_os_string();
        name.push(".spoiled");
        fs::rename(&self.journal, &name)?;
        Ok(name.into())
    }
}

/// What a journal says.
#[derive(Debug)]
pub struct Contents {
    /// What is still pending, in the order in which it was broken.
    pub pending: Vec<Pending>,
    /// That there is more in it.
    pub spoiled: Option<Spoiled>,
}

/// All lines that can be understood, and what is wrong with the first other one.
fn lines(journal: &Path) -> io::Result<(Vec<Line>, Option<String>)> {
    let bytes = fs::read(journal)?;
    let (mut lines, mut wrong) = (Vec::new(), None);
    for (number, text) in bytes[..whole(&bytes)].split_inclusive(|byte| *byte == b'\n').enumerate() {
        match serde_json::from_slice(text) {
            Ok(line) => lines.push(line),
            Err(error) => drop(wrong.get_or_insert_with(|| format!("line {}: {error}", number + 1))),
        }
    }
    Ok((lines, wrong))
}

/// How much of a journal is whole lines; what is behind them was cut off by a crash.
fn whole(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)
}

/// What of a run's environment is not to be told.
///
/// # Errors
///
/// When its journal cannot be read.
pub(crate) fn hidden(journal: &Path) -> io::Result<Redactor> {
    Ok(lines(journal)?.0.into_iter().find_map(|line| line.hidden).unwrap_or_default())
}

/// A journal's text without what is not to be told: that stays where the journal was written. What nobody understands may
/// be such.
pub(crate) fn without_hidden(text: &str) -> String {
    let tells = |line: &str| serde_json::from_str::<Line>(line).is_ok_and(|line| line.hidden.is_none());
    text.split_inclusive('\n').filter(|line| tells(line)).collect()
}

/// What a journal says.
///
/// # Errors
///
/// When it cannot be read.
pub fn read(journal: &Path) -> io::Result<Contents> {
    let mut pending: Vec<Pending> = Vec::new();
    let (lines, wrong) = lines(journal)?;
    for line in lines {
        let known = pending.iter_mut().find(|fault| fault.number == line.fault);
        match (known, line.intended) {
            (Some(fault), intended) => {
                fault.state = line.state;
                fault.intended = intended.unwrap_or_else(|| fault.intended.clone());
                if let Some(beginning) = line.begun {
                    fault.begun.note(beginning);
                }
            }
            (None, Some(intended)) => {
                let (journal, number, state) = (journal.to_owned(), line.fault, line.state);
                pending.push(Pending { journal, number, state, intended, begun: Begun::default() });
            }
            (None, None) => {}
        }
    }
    pending.retain(|fault| fault.state != FaultState::Verified);
    let spoiled = wrong.map(|why| Spoiled { journal: journal.to_owned(), why });
    Ok(Contents { pending, spoiled })
}

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    numbers: Arc<AtomicU32>,
}

impl Journal {
    /// Goes on with a journal that is there: for whoever puts back what another broke.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn reopen(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).open(path)?;
        // No fault has a number above the count of lines.
        let lines = fs::read(path)?.split(|byte| *byte == b'\n').count() - 1;
        Ok(Self { path: path.to_owned(), file, numbers: Arc::new(AtomicU32::new(lines as u32)) })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last number that a fault was given. Whoever writes into the journal beside this takes his numbers from there.
    #[must_use]
    pub fn numbers(&self) -> Arc<AtomicU32> {
        Arc::clone(&self.numbers)
    }

    /// Writes down what is about to be broken; its number is what later lines say. Only when this has returned may it
    /// be done.
    ///
    /// # Errors
    ///
    /// When it is not on the disk.
    pub fn intend(&mut self, intended: Intended) -> io::Result<u32> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        self.write(number, FaultState::Intended, Some(intended))?;
        Ok(number)
    }

    /// Writes down how far a fault has come.
    ///
    /// # Errors
    ///
    /// When it is not on the disk.
    pub fn note(&mut self, fault: u32, state: FaultState) -> io::Result<()> {
        self.write(fault, state, None)
    }

    /// Writes down that somebody is about to break it or to put it back. Where that is a signal it is not waited for the
    /// disk: a signal reaches only what a power cut ends, too.
    ///
    /// # Errors
    ///
    /// When it is not written.
    pub(crate) fn begin(&mut self, fault: u32, state: FaultState, beginning: &Beginning) -> io::Result<()> {
        let (at, begun) = (Timestamp::now(), Some(beginning.clone()));
        self.append(&Line { at, fault, state, intended: None, begun, hidden: None }, beginning.hand.is_some())
    }

    /// Writes down what is not to be told, for whoever comes later and has not the environment.
    ///
    /// # Errors
    ///
    /// When it is not on the disk.
    pub fn hide(&mut self, redactor: &Redactor) -> io::Result<()> {
        let (at, hidden) = (Timestamp::now(), Some(redactor.clone()));
        let (fault, state) = (0, FaultState::Verified);
        self.append(&Line { at, fault, state, intended: None, begun: None, hidden }, true)
    }

    /// One line.
    ///
    /// # Errors
    ///
    /// When it is not on the disk.
    pub(crate) fn write(
        &mut self,
        fault: u32,
        state: FaultState,
        intended: Option<Intended>,
    ) -> io::Result<()> {
        let at = Timestamp::now();
        self.append(&Line { at, fault, state, intended, begun: None, hidden: None }, true)
    }

    /// A line is written wholly or not at all. The run and its watchdog write into one journal, each by a file of its own.
    fn append(&self, line: &Line, waits: bool) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.lock()?;
        let written = self.append_locked(&text, waits);
        self.file.unlock()?;
        written
    }

    fn append_locked(&self, text: &[u8], waits: bool) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if length > 0 {
            self.file.read_exact_at(&mut last, length - 1)?;
        }
        let before = if last == *b"\n" { length } else { whole(&fs::read(&self.path)?) as u64 };
        if before != length {
            // What was cut off would make one line with what comes.
            self.file.set_len(before)?;
        }
        let written = (&self.file).write_all(text);
        let written = written.and_then(|()| if waits { self.file.sync_data() } else { Ok(()) });
        if written.is_err() {
            // Shorter it needs no room. What fails here is cut off before the next line.
            drop(self.file.set_len(before));
        }
        written
    }
}

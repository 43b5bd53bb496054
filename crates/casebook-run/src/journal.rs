//! What is broken is written down before it is broken, so that whoever comes later can put it back.
//!
//! One file of JSON lines for each run, each line synced to the disk before the next thing is done. A last line that
//! was cut off by a crash says nothing: what it was to announce has not been begun.

#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::environment::Redactor;
use crate::fault::Injection;
use crate::{Fault, FaultState};

const ENDING: &str = "journal";
/// So long a journal is kept after its last line when no evidence has a copy of it.
pub const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

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
}

/// The directory that outlives runs, locked by whoever runs, undoes or recovers.
#[derive(Debug)]
pub struct State {
    directory: PathBuf,
    _lock: File,
}

/// Why the state cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another run is under way.
    #[error("another run is under way with the state {}; wait for its end, or name another --state", .0.display())]
    Busy(PathBuf),
    /// It cannot be read or written.
    #[error("the state {}: {error}", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl State {
    /// Takes the directory, which is made if need be.
    ///
    /// # Errors
    ///
    /// When somebody else has it, or it cannot be used.
    pub fn lock(directory: &Path) -> Result<Self, StateError> {
        let failed = |error| StateError::Io { path: directory.to_owned(), error };
        fs::create_dir_all(directory).map_err(failed)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(directory.join("lock"));
        let lock = file.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { directory: directory.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StateError::Busy(directory.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// All that earlier runs broke and did not see to be whole again, the latest first: the order in which it is put
    /// back.
    ///
    /// # Errors
    ///
    /// When a journal cannot be read. One that says what cannot be understood is an error too, never nothing.
    pub fn pending(&self) -> Result<Vec<Pending>, StateError> {
        pending_in(&self.directory)
    }

    /// Removes a journal whose run has its copy in the evidence, unless something in it is pending.
    ///
    /// # Errors
    ///
    /// When it cannot be read or removed.
    pub fn forget(&self, journal: &Path) -> Result<(), StateError> {
        let forget = || if read(journal)?.is_empty() { fs::remove_file(journal) } else { Ok(()) };
        forget().map_err(|error| StateError::Io { path: journal.to_owned(), error })
    }

    /// Removes journals in which nothing is pending and nothing was written for [`KEPT_FOR`]: those of runs that ended
    /// without evidence.
    ///
    /// # Errors
    ///
    /// When one cannot be read or removed.
    pub fn forget_old(&self, now: SystemTime) -> Result<(), StateError> {
        let failed = |error| StateError::Io { path: self.directory.clone(), error };
        for journal in journals(&self.directory).map_err(failed)? {
            let written = fs::metadata(&journal).and_then(|file| file.modified()).map_err(failed)?;
            if now.duration_since(written).is_ok_and(|age| age > KEPT_FOR) {
                self.forget(&journal)?;
            }
        }
        Ok(())
    }

    /// Begins the journal of a run.
    ///
    /// # Errors
    ///
    /// When it is there already, or cannot be written.
    pub fn begin(&self, run: &str) -> Result<Journal, StateError> {
        let path = self.directory.join(format!("{run}.{ENDING}"));
        let begin = || {
            let file = OpenOptions::new().create_new(true).append(true).mode(0o600).open(&path)?;
            file.sync_all()?;
            File::open(&self.directory)?.sync_all()?;
            Ok(file)
        };
        let file = begin().map_err(|error| StateError::Io { path: path.clone(), error })?;
        Ok(Journal { path, file, numbers: Arc::default() })
    }
}

fn pending_in(directory: &Path) -> Result<Vec<Pending>, StateError> {
    let failed = |path: &Path, error| StateError::Io { path: path.to_owned(), error };
    let mut pending = Vec::new();
    for path in journals(directory).map_err(|error| failed(directory, error))? {
        pending.extend(read(&path).map_err(|error| failed(&path, error))?);
    }
    pending.reverse();
    Ok(pending)
}

/// All journals in a directory, the earliest first.
fn journals(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut journals = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            journals.push(path);
        }
    }
    // Runs are named by when they began.
    journals.sort();
    Ok(journals)
}

fn lines(journal: &Path) -> io::Result<Vec<Line>> {
    let text = fs::read_to_string(journal)?;
    let mut lines = Vec::new();
    for (number, text) in text.split_inclusive('\n').enumerate() {
        // Cut off by a crash.
        let Some(text) = text.strip_suffix('\n') else { break };
        lines.push(serde_json::from_str(text).map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidData, format!("line {}: {error}", number + 1))
        })?);
    }
    Ok(lines)
}

/// What of a run's environment is not to be told.
///
/// # Errors
///
/// When its journal cannot be read.
pub(crate) fn hidden(journal: &Path) -> io::Result<Redactor> {
    Ok(lines(journal)?.into_iter().find_map(|line| line.hidden).unwrap_or_default())
}

/// A journal's text without what is not to be told: that stays where the journal was written.
pub(crate) fn without_hidden(text: &str) -> String {
    let hides = |line: &str| serde_json::from_str::<Line>(line).is_ok_and(|line| line.hidden.is_some());
    text.split_inclusive('\n').filter(|line| !hides(line)).collect()
}

/// What a journal says is still pending, in the order in which it was broken.
///
/// # Errors
///
/// When it cannot be read, or a line that is not the last one cannot be understood.
pub fn read(journal: &Path) -> io::Result<Vec<Pending>> {
    let mut pending: Vec<Pending> = Vec::new();
    for line in lines(journal)? {
        let known = pending.iter_mut().find(|fault| fault.number == line.fault);
        match (known, line.intended) {
            (Some(fault), intended) => {
                fault.state = line.state;
                fault.intended = intended.unwrap_or_else(|| fault.intended.clone());
            }
            (None, Some(intended)) => {
                let (journal, number, state) = (journal.to_owned(), line.fault, line.state);
                pending.push(Pending { journal, number, state, intended });
            }
            (None, None) => {}
        }
    }
    pending.retain(|fault| fault.state != FaultState::Verified);
    Ok(pending)
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
        let text = fs::read(path)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let file = OpenOptions::new().append(true).open(path)?;
        // What was cut off would make one line with what comes.
        file.set_len(whole as u64)?;
        let lines = text[..whole].split(|byte| *byte == b'\n').count();
        // No fault has a number above the count of lines.
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

    /// Writes down what is not to be told, for whoever comes later and has not the environment.
    ///
    /// # Errors
    ///
    /// When it is not on the disk.
    pub fn hide(&mut self, redactor: &Redactor) -> io::Result<()> {
        let (at, hidden) = (Timestamp::now(), Some(redactor.clone()));
        self.append(&Line { at, fault: 0, state: FaultState::Verified, intended: None, hidden })
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
        self.append(&Line { at: Timestamp::now(), fault, state, intended, hidden: None })
    }

    fn append(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.file.sync_data()
    }
}

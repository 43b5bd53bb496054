//! The directory of journals: whoever runs, undoes or recovers has it alone.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Journal, Pending, Spoiled, read};
use crate::processes::ProcessId;

const ENDING: &str = "journal";
/// So long a journal is kept after its last line when no evidence has a copy of it.
pub const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The directory that outlives runs, locked by whoever runs, undoes or recovers.
#[derive(Debug)]
pub struct State {
    directory: PathBuf,
    _lock: File,
}

/// What all journals say.
#[derive(Debug)]
pub struct Left {
    /// What was broken and not seen to be whole again, the latest first: the order in which it is put back.
    pub pending: Vec<Pending>,
    /// Journals with something in them that nobody understands: what that was to say is not in `pending`.
    pub spoiled: Vec<Spoiled>,
}

/// Who has the state.
#[derive(Debug)]
pub struct Holder {
    directory: PathBuf,
    process: Option<ProcessId>,
    journal: Option<PathBuf>,
}

/// Why the state cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another run is under way.
    #[error("{0}")]
    Busy(Holder),
    /// A journal says something that nobody understands.
    #[error("{0}")]
    Spoiled(Spoiled),
    /// It cannot be read or written.
    #[error("the state {}: {error}", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "another run is under way with the state {}", self.directory.display())?;
        if let Some(ProcessId { pid, .. }) = self.process {
            write!(formatter, ": process {pid}")?;
        }
        if let Some(journal) = &self.journal {
            write!(formatter, ", journal {}", journal.display())?;
        }
        match self.process.and_then(ProcessId::status) {
            Some(status) if status.is_halted() => {
                write!(formatter, "; it is halted: `kill -CONT {}`, and wait for its end", status.id.pid)
            }
            _ => formatter.write_str("; wait for its end"),
        }
    }
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
        let path = directory.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = file.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {
                // For people only: without it the lock is as good.
                drop(
                    lock.set_len(0)
                        .and_then(|()| (&lock).write_all(std::process::id().to_string().as_bytes())),
                );
                Ok(Self { directory: directory.to_owned(), _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(StateError::Busy(Holder {
                directory: directory.to_owned(),
                process: crate::processes::in_file(&path),
                journal: journals(directory).ok().and_then(|mut journals| journals.pop()),
            })),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// All that earlier runs broke and did not see to be whole again.
    ///
    /// # Errors
    ///
    /// When a journal cannot be read.
    pub fn left(&self) -> Result<Left, StateError> {
        let mut left = Left { pending: Vec::new(), spoiled: Vec::new() };
        let failed = |error| StateError::Io { path: self.directory.clone(), error };
        for journal in journals(&self.directory).map_err(failed)? {
            let contents = read(&journal).map_err(|error| StateError::Io { path: journal.clone(), error })?;
            left.pending.extend(contents.pending);
            left.spoiled.extend(contents.spoiled);
        }
        left.pending.reverse();
        Ok(left)
    }

    /// The same, where it has to be the whole truth.
    ///
    /// # Errors
    ///
    /// When a journal cannot be read. One that says what cannot be understood is an error too, never nothing.
    pub fn pending(&self) -> Result<Vec<Pending>, StateError> {
        let Left { pending, spoiled } = self.left()?;
        spoiled.into_iter().next().map_or(Ok(pending), |spoiled| Err(StateError::Spoiled(spoiled)))
    }

    /// Removes a journal whose run has its copy in the evidence, unless something in it is pending.
    ///
    /// # Errors
    ///
    /// When it cannot be read, understood or removed.
    pub fn forget(&self, journal: &Path) -> Result<(), StateError> {
        let failed = |error| StateError::Io { path: journal.to_owned(), error };
        let contents = read(journal).map_err(failed)?;
        match contents.spoiled {
            Some(spoiled) => Err(StateError::Spoiled(spoiled)),
            None if contents.pending.is_empty() => fs::remove_file(journal).map_err(failed),
            None => Ok(()),
        }
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
            let new = OpenOptions::new().create_new(true).append(true).mode(0o600).open(&path)?;
            new.sync_all()?;
            File::open(&self.directory)?.sync_all()?;
            Journal::reopen(&path)
        };
        begin().map_err(|error| StateError::Io { path: path.clone(), error })
    }
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

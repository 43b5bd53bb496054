//! Processes of this machine, told apart also when an id is given again.

#[cfg(test)]
mod killed;

use std::fs;
use std::io;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde::{Deserialize, Serialize};

#[cfg(test)]
pub(crate) use killed::Killed;

/// One process: its id, and when it started, in the kernel's ticks since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProcessId {
    /// Its id, which another may have later.
    pub pid: u32,
    /// When it started.
    pub started: u64,
}

/// What the kernel tells of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// Which process it is.
    pub(crate) id: ProcessId,
    /// The one that started it, or has taken it over.
    pub(crate) parent: u32,
    /// `R`, `S`, `T`, `Z`, ..
    pub(crate) state: char,
}

impl Status {
    /// Whether it exists as more than an entry that nobody has read yet.
    pub(crate) fn lives(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }

    /// Whether somebody has halted it, as by SIGSTOP.
    pub(crate) fn is_halted(&self) -> bool {
        self.state == 'T'
    }
}

impl ProcessId {
    /// The process that has this id now, if any lives.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        status(pid).filter(Status::lives).map(|status| status.id)
    }

    /// What the kernel tells of it, as long as it lives.
    pub(crate) fn status(self) -> Option<Status> {
        status(self.pid).filter(|status| status.id == self && status.lives())
    }

    /// Sends it a signal; nothing happens when it is gone.
    ///
    /// # Errors
    ///
    /// When that is not allowed.
    pub(crate) fn signal(self, signal: Signal) -> io::Result<()> {
        let Some(pid) = self.status().and_then(|_| Pid::from_raw(self.pid.cast_signed())) else {
            return Ok(());
        };
        match kill_process(pid, signal) {
            Err(rustix::io::Errno::SRCH) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Whether it may be sent signals; also when it is gone.
    ///
    /// # Errors
    ///
    /// When that is not allowed.
    pub(crate) fn may_be_signalled(self) -> io::Result<()> {
        let pid = self.status().and_then(|_| Pid::from_raw(self.pid.cast_signed()));
        match pid.map_or(Ok(()), test_kill_process) {
            Err(rustix::io::Errno::SRCH) => Ok(()),
            other => Ok(other?),
        }
    }

    /// It and all that descend from it, itself first.
    #[must_use]
    pub fn family(self) -> Vec<Self> {
        let all: Vec<Status> = all().collect();
        let mut family = vec![self];
        let mut next = 0;
        while let Some(parent) = family.get(next).copied() {
            next += 1;
            let children = all.iter().filter(|status| status.parent == parent.pid && status.lives());
            let new: Vec<_> = children.map(|status| status.id).filter(|id| !family.contains(id)).collect();
            family.extend(new);
        }
        family
    }

    /// Whether `NAME=value` is in the environment that it was started with, as far as that can be seen.
    pub(crate) fn has_variable(self, wanted: &str) -> bool {
        let bytes = fs::read(format!("/proc/{}/environ", self.pid)).unwrap_or_default();
        bytes.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    }

    /// The command that it runs, for people.
    #[must_use]
    pub fn command(self) -> String {
        let bytes = fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        let words = bytes.split(|byte| *byte == 0).filter(|word| !word.is_empty());
        words.map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
    }
}

/// The id in a file, of a process that lives.
pub(crate) fn in_file(path: &Path) -> Option<ProcessId> {
    ProcessId::of(fs::read_to_string(path).ok()?.trim().parse().ok()?)
}

/// All processes that can be seen.
pub(crate) fn all() -> impl Iterator<Item = Status> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| status(entry.file_name().to_str()?.parse().ok()?))
}

fn status(pid: u32) -> Option<Status> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may have anything in it, brackets too.
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    Some(Status { id: ProcessId { pid, started }, parent, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_more_than_its_id() {
        let sleeper = Killed::sleeper();
        let id = sleeper.id;
        // The kernel tells its words a moment after it has become another program.
        while id.command().is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(id.command(), "sleep 60");
        assert!(id.status().is_some_and(|status| status.parent == std::process::id()));
        let other = ProcessId { started: id.started + 1, ..id };
        assert!(other.status().is_none());
        other.signal(Signal::KILL).unwrap();
        assert!(id.status().is_some(), "the other one was not it");
        assert!(ProcessId::of(std::process::id()).unwrap().family().contains(&id));
        drop(sleeper);
        assert!(id.status().is_none());
        id.signal(Signal::KILL).unwrap();
    }
}

//! Networks of this machine, as its processes see them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use serde::{Deserialize, Serialize};

use crate::processes::{self, ProcessId};

/// A network namespace, known by its number as long as it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    inode: u64,
}

impl Network {
    /// The one that this program sees.
    #[must_use]
    pub fn own() -> Option<Self> {
        Self::of("self")
    }

    /// The one that a process sees.
    #[must_use]
    pub fn of_process(process: ProcessId) -> Option<Self> {
        process.status()?;
        Self::of(&process.pid.to_string())
    }

    fn of(process: &str) -> Option<Self> {
        Some(Self { inode: fs::metadata(format!("/proc/{process}/ns/net")).ok()?.ino() })
    }

    /// The command that does something in it; none when it exists no more.
    #[must_use]
    pub fn command(self, words: &[&str]) -> Option<Vec<String>> {
        let mut command = Vec::new();
        if Self::own() != Some(self) {
            command.extend(["nsenter".to_owned(), format!("--net={}", self.path()?)]);
        }
        command.extend(words.iter().map(|word| (*word).to_owned()));
        Some(command)
    }

    /// A file that stands for it: a process that sees it, or a name that `ip netns` gave it.
    fn path(self) -> Option<String> {
        let seen = |path: &String| fs::metadata(path).is_ok_and(|file| file.ino() == self.inode);
        let of_process = processes::all().map(|status| format!("/proc/{}/ns/net", status.id.pid)).find(seen);
        of_process.or_else(|| {
            let named = fs::read_dir("/run/netns").into_iter().flatten().flatten();
            named.map(|entry| entry.path().to_string_lossy().into_owned()).find(seen)
        })
    }
}

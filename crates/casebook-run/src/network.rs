//! Networks of this machine, as its processes see them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

use serde::{Deserialize, Serialize};

use crate::processes::{self, ProcessId, Status};

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

    /// A file that stands for it: a process that sees it, a mount that keeps it (by `ip netns`, or by whoever runs
    /// containers), or an open file. Where none is, it exists no more.
    fn path(self) -> Option<String> {
        let of_process = |status: Status| {
            let path = format!("/proc/{}/ns/net", status.id.pid);
            fs::metadata(&path).is_ok_and(|file| file.ino() == self.inode).then_some(path)
        };
        let of_process = processes::all().find_map(of_process);
        of_process.or_else(|| self.mounted()).or_else(|| self.open())
    }

    /// Where it is mounted, in any of the trees of mounts that can be seen.
    fn mounted(self) -> Option<String> {
        let mut seen = BTreeSet::new();
        processes::all().find_map(|status| {
            let process = format!("/proc/{}", status.id.pid);
            let tree = fs::metadata(format!("{process}/ns/mnt")).ok()?.ino();
            let is_new = seen.insert(tree);
            let mounts = is_new.then(|| fs::read_to_string(format!("{process}/mountinfo")).ok())??;
            let places = mounts.lines().filter_map(|line| place_of(line, self.inode));
            // One mount may hide another one.
            places
                .map(|place| format!("{process}/root{place}"))
                .find(|path| fs::metadata(path).is_ok_and(|file| file.ino() == self.inode))
        })
    }

    /// A file of a process that has it open.
    fn open(self) -> Option<String> {
        let wanted = format!("net:[{}]", self.inode);
        processes::all().find_map(|status| {
            let files = fs::read_dir(format!("/proc/{}/fd", status.id.pid)).ok()?.flatten();
            let mut paths = files.map(|file| file.path());
            let found =
                paths.find(|path| fs::read_link(path).is_ok_and(|link| link.as_os_str() == &*wanted))?;
            Some(found.to_string_lossy().into_owned())
        })
    }
}

/// Where a line of `mountinfo` says that a network is mounted.
fn place_of(line: &str, inode: u64) -> Option<String> {
    let mut fields = line.split(' ').skip(3);
    let root = fields.next()?.strip_prefix("net:[")?.strip_suffix(']')?;
    let place = fields.next().filter(|_| root.parse() == Ok(inode))?;
    // What would end the field is written as its octal number.
    Some(
        ["\\040", "\\011", "\\012", "\\134"]
            .iter()
            .zip([" ", "\t", "\n", "\\"])
            .fold(place.to_owned(), |place, (written, meant)| place.replace(written, meant)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_known_by_what_it_keeps() {
        let line = r"513 512 0:4 net:[4026532280] /tmp/my\040nets/ns\134one rw shared:7 - nsfs nsfs rw";
        assert_eq!(place_of(line, 4_026_532_280).as_deref(), Some("/tmp/my nets/ns\\one"));
        assert_eq!(place_of(line, 4_026_532_281), None);
        assert_eq!(place_of("29 1 8:1 / / rw - ext4 /dev/sda rw", 4_026_532_280), None);
    }

    #[test]
    fn what_somebody_has_open_is_there() {
        let own = Network::own().unwrap();
        assert_eq!(own.open(), None);
        let _open = fs::File::open("/proc/self/ns/net").unwrap();
        assert!(own.open().is_some());
    }
}

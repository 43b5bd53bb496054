//! Files that are open. All who read the same one share it, and with it what has been unpacked of it: the streams of a
//! job read neighbouring channels at the same time, and these lie in the same chunks.

use std::collections::HashMap;
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, Weak};

use focus_core::Samples;
use hdf5_reader::Hdf5File;

use super::open_unshared;
use crate::error::Problem;
use crate::{Header, ReadError, RecordingFile};

type Slot = OnceLock<Result<Hdf5File, Problem>>;

/// Those that somebody reads.
static OPEN: LazyLock<Mutex<HashMap<Identity, Weak<Slot>>>> = LazyLock::new(Mutex::default);

/// Which file, and which state of it: one that has grown or was replaced is another.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Identity {
    fn of(path: &Path) -> Result<Self, Problem> {
        let file = path.metadata().map_err(|error| Problem::File(error.to_string()))?;
        let modified = (file.mtime(), file.mtime_nsec());
        Ok(Self { device: file.dev(), inode: file.ino(), bytes: file.size(), modified })
    }
}

/// A share in an open file, which is closed with the last of them.
pub(crate) struct Shared {
    slot: Arc<Slot>,
}

/// Opens a file of any HDF5 format, unless it is open already.
pub(crate) fn open(path: &Path) -> Result<(Hdf5File, Shared), Problem> {
    let identity = Identity::of(path)?;
    let slot = {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, slot| slot.strong_count() > 0);
        let slot = open.get(&identity).and_then(Weak::upgrade).unwrap_or_default();
        open.insert(identity, Arc::downgrade(&slot));
        slot
    };
    // Without the lock: only those who want this very file wait for a slow disk.
    match slot.get_or_init(|| open_unshared(path)) {
        Ok(file) => Ok((file.clone(), Shared { slot: Arc::clone(&slot) })),
        Err(problem) => Err(problem.clone()),
    }
}

impl Shared {
    /// What was read of the file, which stays open as long as that lasts.
    pub(crate) fn kept_by(self, opened: Box<dyn RecordingFile>) -> Box<dyn RecordingFile> {
        Box::new(Kept { opened, _slot: self.slot })
    }
}

struct Kept {
    opened: Box<dyn RecordingFile>,
    _slot: Arc<Slot>,
}

impl RecordingFile for Kept {
    fn header(&self) -> &Header {
        self.opened.header()
    }

    fn read(&self, segment: usize, times: Range<u64>, columns: Range<usize>) -> Result<Samples, ReadError> {
        self.opened.read(segment, times, columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EXCERPT;

    #[test]
    fn readers_of_one_file_share_it_and_nobody_else() {
        let directory = tempfile::tempdir().unwrap();
        let [one, other] = ["one.h5", "other.h5"].map(|name| directory.path().join(name));
        std::fs::write(&one, EXCERPT).unwrap();
        std::fs::write(&other, EXCERPT).unwrap();
        let share = |path| open(path).unwrap().1.slot;
        let first = share(&one);
        assert!(Arc::ptr_eq(&first, &share(&one)));
        assert!(!Arc::ptr_eq(&first, &share(&other)));
        std::fs::write(&one, [EXCERPT, &[0]].concat()).unwrap();
        assert!(!Arc::ptr_eq(&first, &share(&one)), "it is another file now");
    }

    #[test]
    fn a_file_is_closed_with_its_last_reader() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("one.h5");
        std::fs::write(&path, EXCERPT).unwrap();
        let slot = Arc::downgrade(&open(&path).unwrap().1.slot);
        assert_eq!(slot.strong_count(), 0);
        let kept = crate::open(&path).unwrap();
        let identity = Identity::of(&path).unwrap();
        let is_open = || OPEN.lock().unwrap().get(&identity).is_some_and(|slot| slot.strong_count() > 0);
        assert!(is_open());
        drop(kept);
        assert!(!is_open());
    }
}

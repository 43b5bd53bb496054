//! Files that are not whole yet: they have hidden names, which no catalogue takes for recordings.
//!
//! Whoever writes one holds its lock, which ends with him: who gets the lock of another one knows that nobody writes it.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// How their names begin and end.
const NAME: (&str, &str) = (".focus-", ".part");

/// What the system says of a file or directory.
pub(crate) type Failure = (PathBuf, io::Error);

/// A new file under a hidden name, locked so that nobody takes it for left behind.
pub(crate) fn file(directory: &Path) -> io::Result<NamedTempFile> {
    let (prefix, suffix) = NAME;
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(suffix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    loop {
        let file = builder.tempfile_in(directory)?;
        match file.as_file().try_lock() {
            Ok(()) if file.path().try_exists()? => return Ok(file),
            // Somebody who clears the directory came between the two.
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// What was renamed is on the disk only when the directory is.
pub(crate) fn sync(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// The unfinished files in a directory that nobody writes any more, with their locks.
pub(crate) fn left(directory: &Path) -> Result<Vec<(PathBuf, File)>, Failure> {
    let in_directory = |error| (directory.to_owned(), error);
    let mut left = Vec::new();
    for entry in fs::read_dir(directory).map_err(in_directory)? {
        let path = entry.map_err(in_directory)?.path();
        if path.file_name().is_some_and(is_unfinished) {
            let lock = lock(&path).map_err(|error| (path.clone(), error))?;
            left.extend(lock.map(|lock| (path, lock)));
        }
    }
    Ok(left)
}

/// Removes the unfinished files in a directory that nobody writes any more.
pub(crate) fn clear(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut removed = Vec::new();
    for (path, _lock) in left(directory)? {
        match fs::remove_file(&path) {
            Ok(()) => removed.push(path),
            // It was new, and its writer has made another one: this one was locked.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err((path, error)),
        }
    }
    Ok(removed)
}

fn is_unfinished(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(NAME.0.as_bytes()) && name.ends_with(NAME.1.as_bytes())
}

/// The lock of a file, unless it is somebody else's or the file has another name by now.
fn lock(path: &Path) -> io::Result<Option<File>> {
    // For writing where possible: some network file systems lock only those.
    let file = match File::options().write(true).open(path).or_else(|_| File::open(path)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    match file.try_lock() {
        // Its writer may have just finished it.
        Ok(()) => Ok(path.try_exists()?.then_some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread::ScopedJoinHandle;

    use super::*;

    #[test]
    fn who_clears_takes_nothing_from_who_writes() {
        const FILES: usize = 500;
        let directory = tempfile::tempdir().unwrap();
        let (here, over) = (directory.path(), AtomicBool::new(false));
        std::thread::scope(|threads| {
            let clear = || {
                let mut removed = 0;
                while !over.load(Ordering::Relaxed) {
                    removed += clear(here).unwrap().len();
                }
                removed
            };
            let clearing = [(); 2].map(|()| threads.spawn(clear));
            let write = |number| {
                let file = file(here).unwrap();
                // As long as it takes to look.
                std::thread::yield_now();
                file.persist_noclobber(here.join(format!("{number}.h5"))).unwrap();
            };
            let writing = [0, 1]
                .map(|odd| threads.spawn(move || (0..FILES).for_each(|number| write(2 * number + odd))));
            let written = writing.map(ScopedJoinHandle::join);
            over.store(true, Ordering::Relaxed);
            let cleared = clearing.map(ScopedJoinHandle::join);
            assert!(written.iter().all(Result::is_ok) && cleared.iter().all(Result::is_ok));
        });
        assert_eq!(fs::read_dir(here).unwrap().count(), 2 * FILES);
    }
}

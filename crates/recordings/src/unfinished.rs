//! Files that are not whole yet: they have hidden names, which no catalogue takes for recordings.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::RecordError;

/// How their names begin and end.
const NAME: (&str, &str) = (".focus-", ".part");

/// A new file under a hidden name, locked so that nobody takes it for left behind.
pub(crate) fn file(directory: &Path) -> io::Result<NamedTempFile> {
    let (prefix, suffix) = NAME;
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(suffix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(directory)?;
    file.as_file().try_lock()?;
    Ok(file)
}

/// What was renamed is on the disk only when the directory is.
pub(crate) fn sync(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// Makes the directory if it is not there, and removes the unfinished files in it that nobody writes any more.
pub(crate) fn prepare(directory: &Path) -> Result<Vec<PathBuf>, RecordError> {
    fs::create_dir_all(directory).map_err(RecordError::at(directory))?;
    let mut removed = Vec::new();
    for entry in fs::read_dir(directory).map_err(RecordError::at(directory))? {
        let path = entry.map_err(RecordError::at(directory))?.path();
        if path.file_name().is_some_and(is_unfinished)
            && remove_if_left(&path).map_err(RecordError::at(&path))?
        {
            removed.push(path);
        }
    }
    Ok(removed)
}

fn is_unfinished(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(NAME.0.as_bytes()) && name.ends_with(NAME.1.as_bytes())
}

/// Whether the file was left behind and is now removed.
fn remove_if_left(path: &Path) -> io::Result<bool> {
    // For writing: some network file systems lock only those.
    let removed = File::options().write(true).open(path).and_then(|file| match file.try_lock() {
        Ok(()) => fs::remove_file(path).map(|()| true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    });
    match removed {
        // Its recorder has just finished it.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        removed => removed,
    }
}

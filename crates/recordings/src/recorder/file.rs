use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};

use focus_core::Block;
use jiff::Timestamp;
use tempfile::NamedTempFile;

use super::RecordError;
use crate::prodml::{Part, ProdmlWriter};

/// Unfinished files begin and end so: hidden, and no recording by name.
const UNFINISHED: (&str, &str) = (".focus-", ".part");
/// What is written is brought to the disk every so many bytes: all at the end would stop the recorder for too long.
const SYNC_BYTES: u64 = 32 << 20;

/// A file that is being recorded. Dropping it removes it.
#[derive(Debug)]
pub(super) struct PartFile {
    writer: ProdmlWriter<NamedTempFile>,
    directory: PathBuf,
    /// How many samples it takes.
    limit: u64,
    unsynced: u64,
}

impl PartFile {
    /// Begins a file for `limit` samples.
    pub(super) fn create(directory: &Path, part: Part, limit: u64) -> Result<Self, RecordError> {
        let path = directory.join(name(part.start, 0));
        let writer = unfinished(directory)
            .and_then(|file| ProdmlWriter::new(file, part))
            .map_err(RecordError::at(&path))?;
        Ok(Self { writer, directory: directory.to_owned(), limit, unsynced: 0 })
    }

    /// How many samples it still takes.
    pub(super) fn room(&self) -> u64 {
        self.limit.saturating_sub(self.writer.samples())
    }

    /// When the sample that follows is due.
    pub(super) fn end(&self) -> Result<Timestamp, RecordError> {
        self.writer.part().time_of(self.writer.samples()).map_err(RecordError::at(&self.path()))
    }

    /// Appends these instants of the block; returns how many bytes they are.
    pub(super) fn append(&mut self, block: &Block, times: Range<usize>) -> Result<u64, RecordError> {
        let written = self.writer.append(block, times).and_then(|bytes| {
            self.unsynced += bytes;
            if self.unsynced >= SYNC_BYTES {
                self.unsynced = 0;
                self.writer.sink().as_file().sync_data()?;
            }
            Ok(bytes)
        });
        written.inspect_err(|_| self.writer.make_room()).map_err(RecordError::at(&self.path()))
    }

    /// Makes the file whole and visible; `false` when it has no samples and is removed instead.
    pub(super) fn finish(self) -> Result<bool, RecordError> {
        if self.writer.samples() == 0 {
            return Ok(false);
        }
        let (path, start) = (self.path(), self.writer.part().start);
        finish(self.writer, &self.directory, start).map_err(RecordError::at(&path))?;
        Ok(true)
    }

    /// Where it will be, unless there is such a file already.
    fn path(&self) -> PathBuf {
        self.directory.join(name(self.writer.part().start, 0))
    }
}

fn finish(writer: ProdmlWriter<NamedTempFile>, directory: &Path, start: Timestamp) -> io::Result<()> {
    let (mut file, length) = writer.finish()?;
    // After an error there may be some of the samples that failed.
    file.as_file().set_len(length)?;
    file.as_file().sync_all()?;
    for number in 0.. {
        match file.persist_noclobber(directory.join(name(start, number))) {
            Ok(_) => break,
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => file = error.file,
            Err(error) => return Err(error.error),
        }
    }
    // The name is on the disk only when the directory is.
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// What a file that starts then is called; `number` tells apart those that start at the same time.
fn name(start: Timestamp, number: u32) -> String {
    let time = start.strftime("%Y%m%dT%H%M%S.%9fZ");
    if number == 0 { format!("{time}.h5") } else { format!("{time}-{number}.h5") }
}

/// A new file under a hidden name, locked so that nobody takes it for left behind.
fn unfinished(directory: &Path) -> io::Result<NamedTempFile> {
    let (prefix, suffix) = UNFINISHED;
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(suffix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(directory)?;
    file.as_file().try_lock()?;
    Ok(file)
}

/// Makes the directory if it is not there, and removes the unfinished files in it that nobody writes any more.
pub(super) fn prepare(directory: &Path) -> Result<Vec<PathBuf>, RecordError> {
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
    name.starts_with(UNFINISHED.0.as_bytes()) && name.ends_with(UNFINISHED.1.as_bytes())
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

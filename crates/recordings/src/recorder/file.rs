use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};

use focus_core::Block;
use jiff::Timestamp;
use tempfile::NamedTempFile;

use super::RecordError;
use crate::prodml::{Part, ProdmlWriter};
use crate::unfinished;

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
        let writer = unfinished::file(directory)
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
    unfinished::sync(directory)
}

/// What a file that starts then is called; `number` tells apart those that start at the same time.
fn name(start: Timestamp, number: u32) -> String {
    let time = start.strftime("%Y%m%dT%H%M%S.%9fZ");
    if number == 0 { format!("{time}.h5") } else { format!("{time}-{number}.h5") }
}

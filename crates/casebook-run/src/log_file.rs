//! A log's file as it was, to tell later what was added to it.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// So many bytes before a file's end tell whether it still has them.
const KNOWN: u64 = 1024;

/// What tells a log file from another one, and from itself after it was cut: also when it has become longer since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFile {
    /// Its device and its number there.
    place: (u64, u64),
    /// How long it is, in bytes.
    length: u64,
    /// What it ends with.
    end: Vec<u8>,
}

impl LogFile {
    /// What a file is now.
    ///
    /// # Errors
    ///
    /// When it is not there, or cannot be read.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        // Whoever opens a pipe waits.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut file = File::open(path)?;
        let known = file.metadata()?;
        let from = known.len().saturating_sub(KNOWN);
        let mut end = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        file.take(known.len() - from).read_to_end(&mut end)?;
        Ok(Self { place: place(&known), length: known.len(), end })
    }

    /// From where on a file has to be read to tell whether it goes on with this; none when it is another one, or shorter.
    pub(crate) fn begin(&self, now: &Metadata) -> Option<u64> {
        (place(now) == self.place && now.len() >= self.length).then(|| self.length - self.end.len() as u64)
    }

    /// What was added, of all that a file has from there on; none when it is no more what it was.
    pub(crate) fn added<'a>(&self, from_begin: &'a [u8]) -> Option<&'a [u8]> {
        from_begin.strip_prefix(self.end.as_slice())
    }
}

fn place(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

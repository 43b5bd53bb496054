use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// Why blocks cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A file or the directory cannot be written, for example because the disk is full.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file as it would be called, or the directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The fibre has none of the wanted channels.
    #[error("the channels from {first} on are wanted, but the fibre has only {fibre}")]
    Channels {
        /// The first that is wanted.
        first: u32,
        /// How many the fibre has.
        fibre: u32,
    },
    /// The block does not show what is to be recorded.
    #[error("block {sequence} cannot be recorded: {reason}")]
    Block {
        /// Which block.
        sequence: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The samples would reach beyond the year 9999.
    #[error("a block that starts at {start} ends after the year 9999")]
    Time {
        /// When it starts.
        start: Timestamp,
    },
}

impl RecordError {
    /// For `map_err`: the path cannot be written.
    pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| Self::Write { path: path.to_owned(), source }
    }
}

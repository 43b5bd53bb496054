use std::path::PathBuf;

use focus_core::{Fibre, Outage};
use futures::future::BoxFuture;
use jiff::Timestamp;

/// An uninterrupted stretch of recorded time.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What the catalogue calls it.
    pub id: String,
    /// The fibre that was recorded.
    pub fibre: Fibre,
    /// When its first sample was taken.
    pub start: Timestamp,
    /// When it ends, exclusive: one sample interval after its last sample.
    pub end: Timestamp,
    /// Whether it is still being written, so that `end` is only where it ends so far.
    pub ongoing: bool,
    /// Its files in order of time; of a query, only those that hold some of the wanted time.
    pub files: Vec<PathBuf>,
}

/// The index of recordings.
pub trait Catalogue: Send + Sync {
    /// The recordings that share time with `start..end` (`r.start < end && r.end > start`), sorted by start.
    ///
    /// Each has its full start and end, and only the files that share time with the range.
    fn find(&self, start: Timestamp, end: Timestamp) -> BoxFuture<'_, Result<Vec<Recording>, Outage>>;

    /// A truthful round trip: `Ok` means that a [`find`](Self::find) would be answered now.
    fn probe(&self) -> BoxFuture<'_, Result<(), Outage>>;
}

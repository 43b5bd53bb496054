use std::path::Path;

use focus_core::{Fibre, Outage};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Problem;
use crate::{FilePart, ReadError};

/// An uninterrupted stretch of recorded time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// What it is made of, in order of time; of a query, only what holds some of the wanted time.
    pub files: Vec<FilePart>,
}

impl Recording {
    /// What one file holds: a recording for each of its segments.
    ///
    /// # Errors
    /// When the file is no recording.
    pub fn of_file(path: &Path) -> Result<Vec<Self>, ReadError> {
        let file = crate::open(path)?;
        let header = file.header();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let recordings = header.segments.iter().enumerate().map(|(number, segment)| {
            let end = segment.end().map_err(|error| Problem::File(error.to_string()).at(path))?;
            Ok(Self {
                id: name.clone().into_owned(),
                fibre: header.fibre.clone(),
                start: segment.start,
                end,
                ongoing: false,
                files: vec![FilePart { path: path.to_owned(), segment: number }],
            })
        });
        recordings.collect()
    }
}

/// When a [`Recording`] begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// When its first sample was taken.
    pub start: Timestamp,
    /// When it ends, exclusive.
    pub end: Timestamp,
    /// Whether `end` is only where it ends so far.
    pub ongoing: bool,
}

impl From<&Recording> for Extent {
    fn from(recording: &Recording) -> Self {
        Self { start: recording.start, end: recording.end, ongoing: recording.ongoing }
    }
}

/// The index of recordings.
pub trait Catalogue: Send + Sync {
    /// The recordings that share time with `start..end` (`r.start < end && r.end > start`), sorted by start.
    ///
    /// Each has its full start and end, and only the files that share time with the range.
    fn find(&self, start: Timestamp, end: Timestamp) -> BoxFuture<'_, Result<Vec<Recording>, Outage>>;

    /// When the recordings that [`find`](Self::find) finds begin and end, in the same order. Worth its own query
    /// where that is cheaper: a long time has many files.
    fn extents(&self, start: Timestamp, end: Timestamp) -> BoxFuture<'_, Result<Vec<Extent>, Outage>> {
        Box::pin(async move { Ok(self.find(start, end).await?.iter().map(Extent::from).collect()) })
    }

    /// A truthful round trip: `Ok` means that a [`find`](Self::find) would be answered now.
    fn probe(&self) -> BoxFuture<'_, Result<(), Outage>>;
}

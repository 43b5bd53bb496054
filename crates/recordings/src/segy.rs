//! SEG-Y, revisions 0 to 2: headers of 3200 and 400 bytes, then traces of one channel each, all equally long.
//!
//! Read here and not by a crate: those that there are map the file, whose cutting off is then a fault of the process, keep
//! every trace's header, and give whole traces.

mod format;
mod header;
mod samples;
mod trace;

use std::ops::Range;
use std::path::{Path, PathBuf};

use focus_core::Samples;

use crate::error::Problem;
use crate::seismic::Bytes;
use crate::{Header, ReadError, RecordingFile};

use header::Layout;

/// A SEG-Y file that is open for reading. Its channels are its traces.
pub(crate) struct SegyFile {
    path: PathBuf,
    bytes: Bytes,
    header: Header,
    layout: Layout,
}

impl SegyFile {
    /// Whether `head`, the first bytes of a file, are the headers of a SEG-Y file.
    pub(crate) fn recognises(head: &[u8]) -> bool {
        header::recognises(head)
    }

    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let bytes = Bytes::open(path)?;
        let (header, layout) = header::read(&bytes)?;
        Ok(Self { path: path.to_owned(), bytes, header, layout })
    }
}

impl RecordingFile for SegyFile {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, segment: usize, times: Range<u64>, columns: Range<usize>) -> Result<Samples, ReadError> {
        let read = if segment == 0 {
            samples::read(&self.bytes, &self.layout, times, columns)
        } else {
            Err(Problem::File(format!("has one segment, number {segment} is wanted")))
        };
        read.map_err(|problem| problem.at(&self.path))
    }
}

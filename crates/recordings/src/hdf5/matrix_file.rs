use std::ops::Range;
use std::path::{Path, PathBuf};

use focus_core::Samples;

use super::{Matrix, guarded};
use crate::{Header, ReadError, RecordingFile};

/// A file with one segment that is one stored array: most formats.
pub(crate) struct MatrixFile {
    path: PathBuf,
    header: Header,
    data: Matrix,
}

impl MatrixFile {
    pub(crate) fn new(path: &Path, header: Header, data: Matrix) -> Self {
        Self { path: path.to_owned(), header, data }
    }
}

impl RecordingFile for MatrixFile {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, _segment: usize, times: Range<u64>, columns: Range<usize>) -> Result<Samples, ReadError> {
        guarded(|| self.data.read(times, columns)).map_err(|problem| problem.at(&self.path))
    }
}

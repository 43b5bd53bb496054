//! PRODML 2.0 and 2.1: one HDF5 file with the group `Acquisition` and the samples in `Raw[0]/RawData`.

mod header;
mod writer;

use std::ops::Range;
use std::path::{Path, PathBuf};

use focus_core::Samples;
use hdf5_reader::Hdf5File;

use crate::error::Problem;
use crate::hdf5::{Matrix, guarded};
use crate::{Header, ReadError, RecordingFile};

pub(crate) use writer::{Part, ProdmlWriter};

/// A PRODML file that is open for reading.
pub(crate) struct ProdmlFile {
    path: PathBuf,
    header: Header,
    data: Matrix,
}

impl ProdmlFile {
    /// Whether it says that it is one.
    pub(crate) fn recognises(file: &Hdf5File) -> bool {
        file.group("Acquisition").is_ok()
    }

    pub(crate) fn read(path: &Path, file: &Hdf5File) -> Result<Self, Problem> {
        let (header, data) = header::read(file)?;
        Ok(Self { path: path.to_owned(), header, data })
    }
}

impl RecordingFile for ProdmlFile {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, _segment: usize, times: Range<u64>, columns: Range<usize>) -> Result<Samples, ReadError> {
        guarded(|| self.data.read(times, columns)).map_err(|problem| problem.at(&self.path))
    }
}

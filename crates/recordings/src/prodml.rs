//! PRODML 2.0 and 2.1: one HDF5 file with the group `Acquisition` and the samples in `Raw[0]/RawData`.

mod acquisition;
mod attributes;
mod header;
mod placement;
mod rows;
mod streamed;
mod writer;

use std::path::Path;

use hdf5_reader::Hdf5File;

use crate::error::Problem;
use crate::hdf5::MatrixFile;

pub use rows::{Rows, RowsWriter, Spectrum};
pub(crate) use writer::{Part, ProdmlWriter};

/// Whether a file says that it is one.
pub(crate) fn recognises(file: &Hdf5File) -> bool {
    file.group("Acquisition").is_ok()
}

pub(crate) fn read(path: &Path, file: &Hdf5File) -> Result<MatrixFile, Problem> {
    let (header, data) = header::read(file)?;
    Ok(MatrixFile::new(path, header, data))
}

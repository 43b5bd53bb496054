//! PRODML 2.0 and 2.1: one HDF5 file with the group `Acquisition` and the samples in `Raw[0]/RawData`.

mod attributes;
mod header;
mod samples;
mod writer;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use focus_core::{DataType, Samples};
use hdf5_reader::{Dataset, Hdf5File, OpenOptions};

use crate::error::Problem;
use crate::{Header, ReadError, RecordingFile};
use header::AxisOrder;

pub(crate) use writer::{Part, ProdmlWriter};

/// Most memory that one read may need; far above the blocks that are asked for.
const MAX_READ_BYTES: usize = 256 << 20;
/// Most memory that one chunk may unpack to: the usual ones are 1 to 4 MiB.
const MAX_CHUNK_BYTES: usize = 256 << 20;
/// Most memory that the description of one object may take: real ones are a few KiB.
const MAX_OBJECT_HEADER_BYTES: usize = 4 << 20;

/// A PRODML file that is open for reading.
pub(crate) struct ProdmlFile {
    path: PathBuf,
    header: Header,
    order: AxisOrder,
    data: Dataset,
}

impl ProdmlFile {
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        guarded(|| {
            let options = OpenOptions {
                max_read_bytes: MAX_READ_BYTES,
                max_chunk_bytes: MAX_CHUNK_BYTES,
                max_object_header_bytes: MAX_OBJECT_HEADER_BYTES,
                ..OpenOptions::default()
            };
            let file = Hdf5File::open_with_options(path, options)?;
            let (header, order, data) = header::read(&file)?;
            Ok(Self { path: path.to_owned(), header, order, data })
        })
        .map_err(|problem| problem.at(path))
    }
}

impl RecordingFile for ProdmlFile {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, times: Range<u64>, columns: Range<usize>) -> Result<Samples, ReadError> {
        let times = times.start.min(self.header.samples)..times.end.min(self.header.samples);
        let channels = self.header.fibre.channels as usize;
        let columns = columns.start.min(channels)..columns.end.min(channels);
        guarded(|| {
            Ok(match self.header.fibre.data_type {
                DataType::Int16 => Samples::Int16(samples::read(&self.data, self.order, times, columns)?),
                DataType::Int32 => Samples::Int32(samples::read(&self.data, self.order, times, columns)?),
                DataType::Float32 => Samples::Float32(samples::read(&self.data, self.order, times, columns)?),
            })
        })
        .map_err(|problem| problem.at(&self.path))
    }
}

/// Runs the HDF5 reader; should a hostile file make it panic, that is an error of the file.
fn guarded<T>(read: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    // What a panic could leave half done belongs to the file, and no caller goes on with a file that failed.
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(Problem::File("the file is corrupt: the HDF5 reader gave up on it".into())))
}

//! What all formats that are HDF5 files share.

mod attributes;
mod epoch;
mod matrix_file;
mod numbers;
mod samples;
mod shared;
mod texts;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use hdf5_reader::{Dataset, Hdf5File, OpenOptions};

use crate::error::Problem;

pub(crate) use attributes::Attributes;
pub(crate) use epoch::epoch;
pub(crate) use matrix_file::MatrixFile;
pub(crate) use samples::{Axes, Matrix, data_type, extent, range, slice};
pub(crate) use shared::open;
pub(crate) use values::Values;

/// Most memory that one read may need; far above the blocks that are asked for.
const MAX_READ_BYTES: usize = 256 << 20;
/// Most memory that one chunk may unpack to: the usual ones are 1 to 4 MiB.
const MAX_CHUNK_BYTES: usize = 256 << 20;
/// Most memory that the description of one object may take: real ones are a few KiB.
const MAX_OBJECT_HEADER_BYTES: usize = 4 << 20;

fn open_unshared(path: &Path) -> Result<Hdf5File, Problem> {
    guarded(|| {
        let options = OpenOptions {
            max_read_bytes: MAX_READ_BYTES,
            max_chunk_bytes: MAX_CHUNK_BYTES,
            max_object_header_bytes: MAX_OBJECT_HEADER_BYTES,
            ..OpenOptions::default()
        };
        let file = Hdf5File::open_with_options(path, options)?;
        let (told, there) = (file.superblock().eof_address, file.storage().len());
        if told > there {
            return Err(Problem::File(format!("is cut off: it ends at byte {there} and not at byte {told}")));
        }
        Ok(file)
    })
}

/// Runs the HDF5 reader; should a hostile file make it panic, that is an error of the file.
pub(crate) fn guarded<T>(read: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    // What a panic could leave half done belongs to the file, and no caller goes on with a file that failed.
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(Problem::File("the file is corrupt: the HDF5 reader gave up on it".into())))
}

/// A dataset that has to be there.
pub(crate) fn dataset(file: &Hdf5File, path: &str) -> Result<Dataset, Problem> {
    file.dataset(path).map_err(|error| Problem::field(path, error.to_string()))
}

/// A field that has to be there.
pub(crate) fn required<T>(field: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::field(field, "is missing"))
}

/// Number of a sample or a channel, which may be below 0. Within its bounds no time overflows.
pub(crate) fn index(field: &str, number: f64) -> Result<f64, Problem> {
    if number.abs() <= (1_u64 << 40) as f64 {
        Ok(number)
    } else {
        Err(Problem::field(field, format!("{number} is not possible")))
    }
}

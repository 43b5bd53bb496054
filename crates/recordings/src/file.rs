use std::ops::Range;
use std::path::Path;

use focus_core::{Fibre, Samples, sample_offset};
use jiff::Timestamp;

use crate::prodml::ProdmlFile;
use crate::{ReadError, error::Problem};

/// What a recording file says about itself, checked against its data.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The fibre that it shows.
    pub fibre: Fibre,
    /// When the first sample was taken.
    pub start: Timestamp,
    /// How many instants it holds; at least 1.
    pub samples: u64,
}

impl Header {
    /// When the sample with this index (counted from 0) was taken, to the nanosecond.
    ///
    /// # Errors
    /// When that lies beyond the year 9999.
    pub fn time_of(&self, sample: u64) -> Result<Timestamp, jiff::Error> {
        self.start.checked_add(sample_offset(sample as f64, self.fibre.sampling_rate))
    }

    /// When the recording ends, exclusive: one sample interval after its last sample.
    ///
    /// # Errors
    /// When that lies beyond the year 9999.
    pub fn end(&self) -> Result<Timestamp, jiff::Error> {
        self.time_of(self.samples)
    }
}

/// One file of recorded samples, whatever its format.
pub trait RecordingFile: Send {
    /// What the file says about itself.
    fn header(&self) -> &Header;

    /// Samples of some instants and columns (both counted from 0), time-major, in the file's own type.
    ///
    /// Reads only the parts of the file that hold them. A range beyond the data is cut to it.
    ///
    /// # Errors
    /// When the file has become unreadable or its data are corrupt.
    fn read(&self, times: Range<u64>, columns: Range<usize>) -> Result<Samples, ReadError>;
}

/// Opens a recording; its format is known by its content, not by its name.
///
/// # Errors
/// When the file cannot be read, is of no known format, or its header contradicts its data.
pub fn open(path: &Path) -> Result<Box<dyn RecordingFile>, ReadError> {
    let length = std::fs::metadata(path).map_err(|error| Problem::File(error.to_string()).at(path))?.len();
    if length == 0 {
        return Err(Problem::File("the file is empty".into()).at(path));
    }
    Ok(Box::new(ProdmlFile::open(path)?))
}

//! miniSEED 2 and 3: records of samples of one channel each, one after the other.
//!
//! Headers are read here, because the crate that unpacks the samples reads them only together with these, and trusts them.

mod index;
mod record;
mod samples;

use std::ops::Range;
use std::path::{Path, PathBuf};

use focus_core::{DataType, Samples};

use crate::error::Problem;
use crate::seismic::Bytes;
use crate::{Header, ReadError, RecordingFile};

use index::Run;

/// A miniSEED file that is open for reading. Its channels are its streams, in the order of their names.
pub(crate) struct MiniseedFile {
    path: PathBuf,
    bytes: Bytes,
    header: Header,
    /// By channel, then by segment: which records hold them.
    channels: Vec<Vec<Run>>,
}

impl MiniseedFile {
    /// Whether `head`, the first bytes of a file, begin a record.
    pub(crate) fn recognises(head: &[u8]) -> bool {
        record::recognises(head)
    }

    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let bytes = Bytes::open(path)?;
        let (header, channels) = index::read(&bytes)?;
        Ok(Self { path: path.to_owned(), bytes, header, channels })
    }

    fn samples(&self, segment: usize, times: Range<u64>, columns: Range<usize>) -> Result<Samples, Problem> {
        let count = self.header.segments.len();
        let Some(held) = self.header.segments.get(segment).map(|segment| segment.samples) else {
            return Err(Problem::File(format!("has {count} segments, number {segment} is wanted")));
        };
        let times = times.start.min(held)..times.end.min(held);
        let columns = columns.start.min(self.channels.len())..columns.end.min(self.channels.len());
        let runs: Vec<&Run> = self.channels[columns].iter().map(|runs| &runs[segment]).collect();
        Ok(match self.header.fibre.data_type {
            DataType::Int16 => Samples::Int16(samples::read(&self.bytes, &runs, times)?),
            DataType::Int32 => Samples::Int32(samples::read(&self.bytes, &runs, times)?),
            DataType::Float32 => Samples::Float32(samples::read(&self.bytes, &runs, times)?),
        })
    }
}

impl RecordingFile for MiniseedFile {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, segment: usize, times: Range<u64>, columns: Range<usize>) -> Result<Samples, ReadError> {
        self.samples(segment, times, columns).map_err(|problem| problem.at(&self.path))
    }
}

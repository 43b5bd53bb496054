//! miniSEED 2 and 3: records of samples of one channel each, one after the other.
//!
//! Headers are read here, because the crate that unpacks the samples reads them only together with these, and trusts them.
//!
//! The channels of a file need not hold the same times. What one lacks while another has it is NaN, and as any of them may
//! have a gap in the next file, several channels are always float32.

mod index;
mod record;
mod samples;
mod timeline;
mod unpacked;

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use focus_core::{DataType, Samples};

use crate::error::Problem;
use crate::seismic::Bytes;
use crate::{Header, ReadError, RecordingFile};

use samples::Sample;
use timeline::Timeline;
use unpacked::Unpacked;

pub(crate) use record::recognises;

/// A miniSEED file that is open for reading. Its channels are its streams, in the order of their names.
struct MiniseedFile<T> {
    path: PathBuf,
    bytes: Bytes,
    header: Header,
    timeline: Timeline,
    unpacked: RefCell<Unpacked<T>>,
}

pub(crate) fn read(path: &Path) -> Result<Box<dyn RecordingFile>, Problem> {
    let bytes = Bytes::open(path)?;
    let (header, timeline) = index::read(&bytes)?;
    let path = path.to_owned();
    Ok(match header.fibre.data_type {
        DataType::Int16 => MiniseedFile::<i16>::boxed(path, bytes, header, timeline),
        DataType::Int32 => MiniseedFile::<i32>::boxed(path, bytes, header, timeline),
        DataType::Float32 => MiniseedFile::<f32>::boxed(path, bytes, header, timeline),
    })
}

impl<T: Sample> MiniseedFile<T> {
    fn boxed(path: PathBuf, bytes: Bytes, header: Header, timeline: Timeline) -> Box<dyn RecordingFile> {
        Box::new(Self { path, bytes, header, timeline, unpacked: RefCell::default() })
    }

    fn samples(&self, segment: usize, times: Range<u64>, columns: Range<usize>) -> Result<Samples, Problem> {
        let instants = self.timeline.instants(segment, times).ok_or_else(|| {
            let count = self.header.segments.len();
            Problem::File(format!("has {count} segments, number {segment} is wanted"))
        })?;
        let channels = &self.timeline.channels;
        let columns = columns.start.min(channels.len())..columns.end.min(channels.len());
        self.unpacked.borrow_mut().read(&self.bytes, &channels[columns], instants)
    }
}

impl<T: Sample> RecordingFile for MiniseedFile<T> {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, segment: usize, times: Range<u64>, columns: Range<usize>) -> Result<Samples, ReadError> {
        self.samples(segment, times, columns).map_err(|problem| problem.at(&self.path))
    }
}

//! Febus A1: samples in blocks of (block, time, channel) that overlap, in a group of the device, its source, and its zone.

mod blocks;
mod header;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use focus_core::{DataType, Samples};
use hdf5_reader::{Dataset, H5Type, Hdf5File};

use crate::error::Problem;
use crate::hdf5::{guarded, range, slice};
use crate::{Header, ReadError, RecordingFile};
use blocks::Blocks;

pub(crate) use header::recognises;

/// A Febus file that is open for reading.
pub(crate) struct FebusFile {
    path: PathBuf,
    header: Header,
    blocks: Blocks,
    data: Dataset,
}

impl FebusFile {
    pub(crate) fn read(path: &Path, file: &Hdf5File) -> Result<Self, Problem> {
        let (header, blocks, data) = header::read(file)?;
        Ok(Self { path: path.to_owned(), header, blocks, data })
    }

    fn read_as<T: H5Type + Copy>(
        &self,
        segment: usize,
        times: Range<u64>,
        columns: Range<usize>,
    ) -> Result<Arc<[T]>, Problem> {
        let mut values = Vec::new();
        for (block, samples) in self.blocks.pieces(segment, times) {
            let selection = vec![
                range(block, block + 1),
                range(samples.start, samples.end),
                range(columns.start as u64, columns.end as u64),
            ];
            values.extend(slice::<T>(&self.data, selection)?);
        }
        Ok(values.into())
    }
}

impl RecordingFile for FebusFile {
    fn header(&self) -> &Header {
        &self.header
    }

    fn read(&self, segment: usize, times: Range<u64>, columns: Range<usize>) -> Result<Samples, ReadError> {
        let channels = self.header.fibre.channels as usize;
        let columns = columns.start.min(channels)..columns.end.min(channels);
        guarded(|| {
            Ok(match self.header.fibre.data_type {
                DataType::Int16 => Samples::Int16(self.read_as(segment, times, columns)?),
                DataType::Int32 => Samples::Int32(self.read_as(segment, times, columns)?),
                DataType::Float32 => Samples::Float32(self.read_as(segment, times, columns)?),
            })
        })
        .map_err(|problem| problem.at(&self.path))
    }
}

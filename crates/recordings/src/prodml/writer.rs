//! Writes one PRODML 2.1 file of samples.

mod head;

use std::borrow::Cow;
use std::io::{self, Seek, Write};
use std::ops::Range;

use focus_core::{Block, ChannelRange, DataType, Fibre, Samples, sample_offset};
use jiff::Timestamp;
use uuid::Uuid;

use super::attributes::microseconds;
use super::streamed::{Streamed, TIME_BYTES};

/// One file of an acquisition.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The acquisition that this is a part of: it, and when it began.
    pub(crate) acquisition: (Uuid, Timestamp),
    /// How many samples were recorded in the acquisition before this part.
    pub(crate) start_index: u64,
    /// The whole fibre.
    pub(crate) fibre: Fibre,
    /// Which of its channels the file holds.
    pub(crate) channels: ChannelRange,
    /// When its first sample was taken.
    pub(crate) start: Timestamp,
}

impl Part {
    /// When the sample with this index was taken.
    pub(crate) fn time_of(&self, sample: u64) -> io::Result<Timestamp> {
        self.start
            .checked_add(sample_offset(sample as f64, self.fibre.sampling_rate))
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Size in bytes of all channels at one instant.
    fn row_bytes(&self) -> u64 {
        (self.channels.count() * self.fibre.data_type.bytes()) as u64
    }
}

/// A PRODML file that is being written; whole only after [`finish`](Self::finish).
#[derive(Debug)]
pub(crate) struct ProdmlWriter<W> {
    file: Streamed<W>,
    part: Part,
    /// How many instants have been written.
    samples: u64,
}

impl<W: Write + Seek> ProdmlWriter<W> {
    /// Begins the file: leaves room for its head.
    pub(crate) fn new(sink: W, part: Part) -> io::Result<Self> {
        let file = Streamed::new(sink, &head::encode(&part, 1)?)?;
        Ok(Self { file, part, samples: 0 })
    }

    /// How many instants the file holds so far.
    pub(crate) fn samples(&self) -> u64 {
        self.samples
    }

    /// What is being written.
    pub(crate) fn part(&self) -> &Part {
        &self.part
    }

    /// The sink.
    pub(crate) fn sink(&self) -> &W {
        self.file.sink()
    }

    /// Appends these instants of a block that holds this part's channels; returns how many bytes they are.
    ///
    /// After an error the file can still be finished, without these samples.
    pub(crate) fn append(&mut self, block: &Block, times: Range<usize>) -> io::Result<u64> {
        let all: &[u8] = match &block.samples {
            Samples::Int16(values) => bytemuck::cast_slice(values),
            Samples::Int32(values) => bytemuck::cast_slice(values),
            Samples::Float32(values) => bytemuck::cast_slice(values),
        };
        let sample = block.samples.data_type().bytes();
        let row = block.channels * sample;
        let rows = &all[times.start * row..times.end * row];
        let columns = self.part.channels.columns_from(block.first_channel);
        let bytes = if columns.len() == block.channels {
            Cow::Borrowed(rows)
        } else {
            let columns = columns.start * sample..columns.end * sample;
            let pieces: Vec<&[u8]> = rows.chunks_exact(row).map(|row| &row[columns.clone()]).collect();
            Cow::Owned(pieces.concat())
        };
        self.file.write(&bytes)?;
        self.samples += times.len() as u64;
        Ok(bytes.len() as u64)
    }

    /// Gives up so many of the last samples that the times of the others fit in their place: for a disk that is full.
    pub(crate) fn make_room(&mut self) {
        const ALIGNING: u64 = TIME_BYTES - 1;
        let row = self.part.row_bytes();
        self.samples = (self.samples * row).saturating_sub(ALIGNING) / (row + TIME_BYTES);
    }

    /// Makes the file whole; returns its sink and length. There must be at least one sample.
    pub(crate) fn finish(self) -> io::Result<(W, u64)> {
        let head = head::encode(&self.part, self.samples)?;
        // In microseconds, as PRODML has them.
        let times = (0..self.samples).map(|sample| self.part.time_of(sample).map(microseconds));
        self.file.finish(head, self.samples * self.part.row_bytes(), times)
    }
}

/// A value of this type in which every bit is 0, as bytes.
fn zero(data_type: DataType) -> Vec<u8> {
    vec![0; data_type.bytes()]
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, SeekFrom};

    use super::*;

    /// A disk of so many bytes.
    struct Disk(Cursor<Vec<u8>>, u64);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.1.saturating_sub(self.0.position()) as usize;
            if room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.write(&bytes[..room.min(bytes.len())])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Disk {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    #[test]
    fn when_the_disk_is_full_nearly_all_that_is_on_it_is_kept() {
        for channels in [1, 3, 50] {
            for size in [6000, 6001, 20_000] {
                let (kept, written, values) = fill(Disk(Cursor::default(), size), channels);
                let row = 2 * u64::from(channels);
                assert!(kept > 0 && (kept + 2) * (row + TIME_BYTES) >= written * row, "{kept} of {written}");
                let expected: Vec<i16> = (0..kept * u64::from(channels)).map(|value| value as i16).collect();
                assert_eq!(values, Samples::Int16(expected.into()));
            }
        }
    }

    /// How many samples could be read of how many that were written, and which.
    fn fill(disk: Disk, channels: u32) -> (u64, u64, Samples) {
        let fibre = Fibre {
            pulse_rate: None,
            sampling_rate: 100.0,
            dx: None,
            gauge_length: None,
            channels,
            start: None,
            length: None,
            samples_per_trace: None,
            data_type: DataType::Int16,
            unit: None,
            software: None,
            description: None,
        };
        let part = Part {
            acquisition: (Uuid::nil(), Timestamp::UNIX_EPOCH),
            start_index: 0,
            channels: fibre.all_channels(),
            fibre,
            start: Timestamp::UNIX_EPOCH,
        };
        let mut writer = ProdmlWriter::new(disk, part).unwrap();
        let error = loop {
            let first = writer.samples() * u64::from(channels);
            let values = (first..first + 7 * u64::from(channels)).map(|value| value as i16).collect();
            let block = Block {
                sequence: 0,
                start: Timestamp::UNIX_EPOCH,
                sampling_rate: 100.0,
                first_channel: 1,
                channels: channels as usize,
                samples: Samples::Int16(values),
            };
            if let Err(error) = writer.append(&block, 0..7) {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let written = writer.samples();
        writer.make_room();
        let (disk, length) = writer.finish().unwrap();
        let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&path, &disk.0.into_inner()[..length as usize]).unwrap();
        let file = crate::open(&path).unwrap();
        let samples = file.header().segments[0].samples;
        (samples, written, file.read(0, 0..samples, 0..channels as usize).unwrap())
    }
}

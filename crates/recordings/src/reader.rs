use std::collections::VecDeque;
use std::path::PathBuf;

use focus_core::{Block, ChannelRange, Fibre, sample_offset};
use jiff::Timestamp;

use crate::error::Problem;
use crate::{FilePart, ReadError, Recording, RecordingFile, Segment, open};

/// Longest time that one block holds, seconds.
const BLOCK_SECONDS: f64 = 1.0;
/// Most bytes that one block holds, as long as a single instant is less.
const BLOCK_BYTES: usize = 4 << 20;

/// The blocks of a range of time and channels, read from recordings in order of time.
///
/// - A block holds at most 1 s and at most 4 MiB, and begins exactly when its first sample was taken
///   (start of its file + samples / rate, to the nanosecond).
/// - `sequence` counts blocks from 0. While each block begins where the one before it ended (within half a
///   sample) it grows by one; across a gap it grows by one more for every block of time that is missing, and
///   by at least one more. How long the gap is, the blocks' start times say.
/// - Where recordings overlap, samples of a time that has already been read are left out.
/// - After an error there are no more blocks.
pub struct RecordingReader {
    files: VecDeque<FilePart>,
    from: Timestamp,
    to: Timestamp,
    channels: ChannelRange,
    current: Option<OpenFile>,
    /// The first file and its fibre: all others must show the same.
    first: Option<(PathBuf, Fibre)>,
    /// Sequence number of the next block, and when it begins if nothing is missing.
    sequence: u64,
    expected: Option<Timestamp>,
}

struct OpenFile {
    part: FilePart,
    file: Box<dyn RecordingFile>,
    segment: Segment,
    /// Index of the next sample to read, and of the first that is not wanted.
    next: u64,
    end: u64,
}

impl RecordingReader {
    /// Reads the samples taken in `from..to` on `channels`. Opens nothing yet.
    #[must_use]
    pub fn new(
        mut recordings: Vec<Recording>,
        from: Timestamp,
        to: Timestamp,
        channels: ChannelRange,
    ) -> Self {
        recordings.sort_by_key(|recording| (recording.start, recording.end));
        Self {
            files: recordings.into_iter().flat_map(|recording| recording.files).collect(),
            from,
            to,
            channels,
            current: None,
            first: None,
            sequence: 0,
            expected: None,
        }
    }

    fn next_block(&mut self) -> Result<Option<Block>, ReadError> {
        loop {
            if let Some(current) = self.current.take_if(|current| current.next < current.end) {
                return self.block(current).map(Some);
            }
            let Some(part) = self.files.pop_front() else { return Ok(None) };
            self.current = Some(self.open_next(part)?);
        }
    }

    fn open_next(&mut self, part: FilePart) -> Result<OpenFile, ReadError> {
        // Another segment of the same file.
        let opened = self.current.take().filter(|current| current.part.path == part.path);
        let file = opened.map_or_else(|| open(&part.path), |current| Ok(current.file))?;
        let (header, path) = (file.header(), &part.path);
        let segment = header.segments.get(part.segment).cloned();
        let segment = segment.ok_or_else(|| {
            let reason =
                format!("has {} segments now, number {} is wanted", header.segments.len(), part.segment);
            Problem::File(reason).at(path)
        })?;
        match &self.first {
            None => {
                let fibre = &header.fibre;
                if self.channels.last() > fibre.channels {
                    let reason = format!(
                        "{} channels, but channel {} is wanted",
                        fibre.channels,
                        self.channels.last()
                    );
                    return Err(Problem::field("NumberOfLoci", reason).at(path));
                }
                self.first = Some((path.clone(), fibre.clone()));
            }
            Some((before, expected)) => {
                if let Some((field, found, expected)) = header.fibre.difference(expected) {
                    let (path, before) = (path.clone(), before.clone());
                    return Err(ReadError::Layout { path, before, field, found, expected });
                }
            }
        }
        // Half a sample early still counts as the sample that is due, however the files' clocks were rounded.
        let seen = self
            .expected
            .map(|expected| expected.saturating_sub(sample_offset(0.5, header.fibre.sampling_rate)))
            .transpose()
            .map_err(|error| Problem::File(error.to_string()).at(path))?;
        let begin = seen.map_or(self.from, |seen| seen.max(self.from));
        let (next, end) = (segment.first_from(begin), segment.first_from(self.to));
        Ok(OpenFile { part, file, segment, next, end })
    }

    fn block(&mut self, mut current: OpenFile) -> Result<Block, ReadError> {
        let header = current.file.header();
        let rate = header.fibre.sampling_rate;
        let time_of = |sample| {
            let time = current.segment.time_of(sample);
            time.map_err(|error| Problem::File(error.to_string()).at(&current.part.path))
        };
        let bytes_per_time = header.fibre.data_type.bytes() * self.channels.count();
        let most = ((rate * BLOCK_SECONDS) as u64).clamp(1, (BLOCK_BYTES / bytes_per_time).max(1) as u64);
        let times = current.next..current.end.min(current.next + most);
        let start = time_of(times.start)?;

        if let Some(expected) = self.expected {
            let missing = start.duration_since(expected).as_secs_f64() * rate;
            if missing > 0.5 {
                self.sequence = self.sequence.saturating_add((missing / most as f64).ceil().max(1.0) as u64);
            }
        }
        let block = Block {
            sequence: self.sequence,
            start,
            sampling_rate: rate,
            first_channel: self.channels.first(),
            channels: self.channels.count(),
            samples: current.file.read(current.part.segment, times.clone(), self.channels.columns_from(1))?,
        };
        self.sequence += 1;
        self.expected = Some(time_of(times.end)?);
        current.next = times.end;
        self.current = Some(current);
        Ok(block)
    }
}

impl Iterator for RecordingReader {
    type Item = Result<Block, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_block();
        if next.is_err() {
            self.files.clear();
            self.current = None;
        }
        next.transpose()
    }
}

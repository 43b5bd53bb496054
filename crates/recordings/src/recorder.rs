mod error;
mod file;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use focus_core::{Block, ChannelRange, Fibre, sample_offset};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::prodml::Part;
use crate::unfinished;
pub use error::RecordError;
use file::PartFile;

/// Deviation between the stamp of a block that is next in sequence and the time expected of it, up to which nothing
/// was lost: clocks are adjusted and stamps jitter.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_millis(50);
/// Shortest time that a file holds unless it is interrupted.
const SHORTEST_ROLL: Duration = Duration::from_secs(1);

/// Records blocks as PRODML 2.1 files in a directory.
///
/// - Files are cut where UTC time is a multiple of the roll time: with 60 s each file but the first begins with the
///   first sample of a minute. A new file also begins where samples are missing or come again, and when the fibre
///   becomes another one in any respect.
/// - A file is called after the time of its first sample, `20200101T000000.000000000Z.h5`, so that names sort by time;
///   if there is such a file already, `-1`, `-2`, .. is added. No file is ever overwritten.
/// - A file appears at once and whole, on disk. While it is written it has a hidden name that ends in `.part`, which
///   no catalogue takes for a recording. What a crash leaves of it, the next recorder of the directory removes.
/// - Samples keep their type. A file holds no more memory than the block that is being recorded.
///
/// All calls block while they write.
#[derive(Debug)]
pub struct Recorder {
    directory: PathBuf,
    channels: ChannelRange,
    roll: SignedDuration,
    acquisition: Option<Acquisition>,
    progress: Progress,
}

/// A recorder, and what one that crashed has left behind.
#[derive(Debug)]
pub struct Started {
    /// Ready to record.
    pub recorder: Recorder,
    /// Unfinished files that were removed.
    pub removed: Vec<PathBuf>,
}

/// What has been recorded so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whole files.
    pub files: u64,
    /// Instants that were written, in whole files and in the one that is being written.
    pub samples: u64,
    /// Bytes of samples, likewise.
    pub bytes: u64,
    /// How often samples were missing or came again.
    pub gaps: u64,
}

/// One fibre that is being recorded.
#[derive(Debug)]
struct Acquisition {
    id: Uuid,
    fibre: Fibre,
    start: Timestamp,
    /// How many samples have been recorded of it.
    samples: u64,
    /// Sequence number and time of the block that follows when nothing is missing.
    next: (u64, Timestamp),
    file: Option<PartFile>,
}

impl Recorder {
    /// Makes the directory if it is not there, and removes what a crash has left in it.
    ///
    /// `channels` is cut to those that the fibre has. A `roll` below 1 s counts as 1 s.
    ///
    /// # Errors
    /// When the directory cannot be made or read, or what is left behind cannot be removed.
    pub fn start(directory: &Path, roll: Duration, channels: ChannelRange) -> Result<Started, RecordError> {
        fs::create_dir_all(directory).map_err(RecordError::at(directory))?;
        let removed = unfinished::clear(directory).map_err(|(path, error)| RecordError::at(&path)(error))?;
        let roll = SignedDuration::try_from(roll.max(SHORTEST_ROLL)).unwrap_or(SignedDuration::MAX);
        let directory = directory.to_owned();
        let recorder = Self { directory, channels, roll, acquisition: None, progress: Progress::default() };
        Ok(Started { recorder, removed })
    }

    /// Records one block of `fibre`; blocks come in order of time.
    ///
    /// When a file cannot be written, for example because the disk is full, what is in it becomes a whole file if that is
    /// still possible, less a few of the last samples. The next block begins a new one.
    ///
    /// # Errors
    /// When the fibre or the block has not the wanted channels, the block is not of the fibre, or a file cannot be
    /// written.
    pub fn record(&mut self, fibre: &Fibre, block: &Block) -> Result<(), RecordError> {
        if self.acquisition.as_ref().is_some_and(|acquisition| acquisition.fibre != *fibre) {
            self.end_acquisition()?;
        }
        let channels = channels_of(self.channels, fibre)?;
        check(fibre, channels, block)?;
        if block.times() == 0 {
            return Ok(());
        }
        let recorded = self.write(fibre, channels, block);
        if recorded.is_err() {
            // What was written before is worth keeping; the error that counts is the first one.
            let _ = self.end_acquisition();
        }
        recorded
    }

    /// What has been recorded so far.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Makes the file whole that is being written. Without this call its samples are lost.
    ///
    /// # Errors
    /// When that file cannot be written.
    pub fn finish(mut self) -> Result<Progress, RecordError> {
        self.end_acquisition()?;
        Ok(self.progress)
    }

    fn write(&mut self, fibre: &Fibre, channels: ChannelRange, block: &Block) -> Result<(), RecordError> {
        let acquisition = self.acquisition.get_or_insert_with(|| Acquisition::begin(fibre, block));
        let start = acquisition.start_of(block);
        if start.is_none() {
            self.progress.gaps += 1;
            close(&mut acquisition.file, &mut self.progress)?;
        }
        let start = start.unwrap_or(block.start);
        let mut written = 0;
        while written < block.times() {
            let file = match &mut acquisition.file {
                Some(file) => file,
                none => {
                    let time = time_after(written as u64, start, fibre)?;
                    let part = Part {
                        acquisition: (acquisition.id, acquisition.start),
                        start_index: acquisition.samples,
                        fibre: fibre.clone(),
                        channels,
                        start: time,
                    };
                    none.insert(PartFile::create(
                        &self.directory,
                        part,
                        samples_until_roll(time, self.roll, fibre),
                    )?)
                }
            };
            let times = file.room().min((block.times() - written) as u64) as usize;
            self.progress.bytes += file.append(block, written..written + times)?;
            self.progress.samples += times as u64;
            acquisition.samples += times as u64;
            written += times;
            acquisition.next = (block.sequence.saturating_add(1), file.end()?);
            if file.room() == 0 {
                close(&mut acquisition.file, &mut self.progress)?;
            }
        }
        Ok(())
    }

    fn end_acquisition(&mut self) -> Result<(), RecordError> {
        match self.acquisition.take() {
            Some(mut acquisition) => close(&mut acquisition.file, &mut self.progress),
            None => Ok(()),
        }
    }
}

impl Acquisition {
    fn begin(fibre: &Fibre, block: &Block) -> Self {
        Self {
            id: Uuid::new_v4(),
            fibre: fibre.clone(),
            start: block.start,
            samples: 0,
            next: (block.sequence, block.start),
            file: None,
        }
    }

    /// When the block's first sample was taken if it is the one that is due; `None` if it is another one.
    fn start_of(&self, block: &Block) -> Option<Timestamp> {
        let (sequence, due) = self.next;
        let off = block.start.duration_since(due).abs();
        if block.sequence != sequence || off > CLOCK_TOLERANCE {
            return None;
        }
        // A stamp that jitters by more would open a gap between two files.
        Some(if off <= sample_offset(0.5, block.sampling_rate) { block.start } else { due })
    }
}

/// Makes the file whole, if there is one.
fn close(file: &mut Option<PartFile>, progress: &mut Progress) -> Result<(), RecordError> {
    if let Some(file) = file.take()
        && file.finish()?
    {
        progress.files += 1;
    }
    Ok(())
}

/// The wanted channels that the fibre has.
fn channels_of(wanted: ChannelRange, fibre: &Fibre) -> Result<ChannelRange, RecordError> {
    ChannelRange::new(wanted.first(), wanted.last().min(fibre.channels))
        .ok_or(RecordError::Channels { first: wanted.first(), fibre: fibre.channels })
}

/// Whether the block is what it claims and shows these channels of this fibre.
fn check(fibre: &Fibre, channels: ChannelRange, block: &Block) -> Result<(), RecordError> {
    let last = u64::from(block.first_channel) + block.channels as u64;
    let reason = if block.channels == 0 || !block.samples.len().is_multiple_of(block.channels) {
        format!("{} samples of {} channels", block.samples.len(), block.channels)
    } else if channels.first() < block.first_channel || u64::from(channels.last()) >= last {
        format!(
            "it holds {} channels from {}, and {} to {} are recorded",
            block.channels,
            block.first_channel,
            channels.first(),
            channels.last()
        )
    } else if block.samples.data_type() != fibre.data_type {
        format!("its samples are {:?}, those of the fibre {:?}", block.samples.data_type(), fibre.data_type)
    } else if block.sampling_rate.to_bits() != fibre.sampling_rate.to_bits() {
        format!("its sampling rate is {} Hz, the fibre's {} Hz", block.sampling_rate, fibre.sampling_rate)
    } else {
        return Ok(());
    };
    Err(RecordError::Block { sequence: block.sequence, reason })
}

fn time_after(samples: u64, start: Timestamp, fibre: &Fibre) -> Result<Timestamp, RecordError> {
    start
        .checked_add(sample_offset(samples as f64, fibre.sampling_rate))
        .map_err(|_| RecordError::Time { start })
}

/// How many samples from `start` on are taken before the next multiple of `roll`; at least 1.
fn samples_until_roll(start: Timestamp, roll: SignedDuration, fibre: &Fibre) -> u64 {
    /// A sample this close to the roll, in samples, is the next file's first: times are rounded.
    const NEAR: f64 = 1e-3;
    let into = start.as_nanosecond().rem_euclid(roll.as_nanos());
    let left = (roll.as_nanos() - into) as f64 / 1e9 * fibre.sampling_rate;
    ((left - NEAR).ceil() as u64).max(1)
}

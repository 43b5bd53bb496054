//! Writes the rows of a view as PRODML 2.1 has processed data: spectra, or one frequency band of everything (FBE).

mod head;

use std::io::{self, Seek, Write};

use focus_core::{ChannelRange, Fibre, sample_offset};
use jiff::{SignedDuration, Timestamp};

use super::attributes::microseconds;
use super::streamed::Streamed;

/// What rows show.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The whole fibre.
    pub fibre: Fibre,
    /// The channels that they show.
    pub channels: ChannelRange,
    /// Seconds between them; finite and above 0.
    pub interval: f64,
    /// What they show of each channel; `None` for the root mean square of all samples in `interval`.
    pub spectrum: Option<Spectrum>,
}

/// A stretch of a one-sided amplitude spectrum.
#[derive(Clone, Copy, Debug)]
pub struct Spectrum {
    /// Samples in a window.
    pub nfft: u32,
    /// Centre of the first bin, Hz.
    pub first: f64,
    /// Centre of the last one, Hz.
    pub last: f64,
    /// How many there are.
    pub bins: usize,
}

impl Rows {
    /// Values in a row: for each channel one, or one for each bin.
    #[must_use]
    pub fn values(&self) -> usize {
        self.channels.count() * self.spectrum.map_or(1, |spectrum| spectrum.bins)
    }

    /// Samples between rows.
    fn hop(&self) -> f64 {
        self.interval * self.fibre.sampling_rate
    }

    /// How long before its middle a row begins. PRODML's time is that of the first sample in the window, or in the
    /// interval where that is longer and several windows share it.
    fn half(&self) -> SignedDuration {
        let window = self.spectrum.map_or(0.0, |spectrum| f64::from(spectrum.nfft));
        sample_offset(self.hop().max(window) / 2.0, self.fibre.sampling_rate)
    }
}

/// A PRODML file of rows that is being written; whole only after [`finish`](Self::finish).
#[derive(Debug)]
pub struct RowsWriter<W> {
    file: Streamed<W>,
    rows: Rows,
    /// When each begins, epoch microseconds.
    times: Vec<i64>,
    /// The number and the middle of the last one.
    last: Option<(u32, Timestamp)>,
}

impl<W: Write + Seek> RowsWriter<W> {
    /// Begins the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(sink: W, rows: Rows) -> io::Result<Self> {
        let file = Streamed::new(sink, &head::encode(&rows, &[0])?)?;
        Ok(Self { file, rows, times: Vec::new(), last: None })
    }

    /// Appends the row with this number, the middle of which is at `time`: values channel by channel, frequencies
    /// ascending. Rows that were left out since the last one are NaN; PRODML knows no gaps.
    ///
    /// # Errors
    /// When the file cannot be written, the row is not of the promised length, or its number is not above the last
    /// one's.
    pub fn append(&mut self, number: u32, time: Timestamp, values: &[f32]) -> io::Result<()> {
        if values.len() != self.rows.values() {
            return Err(invalid(format!(
                "a row has {} values instead of {}",
                values.len(),
                self.rows.values()
            )));
        }
        if let Some((last, before)) = self.last {
            if number <= last {
                return Err(invalid(format!("row {number} comes after row {last}")));
            }
            let missing = vec![f32::NAN; if number > last + 1 { values.len() } else { 0 }];
            let step = time.duration_since(before).as_secs_f64() / f64::from(number - last);
            for row in 1..number - last {
                self.write(before + sample_offset(f64::from(row) * step, 1.0), &missing)?;
            }
        }
        self.last = Some((number, time));
        self.write(time, values)
    }

    fn write(&mut self, time: Timestamp, values: &[f32]) -> io::Result<()> {
        let begin = time.checked_sub(self.rows.half()).map_err(io::Error::other)?;
        self.file.write(bytemuck::cast_slice(values))?;
        self.times.push(microseconds(begin));
        Ok(())
    }

    /// Makes the file whole; returns its sink.
    ///
    /// # Errors
    /// When it cannot be written, or there are no rows.
    pub fn finish(self) -> io::Result<W> {
        if self.times.is_empty() {
            return Err(invalid("there are no rows".into()));
        }
        let head = head::encode(&self.rows, &self.times)?;
        let data = self.times.len() * self.rows.values() * size_of::<f32>();
        let (sink, _) = self.file.finish(head, data as u64, self.times.into_iter().map(Ok))?;
        Ok(sink)
    }
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

use std::io::BufWriter;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use focus_core::from_epoch_seconds;
use focus_recordings::{Rows, RowsWriter, Spectrum};
use jiff::{SignedDuration, Timestamp};
use tempfile::NamedTempFile;

use super::args::ViewArgs;
use super::job::Job;
use super::join::Row;
use super::output::whole_or_not;
use super::request::Span;

/// The server rounds times to milliseconds.
const ROUNDING: SignedDuration = SignedDuration::from_micros(501);

/// Rows as processed data of PRODML 2.1, in one HDF5 file. They are written as they come.
pub(super) struct Processed {
    path: PathBuf,
    writer: RowsWriter<BufWriter<NamedTempFile>>,
    columns: Range<usize>,
    /// When row 0 begins, where that is known better than from its time.
    start: Option<Timestamp>,
    interval: f64,
    /// The number of the first row, and how many the view has.
    first: Option<i32>,
    rows: usize,
}

impl Processed {
    /// For the rows of this job; of one channel only when that is given.
    ///
    /// # Errors
    /// When the job has no such channel, the server does not tell of its fibre, or the file cannot be written.
    pub(super) fn new(job: &Job, args: &ViewArgs, span: &Span, path: PathBuf) -> anyhow::Result<Self> {
        let channels = job.shown(args.channel)?;
        let fibre = job.metadata.fibre().context(
            "the server does not tell the sampling rate, the channels and the type of the samples of its fibre, which \
             PRODML needs; .npz does without",
        )?;
        let frequencies = &job.frequencies_list;
        let spectrum = frequencies.first().zip(frequencies.last()).map(|(&first, &last)| Spectrum {
            nfft: args.window(),
            first,
            last,
            bins: frequencies.len(),
        });
        let rows = Rows { fibre, channels, interval: job.lines_dt, spectrum };
        let file = whole_or_not(&path).and_then(|file| RowsWriter::new(BufWriter::new(file), rows));
        Ok(Self {
            writer: file.with_context(|| unwritable(&path))?,
            path,
            columns: job.columns(channels)?,
            start: span.start().and_then(from_epoch_seconds),
            interval: job.lines_dt,
            first: None,
            rows: span.rows(job.lines_dt),
        })
    }

    /// Takes one. Those that come after the end of the view are left out.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn add(&mut self, row: &Row) -> anyhow::Result<()> {
        let number = row.index.saturating_sub(*self.first.get_or_insert(row.index));
        let Ok(number) = u32::try_from(number) else { return Ok(()) };
        if number as usize >= self.rows {
            return Ok(());
        }
        let time = self.time(Timestamp::from_millisecond(row.time_ms)?);
        let values = &row.values[self.columns.clone()];
        self.writer.append(number, time, values).with_context(|| unwritable(&self.path))
    }

    /// The middle of the row that is said to be at `told`: exactly, if rows are where the view puts them.
    fn time(&self, told: Timestamp) -> Timestamp {
        let exact = self.start.and_then(|start| {
            let rows = (told.duration_since(start).as_secs_f64() / self.interval - 0.5).round();
            let into = SignedDuration::try_from_secs_f64((rows + 0.5) * self.interval).ok()?;
            start.checked_add(into).ok()
        });
        exact.filter(|exact| exact.duration_since(told).abs() <= ROUNDING).unwrap_or(told)
    }

    /// Makes the file whole, on the disk, and visible.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let file = self.writer.finish()?.into_inner()?;
        file.as_file().sync_all()?;
        file.persist(self.path)?;
        Ok(())
    }
}

fn unwritable(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

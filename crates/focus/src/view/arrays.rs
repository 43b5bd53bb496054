use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use focus_core::ChannelRange;
use npyz::{AutoSerialize, WriteOptions, WriterBuilder as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::job::Job;
use super::join::Row;
use super::output::whole_or_not;

/// Rows as arrays, in one NPZ file: what `numpy.load` gives back by name.
///
/// - `values`: float32, row x channel for a waterfall, row x channel x frequency for a spectrogram; amplitudes in the unit
///   of the source, NaN where samples are missing.
/// - `row_index`: int32, one per row; a jump is a gap.
/// - `time_ms`: int64, one per row; centre of the row, milliseconds since 1970 UTC.
/// - `channels`: int32, counted from 1.
/// - `frequencies`: float64, Hz; empty for a waterfall.
/// - `row_interval`: float64, one value, seconds.
/// - `distances`: float64, metres along the fibre of each channel; empty where the source does not say.
pub(super) struct Arrays {
    /// Values, as they come: there may be more of them than memory.
    values: BufWriter<File>,
    rows: Vec<(i32, i64)>,
    shown: ChannelRange,
    columns: Range<usize>,
}

impl Arrays {
    /// For the rows of this job; of one channel only when that is given.
    ///
    /// # Errors
    /// When the job has no such channel, or there is no room for a temporary file.
    pub(super) fn new(job: &Job, channel: Option<u32>) -> anyhow::Result<Self> {
        let shown = job.shown(channel)?;
        let values = BufWriter::new(tempfile::tempfile()?);
        Ok(Self { values, rows: Vec::new(), shown, columns: job.columns(shown)? })
    }

    /// Takes one.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(super) fn add(&mut self, row: &Row) -> io::Result<()> {
        self.rows.push((row.index, row.time_ms));
        let mut values = row.values[self.columns.clone()].iter();
        values.try_for_each(|value| self.values.write_all(&value.to_le_bytes()))
    }

    /// Writes the file; it is whole or not there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(self, job: &Job, path: &Path) -> anyhow::Result<()> {
        let file = whole_or_not(path)?;
        self.write(job, file.as_file())?;
        file.persist(path)?;
        Ok(())
    }

    fn write(self, job: &Job, file: &File) -> anyhow::Result<()> {
        use std::io::Seek as _;
        let Self { values, rows, shown, .. } = self;
        let mut values = values.into_inner()?;
        values.rewind()?;
        let mut shape = vec![rows.len() as u64, shown.count() as u64];
        if !job.frequencies_list.is_empty() {
            shape.push(job.frequencies_list.len() as u64);
        }
        let mut zip = ZipWriter::new(BufWriter::new(file));
        array(&mut zip, "values", &shape, floats(BufReader::new(values)))?;
        let one_per_row = [rows.len() as u64];
        array(&mut zip, "row_index", &one_per_row, rows.iter().map(|row| Ok(row.0)))?;
        array(&mut zip, "time_ms", &one_per_row, rows.iter().map(|row| Ok(row.1)))?;
        let numbers = shown.first()..=shown.last();
        array(
            &mut zip,
            "channels",
            &[shown.count() as u64],
            numbers.clone().map(|number| Ok(number as i32)),
        )?;
        list(&mut zip, "frequencies", &job.frequencies_list)?;
        list(&mut zip, "row_interval", &[job.lines_dt])?;
        let place = job.metadata.dx.zip(job.metadata.fiber_start_meters);
        let distance = |number: u32| place.map(|(dx, start)| start + f64::from(number - 1) * dx);
        list(&mut zip, "distances", &numbers.filter_map(distance).collect::<Vec<_>>())?;
        zip.finish()?.flush()?;
        Ok(())
    }
}

/// All numbers of a file of little-endian float32.
fn floats(mut file: impl io::Read) -> impl Iterator<Item = io::Result<f32>> {
    std::iter::from_fn(move || {
        let mut bytes = [0; 4];
        match file.read_exact(&mut bytes) {
            Ok(()) => Some(Ok(f32::from_le_bytes(bytes))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => Some(Err(error)),
        }
    })
}

fn list(zip: &mut ZipWriter<impl Write + io::Seek>, name: &str, values: &[f64]) -> anyhow::Result<()> {
    array(zip, name, &[values.len() as u64], values.iter().map(|value| Ok(*value)))
}

fn array<T: AutoSerialize>(
    zip: &mut ZipWriter<impl Write + io::Seek>,
    name: &str,
    shape: &[u64],
    values: impl Iterator<Item = io::Result<T>>,
) -> anyhow::Result<()> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    zip.start_file(format!("{name}.npy"), options)?;
    let mut writer = WriteOptions::new().default_dtype().shape(shape).writer(zip).begin_nd()?;
    for value in values {
        writer.push(&value?)?;
    }
    writer.finish()?;
    Ok(())
}

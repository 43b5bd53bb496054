//! PRODML files whose data are written before their head, and without holding them.
//!
//! The HDF5 writer knows only whole files in memory, so it writes the head alone: groups, attributes, and two
//! datasets without data. Room for it is left at the begin; the data are streamed behind it, the times follow,
//! and at the end the head is written and told where both lie.

use std::io::{self, Seek, SeekFrom, Write};

use super::placement::place;

/// What is left for the head beyond its size at the begin: times get longer by a few digits.
const HEAD_RESERVE: usize = 512;
/// The data begin at a multiple of this.
const ALIGNMENT: usize = 4096;
/// How many times are written at once.
const TIMES_AT_ONCE: usize = 8192;
/// Size of one time.
pub(super) const TIME_BYTES: u64 = 8;

/// A file that is being written; whole only after [`finish`](Self::finish).
#[derive(Debug)]
pub(super) struct Streamed<W> {
    sink: W,
    /// Where the data begin.
    origin: u64,
}

impl<W: Write + Seek> Streamed<W> {
    /// Begins the file: leaves room for a head that is about as long as this one.
    pub(super) fn new(mut sink: W, head: &[u8]) -> io::Result<Self> {
        let origin = (head.len() + HEAD_RESERVE).next_multiple_of(ALIGNMENT);
        // Written, not skipped: when the disk is full, the head must have its place.
        sink.write_all(&vec![0; origin])?;
        Ok(Self { sink, origin: origin as u64 })
    }

    pub(super) fn sink(&self) -> &W {
        &self.sink
    }

    /// Appends data.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_all(bytes)
    }

    /// Makes the file whole: of its data the first `data` bytes, then these times. `head` describes both, in that
    /// order, and has the place of neither. Returns the sink and the file's length.
    pub(super) fn finish(
        mut self,
        mut head: Vec<u8>,
        data: u64,
        times: impl IntoIterator<Item = io::Result<i64>>,
    ) -> io::Result<(W, u64)> {
        let at = (self.origin + data).next_multiple_of(TIME_BYTES);
        self.sink.seek(SeekFrom::Start(at))?;
        let length = write_times(&mut self.sink, times)?;
        place(&mut head, &[(self.origin, data), (at, length)], at + length)?;
        if head.len() as u64 > self.origin {
            return Err(io::Error::other("the description has outgrown its place"));
        }
        self.sink.seek(SeekFrom::Start(0))?;
        self.sink.write_all(&head)?;
        Ok((self.sink, at + length))
    }
}

/// Returns how many bytes they are.
fn write_times(sink: &mut impl Write, times: impl IntoIterator<Item = io::Result<i64>>) -> io::Result<u64> {
    let mut times = times.into_iter();
    let mut length = 0;
    loop {
        let some: Vec<i64> = times.by_ref().take(TIMES_AT_ONCE).collect::<io::Result<_>>()?;
        if some.is_empty() {
            return Ok(length);
        }
        sink.write_all(bytemuck::cast_slice(&some))?;
        length += some.len() as u64 * TIME_BYTES;
    }
}

use std::path::Path;

use focus_core::Samples;

use crate::{Header, ReadError, open};

/// Most bytes that are read at once.
const PIECE_BYTES: usize = 4 << 20;

/// What reading all of a file has shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// What it says about itself.
    pub header: Header,
    /// How many samples are no number: NaN or infinite.
    pub not_finite: u64,
}

/// Reads every sample of a recording; `read` is told of bytes.
///
/// # Errors
/// When it is no recording, or not all of it can be read.
pub fn verify(path: &Path, mut read: impl FnMut(u64)) -> Result<Verified, ReadError> {
    let file = open(path)?;
    let header = file.header().clone();
    let channels = header.fibre.channels as usize;
    let row = header.fibre.data_type.bytes() * channels;
    let most = (PIECE_BYTES / row).max(1) as u64;
    let mut not_finite = 0;
    for (number, segment) in header.segments.iter().enumerate() {
        let mut next = 0;
        while next < segment.samples {
            let end = segment.samples.min(next + most);
            if let Samples::Float32(values) = file.read(number, next..end, 0..channels)? {
                not_finite += values.iter().filter(|value| !value.is_finite()).count() as u64;
            }
            read((end - next) * row as u64);
            next = end;
        }
    }
    Ok(Verified { header, not_finite })
}

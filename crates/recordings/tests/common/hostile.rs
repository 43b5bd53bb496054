//! Files that are damaged or lie: they may be refused or read, whatever their format.

use std::fs;

use focus_recordings::{Header, ReadError, RecordingFile, open};

/// Opens a file with this content.
pub(crate) fn opened(bytes: &[u8]) -> Result<Box<dyn RecordingFile>, ReadError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("recording");
    fs::write(&path, bytes).unwrap();
    // The file stays readable although its name is gone.
    open(&path)
}

/// The field for which a file with this content is refused.
pub(crate) fn refused_field(bytes: &[u8]) -> String {
    match opened(bytes).map(|file| file.header().clone()) {
        Err(ReadError::Header { field, .. }) => field,
        other => panic!("not refused for a field: {other:?}"),
    }
}

/// Reads some of every segment, and gives an error or samples of the promised number; a panic fails the test.
pub(crate) fn read_through(bytes: &[u8]) -> Result<(), ReadError> {
    let file = opened(bytes)?;
    let header = file.header();
    assert!(is_possible(header), "{header:?}");
    let channels = (header.fibre.channels as usize).min(4);
    for (number, segment) in header.segments.iter().enumerate() {
        for start in (0..segment.samples.min(6000)).step_by(1000) {
            let samples = file.read(number, start..start + 1000, 0..channels)?;
            let times = (segment.samples - start).min(1000) as usize;
            assert_eq!(samples.len(), times * channels);
        }
    }
    Ok(())
}

/// Whether what a file says about itself, and was believed, can be.
fn is_possible(header: &Header) -> bool {
    let fibre = &header.fibre;
    let measures = [Some(fibre.sampling_rate), fibre.dx, fibre.gauge_length, fibre.pulse_rate, fibre.length];
    let segments = &header.segments;
    fibre.channels >= 1
        && measures.iter().flatten().all(|measure| measure.is_finite() && *measure > 0.0)
        && fibre.start.is_none_or(f64::is_finite)
        && fibre.unit.as_ref().is_none_or(|unit| !unit.is_empty())
        && !segments.is_empty()
        && segments.iter().all(|segment| segment.samples >= 1 && segment.end().is_ok())
        && segments.windows(2).all(|pair| pair[0].start < pair[1].start)
}

use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use focus_core::Fibre;
use focus_recordings::{Header, Segment, open};
use serde_json::{Value, json};

use super::list::duration;
use crate::cli::{Exit, report};

/// Shows what files say about themselves; those that are no recordings are told, and the others shown.
pub(super) fn run(files: &[PathBuf], json: bool) -> Result<ExitCode> {
    let mut out = io::stdout().lock();
    let mut exit = Exit::Success;
    for (number, path) in files.iter().enumerate() {
        match open(path) {
            Ok(file) if json => {
                serde_json::to_writer(&mut out, &as_json(path, file.header()))?;
                writeln!(out)?;
            }
            Ok(file) => {
                let before = if number > 0 { "\n" } else { "" };
                write!(out, "{before}{}\n{}", path.display(), Shown(file.header()))?;
            }
            Err(error) => {
                exit = Exit::Failure;
                report(&error.into());
            }
        }
    }
    Ok(exit.into())
}

/// What a header says, as one object.
pub(super) fn as_json(path: &Path, header: &Header) -> Value {
    let segment = |segment: &Segment| json!({"start": segment.start, "end": segment.end().ok(), "samples": segment.samples});
    let segments: Vec<_> = header.segments.iter().map(segment).collect();
    json!({"file": path, "format": header.format, "fibre": header.fibre, "segments": segments})
}

struct Shown<'a>(&'a Header);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header { format, fibre, segments } = self.0;
        let Fibre { channels, sampling_rate, data_type, .. } = fibre;
        let metres = |value: Option<f64>| {
            value.map_or_else(|| "unknown".to_owned(), |metres| format!("{} m", (metres * 1e3).round() / 1e3))
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        let mut line = |name: &str, value: String| writeln!(f, "  {name:<16}{value}");
        line("format", format.clone())?;
        line("channels", format!("{channels}, {} apart, from {} on", metres(fibre.dx), metres(fibre.start)))?;
        line("gauge length", metres(fibre.gauge_length))?;
        line("sampling rate", format!("{sampling_rate} Hz"))?;
        line("samples", format!("{data_type:?}, unit {}", text(&fibre.unit)))?;
        line("software", text(&fibre.software))?;
        line("description", text(&fibre.description))?;
        for segment in segments {
            let seconds = segment.samples as f64 / segment.sampling_rate;
            line(
                "recorded",
                format!("{} for {} ({} samples)", segment.start, duration(seconds), segment.samples),
            )?;
        }
        Ok(())
    }
}

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use focus_recordings::{Catalogue as _, Recording};
use jiff::Timestamp;
use serde_json::json;

use super::catalogue;
use crate::settings::Settings;

/// Lists what was recorded between `from` and `to`.
pub(super) async fn run(
    settings: &Settings,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    json: bool,
) -> Result<ExitCode> {
    let catalogue = catalogue(settings).await?;
    let found = catalogue.find(from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX)).await?;
    let mut out = io::stdout().lock();
    if json {
        for recording in &found {
            serde_json::to_writer(&mut out, &as_json(recording, &settings.data_dir))?;
            writeln!(out)?;
        }
    } else if found.is_empty() {
        writeln!(out, "nothing is recorded there")?;
    } else {
        write!(out, "{}", table(&found))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(recording: &Recording, directory: &Path) -> serde_json::Value {
    let Recording { id, fibre, start, end, ongoing, files } = recording;
    let file = |path: &Path| path.strip_prefix(directory).unwrap_or(path).display().to_string();
    let files: Vec<_> = files.iter().map(|part| file(&part.path)).collect();
    json!({"id": id, "start": start, "end": end, "ongoing": ongoing, "fibre": fibre, "files": files})
}

fn table(found: &[Recording]) -> String {
    let head = ["BEGIN", "DURATION", "CHANNELS", "RATE", "FILES", "FIRST FILE"].map(str::to_owned);
    let rows = found.iter().map(|recording| {
        [
            recording.start.to_string(),
            duration(recording.end.duration_since(recording.start).as_secs_f64()),
            recording.fibre.channels.to_string(),
            format!("{} Hz", recording.fibre.sampling_rate),
            recording.files.len().to_string(),
            recording.id.clone(),
        ]
    });
    let rows: Vec<_> = [head].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// In the two largest units that it has.
pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60);
    match whole {
        86_400.. => format!("{days} d {hours} h"),
        3600.. => format!("{hours} h {minutes} min"),
        60.. => format!("{minutes} min {} s", whole % 60),
        _ => format!("{} s", (seconds * 1e3).round() / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_fitting_units() {
        let told = [0.25, 50.0, 61.9, 3600.0, 90_061.0].map(duration);
        assert_eq!(told, ["0.25 s", "50 s", "1 min 1 s", "1 h 0 min", "1 d 1 h"]);
    }
}

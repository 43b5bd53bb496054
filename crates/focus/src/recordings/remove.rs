use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use focus_recordings::{Catalogue as _, remove};
use jiff::Timestamp;

use super::{catalogue, clear};
use crate::cli::{Exit, report};
use crate::settings::Settings;

/// Takes files, or all files of the recordings that begin with them, out of the data directory.
pub(super) async fn run(settings: &Settings, files: &[PathBuf], whole: bool) -> Result<ExitCode> {
    let directory = &settings.data_dir;
    let files = if whole { of_recordings(settings, files).await? } else { files.to_vec() };
    clear(directory);
    let mut exit = Exit::Success;
    for file in files {
        match remove(directory, &file) {
            Ok(kept) => anstream::println!("removed  {}; it is now {}", file.display(), kept.display()),
            Err(error) => {
                exit = Exit::Failure;
                report(&error.into());
            }
        }
    }
    Ok(exit.into())
}

async fn of_recordings(settings: &Settings, first: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let found = catalogue(settings).await?.find(Timestamp::MIN, Timestamp::MAX).await?;
    let mut files = Vec::new();
    for name in first {
        let recording = found.iter().find(|recording| name.as_os_str() == recording.id.as_str());
        let recording = recording.with_context(|| format!("no recording begins with {}", name.display()))?;
        files.extend(recording.files.iter().map(|part| part.path.clone()));
    }
    // One file may hold what comes before and after another one.
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    // The one that a recording is told by last: whoever is cut off half way can say the same again.
    files.reverse();
    Ok(files)
}

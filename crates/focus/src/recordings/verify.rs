use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use focus_recordings::{left_behind, verify};
use serde_json::json;

use super::expanded;
use super::show::as_json;
use crate::cli::Exit;
use crate::progress::{Progress, bytes};

/// Reads every sample of these files, and of those in these directories, and tells of each whether it can be read. What a crash
/// has left in the directories is told, too; as it was never a recording, it is not broken.
pub(super) fn run(paths: &[PathBuf], json: bool) -> Result<ExitCode> {
    let (files, left) = (expanded(paths)?, left(paths)?);
    if files.is_empty() && left.is_empty() {
        bail!("there are no recordings to verify");
    }
    let mut progress = Progress::start();
    let (mut all, mut unreadable) = (0, 0);
    let mut out = io::stdout().lock();
    for (number, path) in files.iter().enumerate() {
        let place = format!("{} of {}", number + 1, files.len());
        let verified = verify(path, |read| {
            all += read;
            progress.show(&format!("{place}  {}  {}", bytes(all), path.display()));
        });
        progress.suspend(|| match &verified {
            Ok(verified) if json => {
                let mut object = as_json(path, &verified.header);
                object["not_finite"] = verified.not_finite.into();
                writeln!(out, "{object}")
            }
            Ok(verified) if verified.not_finite > 0 => {
                writeln!(out, "ok      {} ({} samples are no numbers)", path.display(), verified.not_finite)
            }
            Ok(_) => writeln!(out, "ok      {}", path.display()),
            Err(error) if json => writeln!(out, "{}", json!({"file": path, "error": error.to_string()})),
            Err(error) => writeln!(out, "broken  {error}"),
        })?;
        unreadable += usize::from(verified.is_err());
    }
    progress.clear();
    for path in left {
        if json {
            writeln!(out, "{}", json!({"file": path, "unfinished": true}))?;
        } else {
            writeln!(out, "left    {}: unfinished, and nobody writes it any more", path.display())?;
        }
    }
    anstream::eprintln!("{} files, {}, {unreadable} of them broken", files.len(), bytes(all));
    Ok(if unreadable == 0 { Exit::Success } else { Exit::Failure }.into())
}

/// What was left behind in those paths that are directories.
fn left(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for directory in paths.iter().filter(|path| path.is_dir()) {
        left.extend(left_behind(directory)?);
    }
    Ok(left)
}

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use focus_recordings::add;

use super::clear;
use crate::cli::{Exit, report};
use crate::progress::{Progress, bytes};

/// Copies files into the data directory; those that cannot be copied are told, and the others copied.
pub(super) fn run(directory: &Path, files: &[PathBuf]) -> Result<ExitCode> {
    if files.is_empty() {
        bail!("there are no recordings to add");
    }
    std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    clear(directory);
    let mut progress = Progress::start();
    let (mut all, mut exit) = (0, Exit::Success);
    for (number, path) in files.iter().enumerate() {
        let place = format!("{} of {}", number + 1, files.len());
        let added = add(directory, path, |copied| {
            all += copied;
            progress.show(&format!("{place}  {}  {}", bytes(all), path.display()));
        });
        progress.suspend(|| match added {
            Ok((target, true)) => anstream::println!("added  {}", target.display()),
            Ok((target, false)) => anstream::println!("there  {}", target.display()),
            Err(error) => {
                exit = Exit::Failure;
                report(&error.into());
            }
        });
    }
    progress.clear();
    Ok(exit.into())
}

//! `focus recordings`: what was recorded, looked at and looked after.

mod add;
mod list;
mod remove;
mod show;
mod verify;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueHint};
use focus_recordings::{SqliteCatalogue, clear_left_behind, recording_files};
use jiff::Timestamp;

use crate::cli::{SettingsArgs, report};
use crate::server::data;
use crate::settings::Settings;
use crate::time::time;

/// Shown below `--help`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  focus recordings list                          what there is: one stretch of time without a gap a line
  focus recordings list --from 2016-03-21T07:00:00Z --json
  focus recordings show day1.h5                  format, fibre and times of one file, wherever it is
  focus recordings verify                        reads every sample of every file
  focus recordings add /media/usb/*.h5           copies files into the data directory
  focus recordings remove day1.h5                out of sight, into DATA_DIR/.removed
  focus recordings watch                         new files as they appear

A server finds new files by itself, within seconds. Files that are still being written wait until they are whole.";

/// What `focus recordings` can be told.
#[derive(Args, Debug)]
pub(crate) struct RecordingsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What was recorded: begin, duration, channels, rate, files.
    List {
        /// Only what reaches beyond this time: RFC 3339 with a zone, or epoch seconds.
        #[arg(long, value_name = "TIME", value_parser = time)]
        from: Option<Timestamp>,
        /// Only what begins before this time.
        #[arg(long, value_name = "TIME", value_parser = time)]
        to: Option<Timestamp>,
        /// As JSON, one recording a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// What files say about themselves.
    Show {
        /// Recordings, of any format and anywhere.
        #[arg(required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
        /// As JSON, one file a line.
        #[arg(long)]
        json: bool,
    },
    /// Read every sample, and tell which files cannot be read.
    Verify {
        /// Recordings, or directories of them [default: the data directory].
        #[arg(value_hint = ValueHint::AnyPath)]
        files: Vec<PathBuf>,
        /// As JSON, one file a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Copy recordings into the data directory.
    Add {
        /// Recordings, or directories of them.
        #[arg(required = true, value_hint = ValueHint::AnyPath)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Take recordings out of the data directory; they stay in its subdirectory .removed.
    Remove {
        /// Files, by their names in the data directory, as `list` shows them.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// All files of the recordings that begin with these.
        #[arg(long)]
        whole: bool,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Show files of the data directory as they appear, change and vanish, until Ctrl-C.
    Watch {
        #[command(flatten)]
        settings: SettingsArgs,
    },
}

impl RecordingsArgs {
    /// Does what was said.
    ///
    /// # Errors
    /// When the settings have problems, or the data directory or a file cannot be used.
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::List { from, to, json, settings } => {
                list::run(&settings.load()?.settings, from, to, json).await
            }
            Command::Show { files, json } => show::run(&files, json),
            Command::Verify { files, json, settings } => {
                let paths = if files.is_empty() { vec![settings.load()?.settings.data_dir] } else { files };
                verify::run(&paths, json)
            }
            Command::Add { files, settings } => {
                add::run(&settings.load()?.settings.data_dir, &expanded(&files)?)
            }
            Command::Remove { files, whole, settings } => {
                remove::run(&settings.load()?.settings, &files, whole).await
            }
            Command::Watch { settings } => watch::run(&settings.load()?.settings).await,
        }
    }
}

/// The catalogue of the data directory, up to date.
async fn catalogue(settings: &Settings) -> Result<SqliteCatalogue> {
    let directory = &settings.data_dir;
    // A wrong name must not make a new directory.
    std::fs::read_dir(directory).with_context(|| {
        format!("cannot read the data directory {}; name one with --data-dir", directory.display())
    })?;
    // With an index elsewhere the directory is only read.
    if settings.index_dir.is_none() {
        clear(directory);
    }
    let catalogue = data::catalogue(directory, settings.index_dir.as_deref()).await?;
    for refused in catalogue.scan().await?.refused {
        anstream::eprintln!("{}: {}", refused.path.display(), refused.reason);
    }
    Ok(catalogue)
}

/// The files themselves, and those with names of recordings in the directories, below them too; what is hidden is not.
fn expanded(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let inside = recording_files(path).context("cannot look for recordings")?;
            files.extend(inside.into_iter().map(|(file, _)| file));
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// Removes from the data directory what a crash has left unfinished, and says so. That it cannot be is told, too, and hinders
/// nothing.
fn clear(directory: &Path) {
    match clear_left_behind(directory) {
        Ok(removed) => {
            for file in removed {
                anstream::eprintln!("removed {}: unfinished, left by a crash", file.display());
            }
        }
        Err(error) => report(&error.into()),
    }
}

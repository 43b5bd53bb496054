//! `focus config`: the effective settings and where each came from.

use std::io::{self, Write as _};

use clap::Args;

use crate::cli::SettingsArgs;
use crate::settings::{as_json, as_toml};

/// Shown below `--help`.
pub(crate) const EXAMPLES: &str = "\
Examples:
  focus config                             the settings that `focus up` would use here
  focus config > focus.toml                a file to edit, with everything explained
  focus config --json | jq '.\"listen\"'     value and source of one setting
  focus config --set jobs.max_jobs=0       what is wrong, without starting anything";

/// What `focus config` can be told.
#[derive(Args, Debug)]
pub(crate) struct ConfigArgs {
    /// As JSON: for each setting its value and source.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Prints them.
///
/// # Errors
/// When they have problems: all of those.
pub(crate) fn run(args: &ConfigArgs) -> anyhow::Result<()> {
    let effective = args.settings.load()?;
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &as_json(&effective.entries))?;
        writeln!(out)?;
    } else {
        out.write_all(as_toml(&effective.entries).as_bytes())?;
    }
    Ok(())
}

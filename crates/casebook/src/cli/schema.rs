//! `casebook schema`: what files look like, as JSON Schemas.

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::{Exit, output};

/// Shown below `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  casebook schema report > report.schema.json      of what `casebook audit --report json` writes
  casebook schema standard > standard.schema.json  of a standard; editors check TOML with it, too";

/// What `casebook schema` can be told.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct SchemaArgs {
    /// Of what.
    #[arg(default_value = "report")]
    what: What,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// A report in JSON.
    Report,
    /// A standard.
    Standard,
}

/// Prints it.
pub(super) fn run(args: SchemaArgs) -> Result<Exit> {
    let schema = match args.what {
        What::Report => casebook::report::schema(),
        What::Standard => casebook_ticket::Standard::schema(),
    };
    output::write_raw(&(serde_json::to_string_pretty(&schema)? + "\n"), None)?;
    Ok(Exit::Fine)
}

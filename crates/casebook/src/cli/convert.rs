//! `casebook convert`: tickets in another format.

use std::path::PathBuf;

use anyhow::{Result, bail};
use casebook_ticket::{Format, formats};
use clap::{Args, ValueHint};

use super::gather::tickets;
use super::{Exit, InputArgs, NO_TICKET, format_parser, output};

/// Shown below `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  casebook convert ticket.md --to wiki             to paste into a description of Jira (server)
  casebook convert ticket.md --to adf              the same for Jira Cloud's REST interface
  casebook convert tickets/ --to xray-json --output tests.json   Xray's bulk import (Cloud)
  casebook convert tickets/ --to xray-csv --output tests.csv     Xray's test case importer
  casebook convert export.json --to markdown > tickets.md

What a format cannot hold is an error that names it; nothing is left out silently.";

/// What `casebook convert` can be told.
#[derive(Args, Debug)]
pub(super) struct ConvertArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The format to write.
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    to: Format,
    /// The file that is written [default: standard output].
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

/// Converts.
pub(super) fn run(args: &ConvertArgs) -> Result<Exit> {
    let standard = args.input.standard.load()?;
    let (tickets, material) = tickets(&args.input, &standard)?;
    super::tell_refused(&material);
    if tickets.is_empty() {
        bail!(NO_TICKET);
    }
    let text = formats::write(&tickets, args.to, &standard)?;
    output::write_raw(&text, args.output.as_deref())?;
    Ok(Exit::Fine)
}

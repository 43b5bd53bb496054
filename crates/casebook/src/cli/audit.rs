//! `casebook audit`: what tickets have, what they lack, how good they are.

use std::path::PathBuf;

use anyhow::Result;
use casebook::report::{Layout, Material, Style};
use clap::{Args, ValueEnum, ValueHint};

use super::gather::{Gathered, gather};
use super::{AuditingArgs, Exit, output};

/// Shown below `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  casebook audit ticket.txt                        a description pasted from Jira, in whatever markup
  xclip -o | casebook audit -                      the same from the clipboard
  casebook audit ticket.md --language he           in Hebrew
  casebook audit tickets/ export.json              many: numbers, commonest defects, a table, duplicates
  casebook audit tickets/ --report html --output report.html
  casebook audit tickets/ --report sarif --output casebook.sarif --fail-on gate:complete
  casebook audit tickets/ --repo . --fail-on blocker,grade:C

Exit codes: 0 fine, 1 findings that --fail-on names, 2 wrong arguments or input that cannot be read.";

/// What `casebook audit` can be told.
#[derive(Args, Debug)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    auditing: AuditingArgs,
    /// What is written.
    #[arg(long, value_name = "FORM", default_value = "text")]
    report: Form,
    /// The file that is written [default: standard output].
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Report each ticket by itself also where there are many.
    #[arg(long)]
    each: bool,
    /// Columns of text [default: those of the terminal, at most 120].
    #[arg(long, value_name = "COLUMNS")]
    width: Option<usize>,
}

/// Forms of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For a terminal.
    Text,
    /// For GitHub and wikis.
    Markdown,
    /// One file for a browser.
    Html,
    /// For programs; `casebook schema report` says what stands in it.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
}

/// Audits, and writes the report.
pub(super) fn run(args: &AuditArgs) -> Result<Exit> {
    let Gathered { standard, material } = gather(&args.auditing)?;
    let style = Style { standard: &standard, language: args.auditing.language, each: args.each };
    let file = args.output.as_deref();
    match args.report {
        Form::Text => output::write(&text(args, &material, style), file)?,
        Form::Markdown => output::write_raw(&material.markdown(style), file)?,
        Form::Html => output::write_raw(&material.html(style), file)?,
        Form::Json => output::stream(file, |out| material.json(style, out))?,
        Form::Sarif => output::write_raw(&material.sarif(style), file)?,
    }
    Ok(exit(&args.auditing, &material))
}

fn text(args: &AuditArgs, material: &Material, style: Style) -> String {
    let file = args.output.as_deref();
    let order = args.auditing.bidi.wanted(file.is_some());
    let width = args.width.unwrap_or_else(|| output::width(file));
    order.told(material.text(style, Layout { width, bidi: order.bidi }))
}

/// How a command ends that has audited this.
pub(super) fn exit(args: &AuditingArgs, material: &Material) -> Exit {
    let fails = |audit| args.fail_on.iter().any(|reason| reason.fails(audit));
    // A check that found nothing to check must not look like one that passed.
    if !material.unreadable.is_empty() || material.audits.is_empty() {
        Exit::Trouble
    } else if material.audits.iter().any(fails) {
        Exit::Found
    } else {
        Exit::Fine
    }
}

//! `casebook lint`: findings one a line, as compilers tell them.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use anyhow::Result;
use casebook::audit::Severity;
use casebook::report::{Layout, Material, lint_lines};
use clap::Args;

use super::gather::{Gathered, gather};
use super::{AuditingArgs, Exit, NO_TICKET, audit, output, watch};

/// Shown below `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  casebook lint tickets/                   file:line:column: severity[rule] text
  casebook lint tickets/ --watch           again whenever a file changes, until Ctrl-C
  casebook lint - < ticket.txt

Exit codes: 0 fine, 1 findings that --fail-on names, 2 wrong arguments or input that cannot be read.";

/// What `casebook lint` can be told.
#[derive(Args, Debug)]
pub(super) struct LintArgs {
    #[command(flatten)]
    pub(super) auditing: AuditingArgs,
    /// Go on, and lint again what changes.
    #[arg(long)]
    watch: bool,
}

/// Lints.
pub(super) fn run(args: &LintArgs) -> Result<Exit> {
    if args.watch {
        return watch::run(&args.auditing);
    }
    let Gathered { material, .. } = gather(&args.auditing)?;
    output::write(&lines(&material, &args.auditing), None)?;
    tell_unread(&material);
    if material.audits.is_empty() && material.unreadable.is_empty() {
        super::report(&anyhow::Error::msg(NO_TICKET));
    }
    Ok(audit::exit(&args.auditing, &material))
}

/// Tells which files cannot be read, and which documents are no tests.
pub(super) fn tell_unread(material: &Material) {
    for error in &material.unreadable {
        super::report(&anyhow::Error::msg(error.to_string()));
    }
    super::tell_refused(material);
}

/// A line for each finding, with colours.
pub(super) fn lines(material: &Material, args: &AuditingArgs) -> String {
    let order = args.bidi.wanted(false);
    let layout = Layout { width: output::terminal_width().unwrap_or(usize::MAX), bidi: order.bidi };
    let mut out = String::new();
    for line in lint_lines(material, args.language, layout) {
        let style = style(line.severity);
        let (place, severity, rule, text) = (line.place, line.label, line.rule, line.text);
        let _ = writeln!(out, "{place}: {style}{severity}[{rule}]{style:#} {text}");
    }
    order.told(out)
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Blocker => AnsiColor::Red.on_default().bold(),
        Severity::Major => AnsiColor::Red.on_default(),
        Severity::Minor => AnsiColor::Yellow.on_default(),
        Severity::Hint => AnsiColor::Cyan.on_default(),
    }
}

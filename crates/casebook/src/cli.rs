//! The command line: what can be said, how failures are told, how the process exits.

mod audit;
mod bidi;
mod complete;
mod completions;
mod convert;
mod explain;
mod fail_on;
mod fields;
mod gather;
mod lint;
mod output;
#[cfg(feature = "run")]
mod results;
#[cfg(feature = "run")]
mod run;
mod schema;
mod sources;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use casebook::report::{clean_line, position};
use casebook_ticket::{At, Format, Language, Standard};
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

const EXAMPLES: &str = "\
Examples:
  casebook audit ticket.txt                what a ticket pasted from Jira lacks, and what to write where
  casebook audit ticket.txt --language he  the same in Hebrew
  casebook complete ticket.txt > full.md   the whole ticket, with model text where something is missing
  casebook audit tickets/ --report html --output report.html
  casebook lint tickets/ --watch           one line per finding, again whenever a file changes
  casebook explain steps-too-few           what a rule wants, with an example
  casebook fields                          the standard: its fields, and where each goes in Jira
  casebook run ticket.md -e lab.toml       the ticket's bindings against a deployment, with evidence
  casebook push evidence/RUN --cloud       the results of that run to Xray

Exit codes: 0 fine, 1 findings that --fail-on names, 2 wrong arguments or input that cannot be read; run has more.";

/// Hold test tickets of Jira and Xray to a standard: audit, complete and convert them.
#[derive(Debug, Parser)]
#[command(name = "casebook", version, after_help = EXAMPLES, arg_required_else_help = true, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Colours: on a terminal unless `NO_COLOR` is set, always or never.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    color: Color,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what tickets have, what they lack, and how good they are.
    #[command(after_help = audit::EXAMPLES)]
    Audit(audit::AuditArgs),
    /// Tell findings one a line, as compilers do.
    #[command(after_help = lint::EXAMPLES)]
    Lint(lint::LintArgs),
    /// Write the whole ticket: what is there word for word, model text for what is missing.
    #[command(after_help = complete::EXAMPLES)]
    Complete(complete::CompleteArgs),
    /// Write tickets in another format.
    #[command(after_help = convert::EXAMPLES)]
    Convert(convert::ConvertArgs),
    /// Say what a run of tickets would do, break and put back.
    #[cfg(feature = "run")]
    #[command(after_help = run::PLAN_EXAMPLES)]
    Plan(run::PlanArgs),
    /// Run tickets against a deployment, put everything back, and leave evidence.
    #[cfg(feature = "run")]
    #[command(after_help = run::RUN_EXAMPLES)]
    Run(run::RunArgs),
    /// Put back what an earlier run left broken.
    #[cfg(feature = "run")]
    #[command(after_help = run::RECOVER_EXAMPLES)]
    Recover(run::RecoverArgs),
    /// Judge the evidence of a run again: its files, what was seen, and the verdicts.
    #[cfg(feature = "run")]
    #[command(after_help = run::VERIFY_EXAMPLES)]
    Verify(run::VerifyArgs),
    /// Write the results of a run for Xray or a build server.
    #[cfg(feature = "run")]
    #[command(after_help = results::EXPORT_EXAMPLES)]
    Export(results::ExportArgs),
    /// Give the results of a run to Xray.
    #[cfg(feature = "run")]
    #[command(after_help = results::PUSH_EXAMPLES)]
    Push(results::PushArgs),
    /// Watch over a run.
    #[cfg(feature = "run")]
    #[command(hide = true)]
    Watchdog(run::WatchdogArgs),
    /// Probe something from the network that this process sees.
    #[cfg(feature = "run")]
    #[command(hide = true)]
    Probe,
    /// Explain a rule, or list all of them.
    #[command(after_help = explain::EXAMPLES)]
    Explain(explain::ExplainArgs),
    /// Show the standard: its fields, how much each matters and where it goes.
    #[command(after_help = fields::EXAMPLES)]
    Fields(fields::FieldsArgs),
    /// Print the JSON Schema of a report, or of a standard.
    #[command(after_help = schema::EXAMPLES)]
    Schema(schema::SchemaArgs),
    /// Print a script that completes this command line in a shell.
    #[command(after_help = completions::EXAMPLES)]
    Completions(completions::CompletionsArgs),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// What is read, and what it is held to.
#[derive(Args, Clone, Debug)]
struct InputArgs {
    /// Files, directories (all tickets in them), or - for standard input.
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// The format of the files [default: told by name and content].
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    format: Option<Format>,
    #[command(flatten)]
    standard: StandardArgs,
}

/// What tickets are held to.
#[derive(Args, Clone, Debug)]
struct StandardArgs {
    /// A standard of your own in TOML [default: the built-in one; `casebook fields --toml` prints it].
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    standard: Option<PathBuf>,
}

/// What tickets are audited with.
#[derive(Args, Clone, Debug)]
struct AuditingArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The repository in which automated tests and attachments that tickets name are looked for.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    repo: Option<PathBuf>,
    /// The language of what is said.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = language_parser())]
    language: Language,
    /// How Hebrew is put on a terminal.
    #[arg(long, value_name = "ORDER", default_value = "auto")]
    bidi: bidi::Order,
    /// When to exit with 1: a severity (it or worse), gate:NAME (a ticket does not pass it), grade:LETTER (a ticket is
    /// worse), or never. Several are separated by commas.
    #[arg(long, value_name = "WHAT", default_value = "major", value_delimiter = ',')]
    fail_on: Vec<fail_on::FailOn>,
}

impl StandardArgs {
    fn load(&self) -> anyhow::Result<Standard> {
        let Some(file) = &self.standard else { return Ok(Standard::built_in()) };
        let remedy = || {
            format!(
                "cannot use the standard {}; `casebook fields --toml` prints one to begin with",
                file.display()
            )
        };
        let text = std::fs::read_to_string(file).with_context(remedy)?;
        // What is wrong is all in its own words: those of TOML beneath it are the same.
        Standard::parse(&text)
            .map_err(|error| anyhow::anyhow!("{}: {}", remedy(), error.to_string().trim_end()))
    }

    /// The file, as it is; none for the built-in one.
    #[cfg(feature = "run")]
    fn text(&self) -> anyhow::Result<Option<String>> {
        let read = |file: &PathBuf| {
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
        };
        self.standard.as_ref().map(read).transpose()
    }
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(Format::ALL.iter().map(|format| format.name()));
    names.map(|name| *Format::ALL.iter().find(|format| format.name() == name).unwrap_or(&Format::Markdown))
}

fn language_parser() -> impl clap::builder::TypedValueParser<Value = Language> {
    PossibleValuesParser::new(["en", "he"]).map(|name| if name == "he" { Language::He } else { Language::En })
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    /// All is fine.
    Fine,
    /// Something was found that it should fail on.
    Found,
    /// It was asked for in a wrong way, or something could not be read or written.
    Trouble,
    /// It could not be told whether a test passes.
    #[cfg(feature = "run")]
    Inconclusive,
    /// A test could not be run.
    #[cfg(feature = "run")]
    Error,
    /// Something that a test broke is broken still.
    #[cfg(feature = "run")]
    Dirty,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Does what was said.
pub(crate) fn run(cli: Cli) -> ExitCode {
    let choice = match cli.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
    let done = match cli.command {
        Command::Audit(args) => audit::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Complete(args) => complete::run(&args),
        Command::Convert(args) => convert::run(&args),
        #[cfg(feature = "run")]
        Command::Plan(args) => run::plan(&args),
        #[cfg(feature = "run")]
        Command::Run(args) => run::run(&args),
        #[cfg(feature = "run")]
        Command::Recover(args) => run::recover_all(&args),
        #[cfg(feature = "run")]
        Command::Verify(args) => run::verify_evidence(&args),
        #[cfg(feature = "run")]
        Command::Export(args) => results::export(&args),
        #[cfg(feature = "run")]
        Command::Push(args) => results::push(&args),
        #[cfg(feature = "run")]
        Command::Watchdog(args) => run::watchdog(&args),
        #[cfg(feature = "run")]
        Command::Probe => run::prober(),
        Command::Explain(args) => explain::run(&args),
        Command::Fields(args) => fields::run(&args),
        Command::Schema(args) => schema::run(args),
        Command::Completions(args) => completions::run(args),
    };
    match done {
        Ok(exit) => exit.into(),
        // Who reads has read enough.
        Err(error) if output::is_broken_pipe(&error) => Exit::Fine.into(),
        Err(error) => {
            report(&error);
            Exit::Trouble.into()
        }
    }
}

/// What is said when nothing that was named is a test.
const NO_TICKET: &str = "there is no test ticket in what was named";

/// Tells on standard error which documents are no tests.
fn tell_refused(material: &casebook::report::Material) {
    for refused in &material.refused {
        let line = position(&refused.file, At::new(refused.found.at.line, 0), Language::En);
        let title = clean_line(&refused.found.title);
        let reason = clean_line(&refused.found.reason.to_string());
        let space = if title.is_empty() { "" } else { " " };
        anstream::eprintln!("{line}: no test, left out: {title}{space}({reason})");
    }
}

/// Tells what failed and why, on standard error.
fn report(error: &anyhow::Error) {
    let bold_red: Style = AnsiColor::Red.on_default().bold();
    anstream::eprintln!("{bold_red}error{bold_red:#}: {error:#}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}

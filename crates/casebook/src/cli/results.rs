//! `casebook export` and `push`: the results of a run for other programs.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use casebook_run::export::{Format, Options, Results};
use casebook_run::push::{CLOUD, Credentials, Target, Xray};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};

use super::run::runtime;
use super::{Exit, output};

/// Shown below `export --help`.
pub(super) const EXPORT_EXAMPLES: &str = "\
Examples:
  casebook export evidence/RUN --format xray-cloud --output results.json
  casebook export evidence/RUN --format xray-server --execution PZ-200
  casebook export evidence/RUN --format junit --output junit.xml

Evidence that `casebook verify` does not call sound is not exported. Xray has no words for INCONCLUSIVE and ERROR (they are \
TODO there) and DIRTY (failed); the comment says what it was.";

/// Shown below `push --help`.
pub(super) const PUSH_EXAMPLES: &str = "\
Examples:
  casebook push evidence/RUN --cloud
  casebook push evidence/RUN --server --url https://jira.example.org --test-plan PZ-100
  casebook push evidence/RUN --cloud --dry-run > what-would-be-sent.json

Prints the key of the test execution. Credentials are taken from variables: XRAY_CLIENT_ID and XRAY_CLIENT_SECRET for \
Cloud; XRAY_TOKEN (a personal access token), or XRAY_USER and XRAY_PASSWORD, for Server and Data Center.";

/// What results say beside what was seen.
#[derive(Args, Debug)]
struct ResultsArgs {
    /// The directory of a run's evidence.
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    evidence: PathBuf,
    /// The test execution that takes the results [default: Xray makes a new one].
    #[arg(long, value_name = "KEY", conflicts_with = "test_plan")]
    execution: Option<String>,
    /// The project of a new test execution, and of tests that Jira does not have yet [default: that of the first test].
    #[arg(long, value_name = "KEY")]
    project: Option<String>,
    /// The test plan that a new test execution belongs to.
    #[arg(long, value_name = "KEY")]
    test_plan: Option<String>,
    /// Leave out what was sent and seen, and the report.
    #[arg(long)]
    without_files: bool,
}

/// What `casebook export` can be told.
#[derive(Args, Debug)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    results: ResultsArgs,
    /// What is written.
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    format: Format,
    /// The file that is written [default: standard output].
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

/// What `casebook push` can be told.
#[derive(Args, Debug)]
pub(super) struct PushArgs {
    #[command(flatten)]
    results: ResultsArgs,
    #[command(flatten)]
    xray: XrayArgs,
    /// Where it is: Jira's address for Server [default for Cloud: where Xray Cloud is].
    #[arg(long, value_name = "URL", required_if_eq("server", "true"), value_hint = ValueHint::Url)]
    url: Option<String>,
    /// How long each call may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Let credentials cross the network unencrypted.
    #[arg(long)]
    allow_http: bool,
    /// Send nothing: say where it would go, and print what would be sent.
    #[arg(long)]
    dry_run: bool,
}

/// Which Xray it is.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct XrayArgs {
    /// Xray Cloud.
    #[arg(long)]
    cloud: bool,
    /// Xray on a Jira Server or Data Center.
    #[arg(long)]
    server: bool,
}

fn format() -> impl TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(Format::ALL.map(|(_, name)| name));
    names.map(|name| {
        Format::ALL.iter().find(|(_, known)| *known == name).map_or(Format::Junit, |(format, _)| *format)
    })
}

impl ResultsArgs {
    fn read(&self, format: Format) -> Result<String> {
        let options = Options {
            execution: self.execution.clone(),
            project: self.project.clone(),
            test_plan: self.test_plan.clone(),
            without_files: self.without_files,
        };
        Ok(Results::read(&self.evidence)?.export(format, &options)?)
    }
}

/// Writes results.
pub(super) fn export(args: &ExportArgs) -> Result<Exit> {
    let results = args.results.read(args.format)?;
    output::write_raw(&results, args.output.as_deref())?;
    Ok(Exit::Fine)
}

/// Gives results to Xray.
pub(super) fn push(args: &PushArgs) -> Result<Exit> {
    let (xray, format) =
        if args.xray.cloud { (Xray::Cloud, Format::XrayCloud) } else { (Xray::Server, Format::XrayServer) };
    let url = args.url.as_deref().unwrap_or(CLOUD);
    let target = Target::parse(xray, url, args.allow_http, Duration::from_secs(args.timeout))?;
    let results = args.results.read(format)?;
    if args.dry_run {
        anstream::eprintln!("would be sent: POST {} ({} bytes)", target.place(), results.len());
        output::write_raw(&results, None)?;
        return Ok(Exit::Fine);
    }
    let credentials = Credentials::of(xray, &|name| std::env::var(name).ok())?;
    let pushed = runtime()?.block_on(target.push(&results, &credentials))?;
    anstream::println!("{}", pushed.key);
    Ok(Exit::Fine)
}

//! `casebook complete`: the whole ticket, with model text for what is missing.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use casebook::complete::{Completed, Options, Platform, complete};
use casebook_ticket::{Field, Format, Lines, Section, Standard, encoding, formats, markdown, outline};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};

use super::gather::tickets;
use super::{Exit, InputArgs, format_parser, output};

/// Shown below `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  casebook complete ticket.txt > full.md          what was there word for word, the rest to be filled
  casebook complete ticket.txt --to wiki          the same to paste into Jira
  casebook complete ticket.md --output ticket.md  in its place
  casebook complete ticket.txt --platform processes   for a server whose jobs are processes beside it
  casebook complete ticket.md --proposals analysis.md   with the texts that an analysis of the ticket proposes

What is left to you stands in {braces}. `casebook audit full.md` says what is still to do.";

/// What `casebook complete` can be told.
#[derive(Args, Debug)]
pub(super) struct CompleteArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The kind of test, which has models of its own [default: told by what the ticket says].
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// What the jobs of the system under test run on, and steps look at to see whether any was started.
    #[arg(long, value_name = "PLATFORM", default_value = "kubernetes", value_parser = platform_parser())]
    platform: Platform,
    /// An analysis of the ticket in Markdown; the texts that it proposes are taken where they are good enough.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    proposals: Option<PathBuf>,
    /// The format to write.
    #[arg(long, value_name = "FORMAT", default_value = "markdown", value_parser = format_parser())]
    to: Format,
    /// The file that is written [default: standard output].
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

/// Completes.
pub(super) fn run(args: &CompleteArgs) -> Result<Exit> {
    let standard = args.input.standard.load()?;
    let (tickets, material) = tickets(&args.input, &standard)?;
    super::tell_refused(&material);
    if tickets.is_empty() {
        bail!("there is no test ticket in what was named");
    }
    let proposals = proposals(args, &standard)?;
    let options = Options { kind: args.kind.clone(), platform: args.platform, proposals };
    let mut completed = Vec::with_capacity(tickets.len());
    for ticket in &tickets {
        let done = complete(ticket, &standard, &options)?;
        tell(&done);
        completed.push(done.ticket);
    }
    let text = formats::write(&completed, args.to, &standard)?;
    output::write_raw(&text, args.output.as_deref())?;
    Ok(Exit::Fine)
}

fn platform_parser() -> impl TypedValueParser<Value = Platform> {
    let known = PossibleValuesParser::new(["kubernetes", "processes"]);
    known.map(|name| if name == "processes" { Platform::Processes } else { Platform::Kubernetes })
}

fn proposals(args: &CompleteArgs, standard: &Standard) -> Result<Vec<Section>> {
    let Some(file) = &args.proposals else { return Ok(Vec::new()) };
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = encoding::decode(&bytes).text;
    let proposals = outline::proposals(markdown::read(&text, &Lines::new(&text)), standard);
    if proposals.is_empty() {
        bail!("{} proposes nothing: it has no heading of a field with a text under it", file.display());
    }
    Ok(proposals)
}

/// Tells on standard error what was done, and what is left to do.
fn tell(completed: &Completed) {
    // A key that is still to be filled in is no name.
    let key = completed.ticket.text(&Field::Key).filter(|key| !key.starts_with('{'));
    let key =
        key.as_deref().map(str::escape_debug).map_or_else(|| "ticket".to_owned(), |key| key.to_string());
    anstream::eprintln!("{key}: fields added: {}", completed.filled.len());
    if let Some(kind) = completed.kind {
        anstream::eprintln!("{key}: models for a test of the kind {kind}: {}", completed.because);
    }
    let mut marks: Vec<(&Field, usize)> = Vec::new();
    for left in &completed.to_fill {
        match marks.last_mut() {
            Some((field, count)) if **field == left.field => *count += 1,
            _ => marks.push((&left.field, 1)),
        }
    }
    let marks: Vec<_> = marks.iter().map(|(field, count)| format!("{field} {count}")).collect();
    if !marks.is_empty() {
        anstream::eprintln!("{key}: left to you, in {{braces}}: {}", marks.join(", "));
    }
}

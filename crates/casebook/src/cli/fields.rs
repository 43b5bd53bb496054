//! `casebook fields`: the standard as a table.

use std::fmt::Write as _;

use anstyle::Style;
use anyhow::Result;
use casebook_ticket::{FieldRule, Importance, Language, Standard};
use clap::Args;

use super::{Exit, StandardArgs, language_parser, output};

/// Shown below `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  casebook fields                          names, importance, and where each goes in Jira
  casebook fields --long                   also why each is wanted, what adequate means and other names of it
  casebook fields --toml > standard.toml   the built-in standard, to make your own of it
  casebook audit ticket.md --standard standard.toml";

/// What `casebook fields` can be told.
#[derive(Args, Debug)]
pub(super) struct FieldsArgs {
    #[command(flatten)]
    standard: StandardArgs,
    /// The language of what is said.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = language_parser())]
    language: Language,
    /// All that the standard says of each.
    #[arg(long, conflicts_with = "toml")]
    long: bool,
    /// The built-in standard's own file.
    #[arg(long, conflicts_with = "standard")]
    toml: bool,
}

/// Shows it.
pub(super) fn run(args: &FieldsArgs) -> Result<Exit> {
    if args.toml {
        output::write_raw(Standard::BUILT_IN, None)?;
        return Ok(Exit::Fine);
    }
    let standard = args.standard.load()?;
    let text = if args.long { long(&standard, args.language) } else { table(&standard, args.language) };
    output::write(&text, None)?;
    Ok(Exit::Fine)
}

fn table(standard: &Standard, language: Language) -> String {
    let bold = Style::new().bold();
    let mut out = format!("{bold}{}{bold:#}\n", standard.name.in_language(language));
    let cell = |rule: &FieldRule| rule.name.in_language(language).chars().count();
    let name = standard.fields.iter().map(cell).max().unwrap_or(0);
    let id = standard.fields.iter().map(|rule| rule.id.id().len()).max().unwrap_or(0);
    for rule in wanted(standard) {
        let words = rule.name.in_language(language);
        let line = format!(
            "{}  {:id$}  {words:name$}  {}",
            sign(rule.importance),
            rule.id,
            rule.jira.in_language(language)
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let _ = writeln!(out, "\n🔴 critical  🟡 important  🟢 nice to have");
    out
}

fn long(standard: &Standard, language: Language) -> String {
    let (bold, faint) = (Style::new().bold(), Style::new().dimmed());
    let mut out = String::new();
    for rule in wanted(standard) {
        let (sign, name) = (sign(rule.importance), rule.name.in_language(language));
        let _ = writeln!(out, "{sign} {bold}{name}{bold:#} {faint}({}){faint:#}", rule.id);
        let aliases = rule.aliases.en.iter().chain(&rule.aliases.he).cloned().collect::<Vec<_>>().join(", ");
        for (label, text) in [
            ("why", rule.why.in_language(language)),
            ("where", rule.jira.in_language(language)),
            ("adequate", rule.adequate.in_language(language)),
            ("also called", &aliases),
        ] {
            if !text.is_empty() {
                let _ = writeln!(out, "   {faint}{label}:{faint:#} {text}");
            }
        }
        out.push('\n');
    }
    out
}

/// The fields that can be missed.
fn wanted(standard: &Standard) -> impl Iterator<Item = &FieldRule> {
    standard.fields.iter().filter(|rule| !rule.metadata)
}

fn sign(importance: Importance) -> &'static str {
    match importance {
        Importance::Critical => "🔴",
        Importance::Important => "🟡",
        Importance::NiceToHave => "🟢",
    }
}

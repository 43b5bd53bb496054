//! `casebook explain`: what a rule wants.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use anyhow::{Result, bail};
use casebook::audit::{Rule, rule, rules};
use casebook_ticket::Language;
use clap::Args;

use super::{Exit, language_parser, output};

/// Shown below `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  casebook explain                     all rules, one a line
  casebook explain steps-too-few       what it wants and why, with an example
  casebook explain secret --language he";

/// How alike a name must be to be meant: 0 is not at all, 1 is the same.
const ALIKE: f64 = 0.75;

/// What `casebook explain` can be told.
#[derive(Args, Debug)]
pub(super) struct ExplainArgs {
    /// A rule's id, as it stands in reports [default: all are listed].
    rule: Option<String>,
    /// The language of what is said.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = language_parser())]
    language: Language,
}

/// Explains.
pub(super) fn run(args: &ExplainArgs) -> Result<Exit> {
    let text = match &args.rule {
        None => list(args.language),
        Some(id) => match rule(id) {
            Some(rule) => explained(rule, args.language),
            None => bail!("there is no rule {id:?}{}", meant(id)),
        },
    };
    output::write(&text, None)?;
    Ok(Exit::Fine)
}

fn list(language: Language) -> String {
    let longest = rules().iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let line = |rule: &Rule| {
        let severity = format!("{:?}", rule.severity).to_lowercase();
        format!("{:longest$}  {severity:7}  {}\n", rule.id, rule.title.in_language(language))
    };
    rules().iter().map(line).collect()
}

fn explained(rule: &Rule, language: Language) -> String {
    let (bold, faint) = (Style::new().bold(), Style::new().dimmed());
    let (bad, good) = (AnsiColor::Red.on_default(), AnsiColor::Green.on_default());
    let severity = format!("{:?}", rule.severity).to_lowercase();
    let gate =
        rule.gate.map(|gate| format!(", gate:{}", format!("{gate:?}").to_lowercase())).unwrap_or_default();
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{bold}{}{bold:#}  {faint}{} ({severity}{gate}){faint:#}\n",
        rule.title.in_language(language),
        rule.id
    );
    let _ = writeln!(out, "{}\n", rule.explain.in_language(language));
    for (sign, style, example) in [("✗", bad, &rule.bad), ("✓", good, &rule.good)] {
        let _ = writeln!(out, "{style}{sign}{style:#}");
        for line in example.trim_end().lines().skip_while(|line| line.is_empty()) {
            let _ = writeln!(out, "    {line}");
        }
    }
    let _ = writeln!(out, "\n→ {}", rule.mend.in_language(language));
    out
}

/// The rules whose names are alike, in words.
fn meant(id: &str) -> String {
    let likeness = |rule: &Rule| {
        // A part of a name is often all that is remembered.
        let part = if id.len() > 2 && rule.id.contains(id) { 0.9 } else { 0.0 };
        strsim::jaro_winkler(id, &rule.id).max(part)
    };
    let mut near: Vec<_> = rules().iter().map(|rule| (likeness(rule), rule.id.as_str())).collect();
    near.retain(|(likeness, _)| *likeness >= ALIKE);
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    let names: Vec<_> = near.into_iter().take(3).map(|(_, id)| id).collect();
    match names.as_slice() {
        [] => "; `casebook explain` lists all".to_owned(),
        names => format!("; did you mean {}? `casebook explain` lists all", names.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered() {
        assert!(meant("step-too-few").contains("steps-too-few"));
        assert!(meant("placeholder").contains("field-placeholder"));
        assert!(!meant("zzzzzz").contains("mean"));
    }
}

//! `casebook explain`: what a rule wants.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use anyhow::{Result, bail};
use casebook::audit::{Rule, rule, rules};
use casebook::report::{gate_name, severity_name};
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
        let severity = severity_name(rule.severity, language);
        format!("{:longest$}  {severity:7}  {}\n", rule.id, rule.title.in_language(language))
    };
    rules().iter().map(line).collect()
}

fn explained(rule: &Rule, language: Language) -> String {
    let (bold, faint) = (Style::new().bold(), Style::new().dimmed());
    let (bad, good) = (AnsiColor::Red.on_default(), AnsiColor::Green.on_default());
    let severity = severity_name(rule.severity, language);
    let gate =
        rule.gate.map(|gate| format!(", {}", gate_name(gate, language).to_lowercase())).unwrap_or_default();
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
    let _ = mend(rule.mend.in_language(language)).map(|mend| writeln!(out, "\n→ {mend}"));
    out
}

/// How a rule is mended, with marks where a finding says more; none when only a finding can say it.
fn mend(text: &str) -> Option<String> {
    let is_argument = text.starts_with('{') && text.find('}') == Some(text.len() - 1);
    (!is_argument).then(|| text.replace('{', "‹").replace('}', "›"))
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
    fn nothing_is_shown_that_only_a_finding_can_fill_in() {
        for rule in rules() {
            assert!(!explained(rule, Language::En).contains("→ {"), "{}", rule.id);
        }
        assert_eq!(mend("add it at {where}").as_deref(), Some("add it at ‹where›"));
        assert_eq!(mend("{remedy}"), None);
    }

    #[test]
    fn hebrew_has_no_english_but_in_examples_and_the_id() {
        let steps = explained(rule("steps-too-few").unwrap(), Language::He);
        let head = steps.lines().next().unwrap().replace("steps-too-few", "");
        let is_english = |text: &str| {
            anstream::adapter::strip_str(text).to_string().contains(|c: char| c.is_ascii_alphabetic())
        };
        assert!(!is_english(&head), "{head}");
        let line =
            list(Language::He).lines().find(|line| line.starts_with("steps-too-few")).unwrap().to_owned();
        assert!(!is_english(&line.replace("steps-too-few", "")), "{line}");
    }

    #[test]
    fn near_names_are_offered() {
        assert!(meant("step-too-few").contains("steps-too-few"));
        assert!(meant("placeholder").contains("field-placeholder"));
        assert!(!meant("zzzzzz").contains("mean"));
    }
}

//! A run as it goes on, on standard error.

use anstyle::{AnsiColor, Style};
use casebook_run::plan::PlannedStep;
use casebook_run::run::Progress;
use casebook_run::session::Case;
use casebook_run::{Outcome, StepKind, StepRecord};

struct Lines;

/// Tells of a case.
pub(super) fn of(case: &Case) -> Box<dyn Progress> {
    anstream::eprintln!("{} {}", case.key, case.summary);
    Box::new(Lines)
}

impl Progress for Lines {
    fn begins(&mut self, _: &PlannedStep) {}

    fn ended(&mut self, step: &StepRecord) {
        let judged = || step.statements.iter().flat_map(|statement| &statement.judged);
        let failed = step.statements.iter().find_map(|statement| match &statement.seen.outcome {
            Outcome::Failed(why) => Some(why.as_str()),
            _ => None,
        });
        let unmet = judged().find(|judged| judged.holds != Some(true));
        let (mark, color) = match (step.kind, unmet, failed) {
            (StepKind::Manual, ..) => ("by hand", AnsiColor::Yellow),
            _ if step.statements.is_empty() => ("not reached", AnsiColor::Yellow),
            (_, Some(judged), _) if judged.holds == Some(false) => ("no", AnsiColor::Red),
            (_, Some(_), _) | (_, _, Some(_)) => ("unknown", AnsiColor::Yellow),
            _ => ("ok", AnsiColor::Green),
        };
        let style = Style::new().fg_color(Some(color.into()));
        let seconds = step.statements.iter().fold(0.0, |sum, statement| sum + statement.seen.elapsed);
        let action = step.action.lines().next().unwrap_or_default();
        anstream::eprintln!(
            "  {style}{mark:<11}{style:#} {:>4}  {action}  ({:.0} ms)",
            step.number,
            seconds * 1000.0
        );
        if let Some(judged) = unmet {
            anstream::eprintln!("                    `{}`: {}", judged.predicate, judged.why);
        } else if let Some(why) = failed {
            anstream::eprintln!("                    {why}");
        }
    }

    fn puts_back(&mut self) {
        anstream::eprintln!("  putting back what is broken");
    }
}

//! Whether what was seen is what a ticket says must be seen. Pure: a run and whoever verifies its evidence judge alike.

mod json;
mod number;
mod text;

#[cfg(test)]
mod tests;

use std::time::Duration;

use casebook_ticket::language::{
    Comparison, Measure, Operand, Predicate, Reach, Reference, StatusCode, TextTest, Units, Value,
};
use serde_json::Value as Json;

pub(crate) use json::select;

use crate::{Judged, Observation, Outcome};

/// Why it cannot be told whether a predicate holds that comes to something else of what is written.
pub(crate) const DECIDED_BY_HIDDEN: &str =
    "what is hidden in evidence decides it: as it is written it comes to something else than as it was seen";
/// Why it cannot be told whether a predicate holds that is not written as it stands in the ticket.
pub(crate) const HIDDEN_IN_PREDICATE: &str = "what is hidden in evidence is in it";

/// Why it cannot be told whether an assertion holds whose step has seen nothing.
pub(crate) const NOT_REACHED: &str = "the step was not reached";

/// Gives the value that a name in a predicate stands for, when it has one.
pub type Resolve<'a> = &'a dyn Fn(&Reference) -> Option<Json>;

/// Whether something holds; the error says what was seen instead, or that it cannot be told.
type Judgement = Result<(), Reason>;

/// Why a predicate does not hold.
#[derive(Debug)]
enum Reason {
    /// What was seen is something else.
    Not(String),
    /// What was seen does not tell.
    Unknown(String),
}

/// Holds a predicate against what was seen.
#[must_use]
pub fn judge(predicate: &Predicate, seen: &Observation, resolve: Resolve<'_>) -> Judged {
    let (holds, why) = match judgement(predicate, seen, resolve) {
        Ok(()) => (Some(true), String::new()),
        Err(Reason::Not(why)) => (Some(false), why),
        Err(Reason::Unknown(why)) => (None, why),
    };
    Judged { predicate: predicate.to_string(), holds, why }
}

fn judgement(predicate: &Predicate, seen: &Observation, resolve: Resolve<'_>) -> Judgement {
    if let Outcome::Failed(why) = &seen.outcome {
        return Err(Reason::Unknown(format!("it could not be carried out: {why}")));
    }
    match predicate {
        Predicate::Status(codes) => status(codes, seen),
        Predicate::Json(path, test) => json::judge(path, test, seen, resolve),
        Predicate::Header(name, test) => {
            answered(seen)?;
            let of_name = seen.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            let values: Vec<_> = of_name.map(|(_, value)| Json::String(value.clone())).collect();
            json::values(&format!("the header {name}"), &values.iter().collect::<Vec<_>>(), test, resolve)
        }
        Predicate::Elapsed(comparison) => {
            if seen.asked {
                answered(seen)?;
            }
            elapsed(comparison, seen.elapsed)
        }
        Predicate::Text(test) => {
            answered(seen)?;
            text::judge(test, &seen.text, seen.left_out)
        }
        Predicate::Measure(measure, comparison) => measured(*measure, comparison, seen, resolve),
        Predicate::Reach(wanted) => reach(wanted, &seen.outcome),
        Predicate::Up if is_up(seen) => Ok(()),
        Predicate::Down if !is_up(seen) => Ok(()),
        Predicate::Up => Err(Reason::Not(format!("it is down: {}", ended(&seen.outcome)))),
        Predicate::Down => Err(Reason::Not("it is up".to_owned())),
        Predicate::Exists => flag(seen, "exists", "it is not there"),
        Predicate::Absent => match flag(seen, "exists", "") {
            Ok(()) => Err(Reason::Not("it is there".to_owned())),
            Err(Reason::Not(_)) => Ok(()),
            Err(unknown) => Err(unknown),
        },
        Predicate::Applied => flag(seen, "applied", &because("it was not put in place", seen)),
        Predicate::Undone => flag(seen, "undone", &because("it is not seen to be gone", seen)),
    }
}

/// How something ended, in words.
fn ended(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Answered => "it answered",
        Outcome::Refused => "the connection was refused",
        Outcome::TimedOut => "no answer came in time",
        Outcome::Unreachable => "the network knows no way",
        Outcome::Cut => "the connection was cut",
        Outcome::Failed(why) => why,
    }
}

/// Whether there was any answer that a predicate can be held against.
fn answered(seen: &Observation) -> Judgement {
    match &seen.outcome {
        Outcome::Answered => Ok(()),
        other => Err(Reason::Not(format!("there was no answer: {}", ended(other)))),
    }
}

fn status(codes: &[StatusCode], seen: &Observation) -> Judgement {
    answered(seen)?;
    let Some(status) = seen.status else { return Err(Reason::Unknown("no status is known".to_owned())) };
    let is_wanted = codes.iter().any(|code| match code {
        StatusCode::Exact(code) => *code == status,
        StatusCode::Class(class) => u16::from(*class) == status / 100,
    });
    if is_wanted {
        return Ok(());
    }
    let why = if status < 400 { String::new() } else { refusal(seen) };
    Err(Reason::Not(format!("the status is {status}{why}")))
}

/// What an answer says of itself when it is a refusal: its error, or its first line.
fn refusal(seen: &Observation) -> String {
    const MOST: usize = 200;
    let error = seen.json.get("error").and_then(Json::as_str);
    let line = error.or_else(|| seen.text.lines().find(|line| !line.trim().is_empty())).unwrap_or_default();
    let mut said: String = line.trim().chars().take(MOST).collect();
    if said.len() < line.trim().len() {
        said.push('…');
    }
    if said.is_empty() { said } else { format!(": {said}") }
}

fn elapsed(comparison: &Comparison<Duration>, seconds: f64) -> Judgement {
    let comparison = match comparison {
        Comparison::With(operator, duration) => Comparison::With(*operator, duration.as_secs_f64().into()),
        Comparison::Range(least, most) => {
            Comparison::Range(least.as_secs_f64().into(), most.as_secs_f64().into())
        }
    };
    if number::compares(seconds.into(), &comparison) {
        return Ok(());
    }
    Err(Reason::Not(format!("it took {}", Units(Duration::from_millis((seconds * 1000.0).ceil() as u64)))))
}

fn measured(
    measure: Measure,
    comparison: &Comparison<Operand>,
    seen: &Observation,
    resolve: Resolve<'_>,
) -> Judgement {
    let name = Predicate::Measure(measure, comparison.clone()).word();
    let Some(number) = seen.numbers.get(name) else {
        answered(seen)?;
        return Err(Reason::Unknown(format!("no {name} was seen")));
    };
    number::judge(name, (*number).into(), comparison, resolve)
}

fn reach(wanted: &[Reach], outcome: &Outcome) -> Judgement {
    let seen = match outcome {
        Outcome::Answered => Reach::Open,
        Outcome::Refused | Outcome::Cut => Reach::Refused,
        Outcome::TimedOut => Reach::Timeout,
        Outcome::Unreachable => Reach::Unreachable,
        Outcome::Failed(why) => return Err(Reason::Unknown(why.clone())),
    };
    if wanted.contains(&seen) {
        Ok(())
    } else {
        Err(Reason::Not(format!("it is {}", Predicate::Reach(vec![seen]))))
    }
}

/// Whether something is up: by what was found where it was looked for, else by whether it answered.
fn is_up(seen: &Observation) -> bool {
    seen.numbers.get("up").map_or(seen.outcome == Outcome::Answered, |up| *up > 0.0)
}

/// What was not done, and why where that is known.
fn because(what: &str, seen: &Observation) -> String {
    let why = if seen.text.is_empty() { String::new() } else { format!(": {}", shortened(&seen.text)) };
    format!("{what}{why}")
}

fn flag(seen: &Observation, name: &str, otherwise: &str) -> Judgement {
    match seen.numbers.get(name) {
        Some(flag) if *flag > 0.0 => Ok(()),
        Some(_) => Err(Reason::Not(otherwise.to_owned())),
        None => Err(Reason::Unknown("what was seen does not tell".to_owned())),
    }
}

/// What a value in a predicate is; the error names what could not be resolved.
fn resolved(value: &Value, resolve: Resolve<'_>) -> Result<Json, Reason> {
    match value {
        Value::Json(value) => Ok(value.clone()),
        Value::Reference(reference) => referred(reference, resolve),
    }
}

fn referred(reference: &Reference, resolve: Resolve<'_>) -> Result<Json, Reason> {
    resolve(reference).ok_or_else(|| Reason::Unknown(format!("{reference} has no value")))
}

/// Texts in a list of words.
fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ")
}

/// A text as it is shown: its beginning.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 200;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The texts of a test, for what a bound on the text's size may have cut off.
fn wanted(test: &TextTest) -> &[String] {
    match test {
        TextTest::Contains(texts) | TextTest::HasAny(texts) | TextTest::HasNone(texts) => texts,
        TextTest::Matches(pattern) => std::slice::from_ref(pattern),
    }
}

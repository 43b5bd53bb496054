//! Parts of JSON values.

use casebook_ticket::language::{Path, Segment, TextTest, ValueTest};
use serde_json::Value as Json;

use super::number::Number;
use super::{Judgement, Reason, Resolve, answered, number, resolved, shortened, text};
use crate::Observation;

/// Holds a test against the parts of an answer that a path leads to.
pub(super) fn judge(path: &Path, test: &ValueTest, seen: &Observation, resolve: Resolve<'_>) -> Judgement {
    answered(seen)?;
    if seen.json.is_null() && seen.left_out > 0 {
        return Err(Reason::Unknown(format!(
            "{} bytes were left out, so it cannot be read as JSON",
            seen.left_out
        )));
    }
    if seen.json.is_null() && !seen.text.trim().is_empty() && seen.text.trim() != "null" {
        return Err(Reason::Not(format!("it is no JSON: {}", shortened(&seen.text))));
    }
    values(&path.to_string(), &select(&seen.json, &path.0), test, resolve)
}

/// Holds a test against all values of a name. One of several suffices; that something is absent must hold of all.
pub(super) fn values(name: &str, found: &[&Json], test: &ValueTest, resolve: Resolve<'_>) -> Judgement {
    if found.is_empty() {
        return value(name, None, test, resolve);
    }
    let of_all = matches!(test, ValueTest::Absent | ValueTest::Text(TextTest::HasNone(_)));
    let mut first = None;
    for part in found {
        match (value(name, Some(part), test, resolve), of_all) {
            (Ok(()), false) => return Ok(()),
            (Ok(()), true) => {}
            (Err(reason), true) => return Err(reason),
            (Err(reason), false) => drop(first.get_or_insert(reason)),
        }
    }
    first.map_or(Ok(()), Err)
}

/// Holds a test against one value, or against its absence.
fn value(name: &str, value: Option<&Json>, test: &ValueTest, resolve: Resolve<'_>) -> Judgement {
    let Some(value) = value else {
        return match test {
            ValueTest::Absent => Ok(()),
            _ => Err(Reason::Not(format!("{name} is not there"))),
        };
    };
    let shown = || shortened(&value.to_string());
    match test {
        ValueTest::Exists => Ok(()),
        ValueTest::Absent => Err(Reason::Not(format!("{name} is there: {}", shown()))),
        ValueTest::Is(wanted) if equal(value, &resolved(wanted, resolve)?) => Ok(()),
        ValueTest::IsNot(other) if !equal(value, &resolved(other, resolve)?) => Ok(()),
        ValueTest::Is(_) | ValueTest::IsNot(_) => Err(Reason::Not(format!("{name} is {}", shown()))),
        ValueTest::Compare(comparison) => match Number::of(value) {
            Some(number) => number::judge(name, number, comparison, resolve),
            None => Err(Reason::Not(format!("{name} is no number but {}", shown()))),
        },
        ValueTest::Text(test) => match value {
            Json::String(value) => text::judge(test, value, 0),
            other => text::judge(test, &other.to_string(), 0),
        },
        ValueTest::Count(comparison) => match value {
            Json::Array(elements) => {
                number::judge("count", Number::Whole(elements.len() as i128), comparison, resolve)
            }
            Json::Object(fields) => {
                number::judge("count", Number::Whole(fields.len() as i128), comparison, resolve)
            }
            _ => Err(Reason::Not(format!("{name} has no elements: it is {}", shown()))),
        },
    }
}

/// All values that a path leads to.
pub(crate) fn select<'a>(value: &'a Json, path: &[Segment]) -> Vec<&'a Json> {
    let mut found = vec![value];
    for segment in path {
        found = found
            .into_iter()
            .flat_map(|value| -> Vec<&Json> {
                match (segment, value) {
                    (Segment::Key(key), Json::Object(fields)) => fields.get(key).into_iter().collect(),
                    (Segment::Index(index), Json::Array(elements)) => {
                        elements.get(*index as usize).into_iter().collect()
                    }
                    (Segment::All, Json::Array(elements)) => elements.iter().collect(),
                    (Segment::All, Json::Object(fields)) => fields.values().collect(),
                    _ => Vec::new(),
                }
            })
            .collect();
    }
    found
}

fn equal(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(_), Json::Number(_)) => {
            Number::of(one).zip(Number::of(other)).is_some_and(|(one, other)| one.equals(other))
        }
        _ => one == other,
    }
}

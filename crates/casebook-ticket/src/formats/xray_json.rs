//! Tests as Xray has them in JSON.
//!
//! What Xray Cloud's GraphQL answers, what Xray Server's REST interface answers and what the bulk import takes is read.
//! Written is what the bulk import of Xray Cloud takes.

use serde_json::{Map, Value, json};

use super::issue::{self, Parts, PlacesFor};
use super::{File, WriteError};
use crate::{Field, Format, Found, ReadError, Standard, Ticket};

/// How many tests Xray takes at once.
const MOST: usize = 1000;

/// What the bulk import has a place for.
const PLACES: PlacesFor = PlacesFor {
    lines: &[Field::Summary, Field::Priority, Field::TestType],
    has_steps: true,
    kept: issue::kept_by_wiki,
};

pub(crate) fn read_each(
    file: File<'_>,
    standard: &Standard,
    each: &mut dyn FnMut(Found),
) -> Result<(), ReadError> {
    issue::read_each(file, Format::XrayJson, standard, each)
}

/// Writes what the bulk import takes.
pub(crate) fn write(tickets: &[Ticket], standard: &Standard) -> Result<String, WriteError> {
    if tickets.len() > MOST {
        let what = format!("{} tickets: Xray takes {MOST} at once", tickets.len());
        return Err(WriteError::new(Format::XrayJson, what, "write them in parts"));
    }
    let tests = tickets.iter().map(|ticket| test(ticket, standard)).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("{:#}\n", Value::from(tests)))
}

fn test(ticket: &Ticket, standard: &Standard) -> Result<Value, WriteError> {
    let parts = Parts::of(ticket, PLACES, standard);
    let Some(summary) = parts.line(&Field::Summary) else {
        return Err(issue::no_summary(Format::XrayJson, ticket));
    };
    let mut fields = Map::new();
    fields.insert("summary".to_owned(), json!(summary));
    if let Some(project) = ticket.text(&Field::Key).as_deref().and_then(issue::project) {
        fields.insert("project".to_owned(), json!({ "key": project }));
    }
    if let Some(priority) = parts.line(&Field::Priority) {
        fields.insert("priority".to_owned(), json!({ "name": priority }));
    }
    if !parts.labels.is_empty() {
        fields.insert("labels".to_owned(), json!(parts.labels));
    }
    if !parts.description.is_empty() {
        fields.insert("description".to_owned(), json!(issue::wiki(&parts.description)));
    }
    let mut out = Map::new();
    out.insert("testtype".to_owned(), json!(parts.test_type()));
    out.insert("fields".to_owned(), fields.into());
    match parts.definition {
        Some((Field::TestSteps, text)) => out.insert("gherkin_def".to_owned(), json!(text)),
        Some((_, text)) => out.insert("unstructured_def".to_owned(), json!(text)),
        None => None,
    };
    if !parts.steps.is_empty() {
        let steps = parts.steps.iter().map(|step| {
            json!({
                "action": issue::wiki(&step.action),
                "data": issue::wiki(&step.data),
                "result": issue::wiki(&step.expected),
            })
        });
        out.insert("steps".to_owned(), steps.collect());
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests;

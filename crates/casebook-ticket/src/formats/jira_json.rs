//! Tickets as Jira's REST interface answers them.
//!
//! Version 2, with wiki markup in strings, and version 3, with ADF, are read: one issue, an array of issues, or the
//! answer of a search. Written is the answer of a search in version 3.

use serde_json::{Map, Value, json};

use super::File;
use super::issue::{self, Parts, PlacesFor};
use crate::{Field, Format, Found, ReadError, Standard, Ticket, adf};

/// The id that is given to the custom field *Test Type*.
const TEST_TYPE: &str = "customfield_10000";

/// What Jira has by itself.
const PLACES: PlacesFor = PlacesFor {
    lines: &[
        Field::Key,
        Field::Summary,
        Field::Priority,
        Field::Status,
        Field::Reporter,
        Field::Assignee,
        Field::Created,
        Field::Updated,
        Field::TestType,
    ],
    has_steps: false,
    kept: adf::fit,
};

pub(crate) fn read_each(
    file: File<'_>,
    standard: &Standard,
    each: &mut dyn FnMut(Found),
) -> Result<(), ReadError> {
    issue::read_each(file, Format::JiraJson, standard, each)
}

/// Writes the answer of a search.
pub(crate) fn write(tickets: &[Ticket], standard: &Standard) -> String {
    let issues: Vec<_> = tickets.iter().map(|ticket| issue(ticket, standard)).collect();
    let answer = json!({
        "startAt": 0,
        "maxResults": issues.len(),
        "total": issues.len(),
        "names": { TEST_TYPE: "Test Type" },
        "issues": issues,
    });
    format!("{answer:#}\n")
}

fn issue(ticket: &Ticket, standard: &Standard) -> Value {
    let parts = Parts::of(ticket, PLACES, standard);
    let mut fields = Map::new();
    let mut put = |name: &str, field: &Field, inside: &str| {
        if let Some(text) = parts.line(field) {
            let value = if inside.is_empty() { json!(text) } else { json!({ inside: text }) };
            fields.insert(name.to_owned(), value);
        }
    };
    put("summary", &Field::Summary, "");
    put("priority", &Field::Priority, "name");
    put("status", &Field::Status, "name");
    put("reporter", &Field::Reporter, "displayName");
    put("assignee", &Field::Assignee, "displayName");
    put("created", &Field::Created, "");
    put("updated", &Field::Updated, "");
    put(TEST_TYPE, &Field::TestType, "value");
    fields.insert("issuetype".to_owned(), json!({ "name": "Test" }));
    if !parts.labels.is_empty() {
        fields.insert("labels".to_owned(), json!(parts.labels));
    }
    if !parts.description.is_empty() {
        fields.insert("description".to_owned(), adf::write(&parts.description));
    }
    let mut issue = Map::new();
    if let Some(key) = parts.line(&Field::Key) {
        issue.insert("key".to_owned(), json!(key));
    }
    issue.insert("fields".to_owned(), fields.into());
    issue.into()
}

#[cfg(test)]
mod tests;

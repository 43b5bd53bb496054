//! Test data that has a name.

use serde_json::Value;

use super::super::{DataName, Reference};
use super::collect::for_each_span;
use super::{Checked, Problem, ProblemKind};
use crate::markup::Block;
use crate::message::message;
use crate::{At, Field, SourceMap, Ticket};

/// A fenced block of *Test Data* that statements can send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datum {
    /// What it is called.
    pub name: DataName,
    /// Where its text begins.
    pub at: At,
    /// What it says it is, e.g. `json`.
    pub language: Option<String>,
    /// Its text, as it stands.
    pub text: String,
    /// What is put in when it is sent: the strings of a JSON that are nothing but a reference. A block that does not say
    /// what it is is JSON when it can be read so.
    pub references: Vec<Reference>,
}

/// Finds named data. A block's name stands behind its language, as in ```` ```json live ````, or as `@live` in the
/// paragraph or heading before it.
pub(super) fn named(ticket: &Ticket, checked: &mut Checked) {
    let Some(section) = ticket.section(&Field::TestData) else { return };
    let mut before = None;
    for block in &section.body {
        let Block::Code { at, language, text } = block else {
            before = name_in(block);
            continue;
        };
        let mut words = language.as_deref().unwrap_or_default().split_whitespace();
        let language = words.next().map(str::to_owned);
        let Some(name) = words.next().and_then(DataName::new).or(before.take()) else { continue };
        let place = (at.start(), Field::TestData);
        if checked.data.iter().any(|other| other.name == name) {
            let what = message!(data_twice, name = name.to_string());
            checked.problems.push(Problem::new(ProblemKind::UnknownData, place, what, message!(rename_one)));
            continue;
        }
        let mut datum = Datum { name, at: at.start(), language, text: text.clone(), references: Vec::new() };
        let is_json = datum.language.as_deref().map(|language| language.eq_ignore_ascii_case("json"));
        if is_json != Some(false)
            && let Err(problem) = read_json(&mut datum, at)
            && is_json == Some(true)
        {
            checked.problems.push(problem);
        }
        checked.data.push(datum);
    }
}

/// The name that a paragraph or heading gives to what follows it.
fn name_in(block: &Block) -> Option<DataName> {
    let mut name = None;
    if matches!(block, Block::Paragraph { .. } | Block::Heading { .. }) {
        let blocks = vec![block.clone()];
        for_each_span(&blocks, &mut |_, text| {
            name = name.take().or_else(|| text.strip_prefix('@').and_then(DataName::new));
        });
    }
    name
}

fn read_json(datum: &mut Datum, places: &SourceMap) -> Result<(), Problem> {
    match serde_json::from_str::<Value>(&datum.text) {
        Ok(value) => {
            references(&value, &mut datum.references);
            Ok(())
        }
        Err(error) => {
            let (line, column) = (error.line().saturating_sub(1), error.column().saturating_sub(1));
            let before = datum.text.lines().nth(line).into_iter().flat_map(str::char_indices);
            // What is told are bytes.
            let column = before.take_while(|(offset, _)| *offset < column).count();
            let at = places.at(line as u32, column as u32);
            let what = message!(data_not_json, name = datum.name.to_string(), error = error.to_string());
            Err(Problem::new(ProblemKind::BadData, (at, Field::TestData), what, message!(mend_json)))
        }
    }
}

fn references(value: &Value, into: &mut Vec<Reference>) {
    match value {
        Value::String(text) => into.extend(Reference::whole(text)),
        Value::Array(values) => values.iter().for_each(|value| references(value, into)),
        Value::Object(fields) => fields.values().for_each(|value| references(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

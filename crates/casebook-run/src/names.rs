//! What names in statements and predicates stand for, as far as it was seen or given.

use std::collections::BTreeMap;

use casebook_ticket::language::{Reference, Segment, Template, TemplatePart, Variable};
use serde_json::{Value as Json, json};

use crate::Observation;
use crate::evaluate::select;

/// Results by the name that `as` gave them, and an environment's values.
#[derive(Clone, Debug, Default)]
pub struct Names {
    captured: BTreeMap<String, Observation>,
    values: BTreeMap<String, Json>,
}

impl Names {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(values: BTreeMap<String, Json>) -> Self {
        Self { captured: BTreeMap::new(), values }
    }

    /// Keeps a result under a name.
    pub fn capture(&mut self, name: &Variable, seen: Observation) {
        self.captured.insert(name.name().to_owned(), seen);
    }

    /// A result that was kept.
    #[must_use]
    pub fn captured(&self, name: &Variable) -> Option<&Observation> {
        self.captured.get(name.name())
    }

    /// The value that a name stands for: part of a result, or of the environment's values.
    #[must_use]
    pub fn resolve(&self, reference: &Reference) -> Option<Json> {
        let name = reference.name.name();
        if let Some(seen) = self.captured.get(name) {
            return part(seen, &reference.path);
        }
        select(self.values.get(name)?, &reference.path).first().map(|value| (*value).clone())
    }
}

/// A text with its names replaced by what they stand for.
///
/// # Errors
///
/// A sentence, when one has no value.
pub(crate) fn fill(
    template: &Template,
    resolve: &dyn Fn(&Reference) -> Option<Json>,
) -> Result<String, String> {
    let mut out = String::new();
    for piece in &template.0 {
        match piece {
            TemplatePart::Text(text) => out.push_str(text),
            TemplatePart::Reference(reference) => {
                match resolve(reference).ok_or_else(|| format!("{reference} has no value"))? {
                    Json::String(text) => out.push_str(&text),
                    other => out.push_str(&other.to_string()),
                }
            }
        }
    }
    Ok(out)
}

/// A part of a result, by the names that the language has for them.
fn part(seen: &Observation, path: &[Segment]) -> Option<Json> {
    let Some((Segment::Key(first), rest)) = path.split_first() else { return None };
    match first.as_str() {
        "json" => select(&seen.json, rest).first().map(|value| (*value).clone()),
        "text" => Some(json!(seen.text)),
        "status" => seen.status.map(|status| json!(status)),
        "elapsed" => Some(json!(seen.elapsed)),
        "header" => match rest {
            [Segment::Key(name)] => {
                let header = seen.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                header.map(|(_, value)| json!(value))
            }
            _ => None,
        },
        number => seen.numbers.get(number).map(|number| json!(number)),
    }
}

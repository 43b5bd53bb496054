//! What names in statements and predicates stand for, as far as it was seen or given.

use std::collections::BTreeMap;

use casebook_ticket::language::{Reference, Segment, Template, TemplatePart, Variable};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
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

/// What a value cannot have in it that is one part of a URL's path.
pub(crate) const PATH_PART: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// The same of a value in its query.
pub(crate) const QUERY_PART: &AsciiSet = &PATH_PART.add(b'&').add(b'+').add(b'=').add(b'\'');

/// A URL with its names replaced by what they stand for. It begins with a target; what stands behind a sign such as `/` is
/// one part, and encoded as such. What follows a name at once is a piece of a URL itself, e.g. a link that was answered.
///
/// # Errors
///
/// A sentence, when a name has no value that can stand there.
pub(crate) fn fill_url(
    template: &Template,
    resolve: &dyn Fn(&Reference) -> Option<Json>,
) -> Result<String, String> {
    let mut out = String::new();
    let mut is_piece = true;
    let mut part = PATH_PART;
    for piece in &template.0 {
        match piece {
            TemplatePart::Text(text) => {
                out.push_str(text);
                if text.contains('?') {
                    part = QUERY_PART;
                }
                is_piece = false;
            }
            TemplatePart::Reference(reference) => {
                let value = text_of(reference, resolve)?;
                if is_piece {
                    out.push_str(&value);
                } else if [".", ".."].contains(&value.as_str()) {
                    return Err(format!("{reference} is `{value}`, which would be another path"));
                } else {
                    out.extend(utf8_percent_encode(&value, part));
                }
            }
        }
    }
    Ok(out)
}

/// A text with its names replaced by what they stand for.
///
/// # Errors
///
/// A sentence, when one has no value that is a text.
pub(crate) fn fill(
    template: &Template,
    resolve: &dyn Fn(&Reference) -> Option<Json>,
) -> Result<String, String> {
    let mut out = String::new();
    for piece in &template.0 {
        match piece {
            TemplatePart::Text(text) => out.push_str(text),
            TemplatePart::Reference(reference) => out.push_str(&text_of(reference, resolve)?),
        }
    }
    Ok(out)
}

/// What a name stands for within a text: nothing that is empty, and nothing that has parts.
fn text_of(reference: &Reference, resolve: &dyn Fn(&Reference) -> Option<Json>) -> Result<String, String> {
    match resolve(reference).ok_or_else(|| format!("{reference} has no value"))? {
        Json::String(text) if !text.is_empty() => Ok(text),
        Json::String(_) => Err(format!("{reference} is empty")),
        Json::Null => Err(format!("{reference} is null")),
        Json::Array(_) | Json::Object(_) => Err(format!("{reference} is more than one value")),
        other => Ok(other.to_string()),
    }
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

#[cfg(test)]
mod tests {
    use casebook_ticket::At;
    use casebook_ticket::language::{Action, parse_statement};

    use super::*;

    fn url(target: &str, id: &Json) -> Result<String, String> {
        let statement = parse_statement(&format!("http DELETE {target}"), At::default()).unwrap();
        let Action::Http(request) = statement.action else { unreachable!() };
        fill_url(&request.target, &|reference| match reference.name.name() {
            "focus" => Some(json!("http://127.0.0.1:5000/api")),
            _ => Some(id.clone()),
        })
    }

    #[test]
    fn a_value_is_one_part_of_a_url() {
        for (target, id, wanted) in [
            ("$focus/job/$made.json.id", json!("7/8?a#b%2f é"), "/job/7%2F8%3Fa%23b%252f%20%C3%A9"),
            ("$focus/job/$made.json.id", json!(17), "/job/17"),
            (
                "$focus/job?id=$made.json.id&x=$made.json.id",
                json!("a&b=c/d"),
                "/job?id=a%26b%3Dc%2Fd&x=a%26b%3Dc%2Fd",
            ),
            ("$focus$made.json.link", json!("/job/7?x=1"), "/job/7?x=1"),
            ("$focus/at/$made.json.time", json!("12:00:00,5"), "/at/12:00:00,5"),
        ] {
            assert_eq!(url(target, &id), Ok(format!("http://127.0.0.1:5000/api{wanted}")));
        }
    }

    #[test]
    fn what_is_no_text_is_no_part_of_a_url() {
        for (id, wanted) in [
            (Json::Null, "is null"),
            (json!(""), "is empty"),
            (json!({}), "is more than one value"),
            (json!([1]), "is more than one value"),
            (json!(".."), "which would be another path"),
        ] {
            let told = url("$focus/job/$made.json.id", &id).unwrap_err();
            assert!(told.starts_with("$made.json.id is ") && told.ends_with(wanted), "{told}");
        }
    }
}

//! What of a run may be written: all of it, but for secrets and addresses.

use std::collections::BTreeMap;

use crate::environment::{Environment, Redactor};
use crate::{Observation, Outcome};

/// What was seen, and that as it is written.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) raw: Observation,
    pub(crate) written: Observation,
}

impl Seen {
    pub(crate) fn of(raw: Observation, redactor: &Redactor) -> Self {
        Self { written: redacted(raw.clone(), redactor), raw }
    }
}

/// An environment's values, as they may be written: whoever verifies knows no others.
pub(crate) fn values(environment: &Environment) -> BTreeMap<String, serde_json::Value> {
    let mut values = environment.values.clone();
    for value in values.values_mut() {
        redact_json(value, &environment.redactor);
    }
    values
}

/// What was seen, as it may be written.
pub(crate) fn redacted(seen: Observation, redactor: &Redactor) -> Observation {
    let mut seen = Observation {
        sent: redactor.redact(&seen.sent),
        text: redactor.redact(&seen.text),
        headers: seen.headers.into_iter().map(|(name, value)| (name, redactor.redact(&value))).collect(),
        ..seen
    };
    redact_json(&mut seen.json, redactor);
    if let Outcome::Failed(why) = &mut seen.outcome {
        *why = redactor.redact(why);
    }
    seen
}

pub(crate) fn redact_json(value: &mut serde_json::Value, redactor: &Redactor) {
    match value {
        serde_json::Value::String(text) if redactor.is_in(text) => *text = redactor.redact(text),
        serde_json::Value::Array(elements) => {
            for element in elements {
                redact_json(element, redactor);
            }
        }
        serde_json::Value::Object(fields) => {
            for field in fields.values_mut() {
                redact_json(field, redactor);
            }
        }
        _ => {}
    }
}

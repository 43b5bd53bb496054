//! What of a run may be written: all of it, but for secrets and addresses.

use std::collections::BTreeMap;

use crate::environment::{Environment, Redactor};
use crate::observation::LEFT_OUT;
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
        environment.redactor.redact_json(value);
    }
    values
}

/// What was seen, as it may be written.
pub(crate) fn redacted(seen: Observation, redactor: &Redactor) -> Observation {
    let header = |(name, value): (String, String)| (redactor.redact(&name), redactor.redact(&value));
    let mut seen = Observation {
        sent: redactor.redact(&seen.sent),
        text: match seen.left_out {
            0 => redactor.redact(&seen.text),
            _ => redactor.redact_cut(&seen.text, LEFT_OUT),
        },
        headers: seen.headers.into_iter().map(header).collect(),
        ..seen
    };
    redactor.redact_json(&mut seen.json);
    if let Outcome::Failed(why) = &mut seen.outcome {
        *why = redactor.redact(why);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_a_secret_at_a_cut_are_not_written() {
        let mut redactor = Redactor::default();
        redactor.hide("hunter2secret", "${TOKEN}");
        let text = format!("begins hunter2{LEFT_OUT}secret ends hunter2secret");
        let written = |left_out| {
            redacted(Observation { text: text.clone(), left_out, ..Observation::default() }, &redactor).text
        };
        let cut = written(1000);
        assert!(!cut.contains("hunter2") && !cut.contains("secret"), "{cut}");
        assert!(cut.starts_with("begins ") && cut.ends_with(" ends ${TOKEN}"), "{cut}");
        assert!(written(0).starts_with("begins hunter2"), "a whole text that merely looks cut is left alone");
    }
}

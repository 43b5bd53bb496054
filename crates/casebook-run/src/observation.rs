//! What was seen when a statement was carried out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Stands in a text where something of it was left out.
pub(crate) const LEFT_OUT: &str = "\n[..]\n";

/// What was seen when a statement was carried out: the same shape for every verb, so that predicates can be judged from
/// the evidence alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether somebody was asked: then nothing but an answer can have taken as long as it should.
    #[serde(default, skip_serializing_if = "is_false")]
    pub asked: bool,
    /// How long it took, in seconds.
    pub elapsed: f64,
    /// What was sent, as a person would write it, without secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sent: String,
    /// The status that was answered: of HTTP, or the one that gRPC's stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Names (in lower case) and values of what came with the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Text: a body, lines of a log, names of objects one per line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// How many bytes of the text were left out; it was then not judged as a whole, and a predicate that needs the
    /// whole does not hold.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// The text as JSON, or what was counted and found in a form that paths can lead through.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub json: Value,
    /// Numbers by name: `rows`, `added`, `removed`, `count`, `value`, ..
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "numbers")]
    pub numbers: BTreeMap<String, f64>,
}

impl Observation {
    /// What was seen, in a few words.
    #[must_use]
    pub fn in_short(&self) -> String {
        let mut words = Vec::new();
        match &self.outcome {
            Outcome::Answered => {}
            Outcome::Refused => words.push("refused".to_owned()),
            Outcome::TimedOut => words.push("timed out".to_owned()),
            Outcome::Unreachable => words.push("unreachable".to_owned()),
            Outcome::Cut => words.push("cut".to_owned()),
            Outcome::Failed(why) => words.push(format!("could not be carried out: {why}")),
        }
        words.extend(self.status.map(|status| format!("status {status}")));
        words.extend(self.numbers.iter().map(|(name, number)| match (name.as_str(), *number > 0.0) {
            ("up", true) => "up".to_owned(),
            ("up", false) => "down".to_owned(),
            ("applied" | "undone", true) => name.clone(),
            ("applied" | "undone", false) => format!("not {name}"),
            _ => format!("{name} {number}"),
        }));
        if words.is_empty() { "done".to_owned() } else { words.join(", ") }
    }
}

/// How carrying out a statement ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There was an answer, whatever it said; or what was to be done is done.
    #[default]
    Answered,
    /// The other side refused the connection.
    Refused,
    /// There was no answer in time.
    TimedOut,
    /// The network says that there is no way.
    Unreachable,
    /// The connection was cut.
    Cut,
    /// It could not be carried out at all, for this reason: that says nothing about what is tested.
    Failed(String),
}

/// Numbers by name. What JSON has no number for, a metric that is NaN or infinite, is written as a text.
mod numbers {
    use std::collections::BTreeMap;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
    }

    pub(super) fn serialize<S: Serializer>(
        numbers: &BTreeMap<String, f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let written = |number: f64| {
            if number.is_finite() { Written::Number(number) } else { Written::Text(number.to_string()) }
        };
        serializer.collect_map(numbers.iter().map(|(name, number)| (name, written(*number))))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, f64>, D::Error> {
        let read = |(name, written)| match written {
            Written::Number(number) => Ok((name, number)),
            Written::Text(text) => Ok((name, text.parse().map_err(D::Error::custom)?)),
        };
        BTreeMap::<String, Written>::deserialize(deserializer)?.into_iter().map(read).collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_kinds_can_be_read_again() {
        let values =
            [("a", f64::NAN), ("b", f64::INFINITY), ("c", f64::NEG_INFINITY), ("d", 0.1), ("e", 7.0)];
        let numbers = values.map(|(name, value)| (name.to_owned(), value)).into();
        let text = serde_json::to_string(&Observation { numbers, ..Observation::default() }).unwrap();
        let read: Observation = serde_json::from_str(&text).unwrap();
        for (name, value) in values {
            assert_eq!(read.numbers[name].to_bits(), value.to_bits(), "{name} in {text}");
        }
    }
}

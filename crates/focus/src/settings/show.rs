//! The effective settings for people, as a file that could be used, and for machines.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::loader::Entry;

/// As commented TOML: what each setting means, its value and where that came from.
pub(crate) fn as_toml(entries: &[Entry]) -> String {
    let mut text = String::from(
        "# The settings of Focus Server. A flag wins over the environment, that over this file, that over the default.\n\
         # In the environment jobs.max_jobs is FOCUS_JOBS_MAX_JOBS; as a flag it is --set jobs.max_jobs=30.\n",
    );
    let mut current = "";
    for entry in entries {
        let (table, name) = entry.key.split();
        if table != current {
            let _ = write!(text, "\n[{table}]\n");
            current = table;
        } else if current.is_empty() {
            text.push('\n');
        }
        let _ = match &entry.value {
            Some(value) if entry.key.secret => {
                writeln!(
                    text,
                    "# {}\n# {name} is set to {value}, the rest is secret  # {}",
                    entry.key.help, entry.origin
                )
            }
            Some(value) => writeln!(text, "# {}\n{name} = {value}  # {}", entry.key.help, entry.origin),
            None => writeln!(text, "# {}\n# {name} = {}  # not set", entry.key.help, entry.key.example),
        };
    }
    text
}

/// As JSON: for each setting `{"value": .., "source": ..}`.
pub(crate) fn as_json(entries: &[Entry]) -> Value {
    let fields: Map<String, Value> = entries
        .iter()
        .map(|entry| {
            let value = json!({"value": entry.value, "source": entry.origin.to_string()});
            (entry.key.name.to_owned(), value)
        })
        .collect();
    Value::Object(fields)
}

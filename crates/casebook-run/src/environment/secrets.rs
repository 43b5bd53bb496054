//! Texts of an environment file that come from variables of the process, because they are secret.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use toml::Value;

use super::Redactor;
use super::redactor::SHORTEST;

/// What would end a part of a URL.
pub(super) const IN_URL: &AsciiSet = &CONTROLS.add(b' ').add(b'/').add(b'?').add(b'#').add(b'@').add(b'%');

/// Replaces `${NAME}` in all texts, and notes each value as a secret.
pub(super) fn fill(
    tree: &mut Value,
    variable: &dyn Fn(&str) -> Option<String>,
    redactor: &mut Redactor,
    problems: &mut Vec<String>,
) {
    match tree {
        Value::String(text) if text.contains("${") => *text = filled(text, variable, redactor, problems),
        Value::Array(values) => {
            for value in values {
                fill(value, variable, redactor, problems);
            }
        }
        Value::Table(table) => {
            for (_, value) in table {
                fill(value, variable, redactor, problems);
            }
        }
        _ => {}
    }
}

fn filled(
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    redactor: &mut Redactor,
    problems: &mut Vec<String>,
) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        out.push_str(before);
        if let Some(behind) = behind.strip_prefix('{') {
            out.push_str("${");
            rest = behind;
            continue;
        }
        let Some((name, behind)) = behind.split_once('}') else {
            problems.push(format!(
                "\"{text}\": `${{` has no `}}`; write `${{{{` for the two characters themselves"
            ));
            return out;
        };
        match variable(name) {
            Some(value) if value.len() < SHORTEST => problems.push(format!(
                "what the variable {name} holds is shorter than {SHORTEST} characters, too short to be hidden in evidence; take a longer secret, or write what is none into the file itself"
            )),
            Some(value) => {
                redactor.hide(&value, &format!("${{{name}}}"));
                // A part of a URL; a variable that is the whole URL stands for itself.
                if out.contains("://") {
                    let encoded = utf8_percent_encode(&value, IN_URL).to_string();
                    redactor.hide(&encoded, &format!("${{{name}}}"));
                    out.push_str(&encoded);
                } else {
                    out.push_str(&value);
                }
            }
            None => problems.push(format!("the variable {name} is not set; export it before the run")),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

//! Fields of a project's own: those that hold words are kept under their names.

use super::properties::rich;
use crate::adf;
use crate::json::{Json, Node, Value};
use crate::markup::{Block, Blocks, plain_blocks};

/// What a custom field says in words: a text, or options that were chosen. Nothing of ranks, dates, numbers, users and what
/// else Jira keeps for itself.
pub(super) fn said(json: &Json<'_>, node: &Node<'_>) -> Blocks {
    match &node.value {
        Value::String(text) if are_words(text) => rich(json, node),
        Value::Object(_) if adf::is_document(node) => rich(json, node),
        Value::Object(_) => option(json, node).into_iter().collect(),
        Value::Array(elements) => elements.iter().filter_map(|node| option(json, node)).collect(),
        _ => Blocks::new(),
    }
}

/// An option, with the one below it where they are nested.
fn option(json: &Json<'_>, node: &Node<'_>) -> Option<Block> {
    let value = node.get("value")?;
    let below = node.get("child").and_then(|child| child.text_at("value"));
    let text = [value.text(), below].into_iter().flatten().collect::<Vec<_>>().join(" / ");
    are_words(&text).then(|| Block::paragraph(json.at(value), &text))
}

/// Whether a text is words that somebody wrote: an id, a rank, a date or a number is none, nor is what plugins print.
pub(crate) fn are_words(text: &str) -> bool {
    let text = text.trim();
    let is_printed = text.strip_prefix('{').is_some_and(|rest| {
        rest.trim_start_matches(|letter: char| letter.is_alphanumeric()).starts_with(['=', '}'])
    }) && !text.contains("{code}")
        && !text.contains("{noformat}");
    let is_word = |word: &&str| {
        let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        word.chars().count() > 1
            && word.chars().all(|letter| letter.is_alphabetic() || "'’״׳-/".contains(letter))
    };
    let count = text.split_whitespace().count();
    !is_printed
        && (text.contains("://")
            || text.split_whitespace().filter(is_word).nth(usize::from(count > 1)).is_some())
}

/// A value below its name, as one paragraph, for where there is no place of its own.
pub(super) fn named(json: &Json<'_>, name: &str, node: &Node<'_>) -> Option<Block> {
    let text = match &node.value {
        Value::Number(number) => (*number).to_owned(),
        _ => plain_blocks(&rich(json, node)),
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| Block::paragraph(json.at(node), &format!("{name}: {text}")))
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_told_from_what_machines_keep() {
        for text in [
            "Never run with it",
            "High",
            "בדיקת עשן",
            "see https://a.example",
            "https://a.example",
            "{code} run x y",
        ] {
            assert!(super::are_words(text), "{text}");
        }
        for text in [
            "",
            "0|i000z3:",
            "PZ-1",
            "2024-05-01T10:00:00.000+0300",
            "12/Mar/24 10:00 AM",
            "3.5",
            "5b10ac8d82e05b22cc7d4ef5",
            "{}",
            "{pullrequest={dataType=pullrequest, state=OPEN by name}}",
            "com.atlassian.greenhopper.service.sprint.Sprint@1f[id=3,name=S]",
        ] {
            assert!(!super::are_words(text), "{text}");
        }
    }
}

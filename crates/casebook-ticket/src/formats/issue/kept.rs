//! Whether steps say all that stands in what they were read from: a table may have more columns than steps have parts.

use crate::markup::{Block, has_all_words, plain_blocks};
use crate::steps::{Role, Step};

/// Marks between words: bullets, dashes and arrows.
const MARKS: [char; 11] = ['-', '–', '—', '=', '>', '→', '⇒', '*', '•', ':', '.'];

/// Whether each word of the blocks is in one of the steps. Titles of columns and labels of parts are not looked for, nor are
/// marks between words.
pub(super) fn says_all(steps: &[Step], blocks: &[Block]) -> bool {
    let cells = steps.iter().flat_map(|step| [&step.action, &step.data, &step.expected]);
    let said: Vec<String> = cells.map(|cell| plain_blocks(cell)).collect();
    // The order says the numbers, and nothing else that stands in their place.
    let numbers = steps.iter().filter_map(|step| step.number.as_deref()).filter(|number| {
        let number = number.trim_end_matches(['.', ')']);
        number.parse::<u32>().is_ok() || number.chars().count() == 1
    });
    let stood = plain_blocks(blocks);
    has_all_words(
        said.iter().map(String::as_str).chain(numbers).flat_map(words),
        stood.split(['\n', '\t', '|']).map(without_label).flat_map(words),
    )
}

/// Whether blocks have each word of the steps.
pub(super) fn are_all_said(steps: &[Step], blocks: &[Block]) -> bool {
    let cells = steps.iter().flat_map(|step| [&step.action, &step.data, &step.expected]);
    let cells: Vec<String> = cells.map(|cell| plain_blocks(cell)).collect();
    let text = plain_blocks(blocks);
    has_all_words(words(&text), cells.iter().flat_map(|cell| words(cell)))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .filter(|word| !(word.ends_with(':') && Role::of(word).is_some()))
        .map(|word| match word.trim_matches(|letter: char| !letter.is_alphanumeric()) {
            "" => word.trim_matches(MARKS),
            bare => bare,
        })
        .filter(|word| !word.is_empty())
}

/// A line or a cell behind the label of a part, `a. Action:` too; nothing of one that is only that.
fn without_label(text: &str) -> &str {
    if Role::of(text).is_some() {
        return "";
    }
    let is_label = |label: &str| {
        let marked = label.trim_start().split_once(['.', ')']).filter(|(mark, _)| mark.chars().count() == 1);
        Role::of(marked.map_or(label, |(_, label)| label)).is_some()
    };
    text.split_once(':').filter(|(label, _)| is_label(label)).map_or(text, |(_, value)| value)
}

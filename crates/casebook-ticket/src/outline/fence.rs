//! What is proposed in a code fence, as the text that it stands for: `Test Type: Integration Test` in a fence proposes
//! the test type *Integration Test*, and not a piece of code.

use crate::markup::{Block, Blocks, Inline, Inlines, Item};
use crate::{At, Field, SourceMap, Standard};

/// The blocks that a proposal's block stands for.
pub(super) fn open(block: Block, field: &Field, standard: &Standard) -> Blocks {
    let Block::Code { at, language, text } = block else { return vec![block] };
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let Some((label, value)) = first.split_once(':') else {
        return vec![Block::Code { at, language, text }];
    };
    // `Payload:` above JSON makes the JSON no JSON.
    if value.trim().is_empty() && rest.trim_start().starts_with(['{', '[']) {
        return vec![Block::Code { at: at.lines(1..u32::MAX), language, text: rest.to_owned() }];
    }
    if standard.field_of(label) != Some(field) {
        return vec![Block::Code { at, language, text }];
    }
    let is_code =
        language.as_deref().is_some_and(|language| !matches!(language, "yaml" | "yml" | "text" | "txt"));
    match (value.trim(), rest.trim().is_empty()) {
        ("", _) => lines(&at.lines(1..u32::MAX), rest, is_code),
        (value, true) => vec![Block::paragraph(at.start(), value)],
        _ => lines(&at, &text, is_code),
    }
}

/// Lines of text as paragraphs and lists.
fn lines(places: &SourceMap, text: &str, is_code: bool) -> Blocks {
    let mut blocks = Blocks::new();
    let mut gap = true;
    for (number, line) in text.lines().enumerate() {
        let indent = line.chars().take_while(|character| character.is_whitespace()).count();
        let at = places.at(number as u32, indent as u32);
        let line = line.trim();
        if line.is_empty() {
            gap = true;
            continue;
        }
        if let Some((start, text)) = item(line) {
            let text = if is_code { code(at, text) } else { vec![Inline::Text(text.to_owned())] };
            let item = Item { at, done: None, blocks: vec![Block::Paragraph { at, text }] };
            match blocks.last_mut() {
                Some(Block::List { start: known, items, .. }) if known.is_some() == start.is_some() => {
                    items.push(item);
                }
                _ => blocks.push(Block::List { at, start, items: vec![item] }),
            }
        } else {
            match blocks.last_mut() {
                Some(Block::Paragraph { text, .. }) if !gap => {
                    text.extend([Inline::Break(at), Inline::Text(line.to_owned())]);
                }
                _ => blocks.push(Block::paragraph(at, line)),
            }
        }
        gap = false;
    }
    blocks
}

/// `- text` or `3. text`.
fn item(line: &str) -> Option<(Option<u64>, &str)> {
    if let Some(text) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return Some((None, text.trim()));
    }
    let (number, text) = line.split_once(['.', ')'])?;
    let number = number.parse().ok().filter(|number| *number < 1000)?;
    text.starts_with(' ').then(|| (Some(number), text.trim()))
}

/// A line of code, with what stands behind `#` as text.
fn code(at: At, text: &str) -> Inlines {
    match text.split_once("  #") {
        Some((code, comment)) => vec![
            Inline::Code { at, text: code.trim_end().to_owned() },
            Inline::Text(format!(" – {}", comment.trim())),
        ],
        None => vec![Inline::Code { at, text: text.to_owned() }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lines;
    use crate::unpacked::Unpacked;

    #[test]
    fn what_is_opened_stands_where_it_stood() {
        let file = r#""Test Data:\n- \"a\"\n  1. b""#;
        let (lines, text) = (Lines::new(file), "Test Data:\n- \"a\"\n  1. b".to_owned());
        let at = SourceMap::of(&text, &Unpacked::json(&lines, 1, &file[1..file.len() - 1]), 0);
        let code = Block::Code { at, language: None, text };
        let opened = open(code, &Field::TestData, &Standard::built_in());
        let told: Vec<_> = opened.iter().map(|block| format!("{:?}", block.at())).collect();
        assert_eq!(told, ["1:14", "1:25"]);
    }
}

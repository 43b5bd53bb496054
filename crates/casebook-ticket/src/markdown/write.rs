//! Markdown out of blocks.

mod cell;
mod runs;

use super::escape::Place;
use crate::markup::{Block, Cell, Item, Markup};

pub(super) fn document(blocks: &[Block]) -> String {
    let mut out = self::blocks(blocks, Around::default());
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// What blocks stand in.
#[derive(Clone, Copy, Debug, Default)]
struct Around {
    /// The bullet of the item that they are in.
    bullet: Option<char>,
    /// Whether they are in any container.
    is_inside: bool,
}

/// Blocks as lines, without the last line's end.
fn blocks(blocks: &[Block], around: Around) -> String {
    let mut out = String::new();
    let mut last: Option<(&Block, char)> = None;
    for block in blocks {
        let mark = mark(block, last, around);
        let text = self::block(block, mark, around);
        if let Some((last, _)) = last {
            out.push_str(if may_follow_at_once(last, block, around) { "\n" } else { "\n\n" });
        }
        out.push_str(&text);
        last = Some((block, mark));
    }
    out
}

fn block(block: &Block, mark: char, around: Around) -> String {
    match block {
        Block::Paragraph { text, .. } => runs::write(text, Place::default()),
        Block::Heading { level, text, .. } => {
            let mut out = "#".repeat(usize::from((*level).clamp(1, 6)));
            let text = runs::write(text, Place { in_heading: true, ..Place::default() });
            if !text.is_empty() {
                out.push(' ');
                out.push_str(&text);
            }
            out
        }
        Block::List { start, items, .. } => list(*start, items, mark),
        Block::Table { header, rows, .. } => table(header, rows),
        Block::Code { language, text, .. } => code(language.as_deref().unwrap_or_default(), text),
        Block::Quote { blocks, .. } => {
            let inner = self::blocks(blocks, Around { bullet: None, is_inside: true });
            let quoted: Vec<_> = inner
                .split('\n')
                .map(|line| if line.is_empty() { ">".to_owned() } else { format!("> {line}") })
                .collect();
            quoted.join("\n")
        }
        // A line of dashes at the beginning of a line may begin front matter, and one in an item be part of its mark.
        Block::Rule { .. } => if around.is_inside { "___" } else { "---" }.to_owned(),
        Block::Raw { markup: Markup::Markdown, text, .. } => text.clone(),
        Block::Raw { markup: Markup::Wiki, text, .. } => code("wiki", text),
        Block::Raw { markup: Markup::Adf, text, .. } => code("json", text),
    }
}

/// The mark of a list: another one than that of the list right before it, which would go on otherwise, and than that
/// of the item which it begins, because three of a kind are a rule.
fn mark(block: &Block, last: Option<(&Block, char)>, around: Around) -> char {
    let Block::List { start, .. } = block else { return ' ' };
    let [usual, other] = if start.is_some() { ['.', ')'] } else { ['-', '*'] };
    let taken = match last {
        Some((Block::List { .. }, mark)) => Some(mark),
        Some(_) => None,
        None => around.bullet,
    };
    if taken == Some(usual) { other } else { usual }
}

/// Whether a block needs no empty line before it: a list in an item, right behind the item's text.
fn may_follow_at_once(last: &Block, block: &Block, around: Around) -> bool {
    let (Block::Paragraph { .. }, Block::List { start, items, .. }) = (last, block) else { return false };
    around.is_inside
        && matches!(start, None | Some(1))
        && matches!(items.first().and_then(|item| item.blocks.first()), Some(Block::Paragraph { .. }))
}

fn list(start: Option<u64>, items: &[Item], mark: char) -> String {
    let is_plain =
        |item: &Item| matches!(item.blocks[..], [] | [_] | [Block::Paragraph { .. }, Block::List { .. }]);
    let between = if items.iter().all(is_plain) { "\n" } else { "\n\n" };
    let mut out = String::new();
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            out.push_str(between);
        }
        let bullet = match start {
            Some(start) => {
                let number = start.saturating_add(number as u64).min(crate::markup::GREATEST_START);
                format!("{number}{mark}")
            }
            None => mark.to_string(),
        };
        let around = Around { bullet: Some(mark), is_inside: true };
        let indent = " ".repeat(bullet.len() + 1);
        out.push_str(&bullet);
        let text = blocks(&item.blocks, around);
        let checkbox = match item.done {
            Some(true) => "[x] ",
            Some(false) => "[ ] ",
            None => "",
        };
        for (number, line) in text.split('\n').enumerate() {
            match (number, line) {
                (0, "") => {}
                (0, line) => out.extend([" ", checkbox, line]),
                (_, "") => out.push('\n'),
                (_, line) => out.extend(["\n", &indent, line]),
            }
        }
    }
    out
}

fn table(header: &[Cell], rows: &[Vec<Cell>]) -> String {
    let columns = if header.is_empty() { rows.iter().map(Vec::len).max().unwrap_or(1) } else { header.len() };
    let mut out = String::new();
    if header.is_empty() {
        out.push_str(&"|  ".repeat(columns));
        out.push('|');
    } else {
        row(header, &mut out);
    }
    out.push('\n');
    out.push_str(&"| --- ".repeat(columns));
    out.push('|');
    for cells in rows {
        out.push('\n');
        row(cells, &mut out);
    }
    out
}

fn row(cells: &[Cell], out: &mut String) {
    for cell in cells {
        out.extend(["| ", &cell::write(&cell.blocks), " "]);
    }
    out.push('|');
}

fn code(language: &str, text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let mut out = fence.clone();
    for character in language.chars() {
        match character {
            '\\' | '&' | '`' | '\n' => super::escape::entity(character, &mut out),
            character => out.push(character),
        }
    }
    out.push('\n');
    if !text.is_empty() {
        out.push_str(text);
        out.push('\n');
    }
    out.push_str(&fence);
    out
}

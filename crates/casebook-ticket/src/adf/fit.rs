//! What Jira takes.

use super::marks::Flat;
use crate::markup::{Block, Blocks, Cell, Inline, Inlines, Item, Markup, normal};
use crate::{At, markdown};

/// Where blocks stand: not everything may stand everywhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Document,
    Cell,
    Item,
    Quote,
}

/// Blocks as ADF can hold them, in normal form; what it can hold already stays as it is. Reading what was written
/// yields these.
///
/// - Code is never emphasised, and emphasis ends with the line: marks are taken from code and parted at breaks.
///   Runs with the same marks are joined.
/// - Pictures stand by themselves: one in the middle of a text becomes a link.
/// - Inside of items and quotes a heading becomes a strong paragraph, a quote its content, and a rule is left out;
///   there and in cells a table becomes code in Markdown.
/// - A task has one paragraph and tasks below it, and is not numbered: others become items that begin with `[ ]` or
///   `[x]`; so do all tasks in quotes.
/// - What is raw in another markup becomes code.
#[must_use]
pub fn fit(blocks: &[Block]) -> Blocks {
    normal(fit_in(&normal(blocks.to_vec()), Place::Document))
}

fn fit_in(blocks: &[Block], place: Place) -> Blocks {
    let mut out = Blocks::new();
    for block in blocks {
        add(block, place, &mut out);
    }
    out
}

fn add(block: &Block, place: Place, out: &mut Blocks) {
    let is_narrow = matches!(place, Place::Item | Place::Quote);
    match block {
        Block::Paragraph { at, text } => paragraph(*at, text, out),
        Block::Heading { at, text, .. } if is_narrow => {
            paragraph(*at, &[Inline::Strong(text.clone())], out);
        }
        Block::Heading { at, level, text } => {
            let level = (*level).clamp(1, 6);
            out.push(Block::Heading { at: *at, level, text: Flat::of(text).nested() });
        }
        Block::List { items, .. } if items.is_empty() => {}
        Block::List { at, start, items } => {
            let fitted = if is_tasks(*start, items) && place != Place::Quote { task } else { item };
            out.push(Block::List { at: *at, start: *start, items: items.iter().map(fitted).collect() });
        }
        Block::Table { at, header, rows } if place == Place::Document => {
            let rows: Vec<_> = rows.iter().filter(|row| !row.is_empty()).map(|row| cells(row)).collect();
            if !(header.is_empty() && rows.is_empty()) {
                out.push(Block::Table { at: *at, header: cells(header), rows });
            }
        }
        Block::Table { at, .. } => {
            let text = markdown::write(std::slice::from_ref(block));
            out.push(Block::Code { at: (*at).into(), language: None, text: text.trim_end().to_owned() });
        }
        Block::Code { at, language, text } => {
            let language = language.clone().filter(|language| !language.is_empty());
            out.push(Block::Code { at: at.clone(), language, text: text.clone() });
        }
        Block::Quote { blocks, .. } if is_narrow => out.extend(fit_in(blocks, place)),
        Block::Quote { at, blocks } => {
            out.push(Block::Quote { at: *at, blocks: fit_in(blocks, Place::Quote) });
        }
        Block::Rule { .. } if is_narrow => {}
        Block::Rule { at } => out.push(Block::Rule { at: *at }),
        Block::Raw { at, markup: Markup::Adf, text } if super::write::raw(text).is_some() => {
            out.push(Block::Raw { at: *at, markup: Markup::Adf, text: super::read::compact(text) });
        }
        Block::Raw { at, text, .. } => {
            out.push(Block::Code { at: (*at).into(), language: None, text: text.clone() });
        }
    }
}

fn paragraph(at: At, text: &[Inline], out: &mut Blocks) {
    let text = runs(text);
    if !text.is_empty() {
        out.push(Block::Paragraph { at, text });
    }
}

fn runs(text: &[Inline]) -> Inlines {
    match text {
        [Inline::Image { .. }] => text.to_vec(),
        text => Flat::of(text).nested(),
    }
}

fn cells(row: &[Cell]) -> Vec<Cell> {
    row.iter().map(|cell| Cell { at: cell.at, blocks: fit_in(&cell.blocks, Place::Cell) }).collect()
}

fn item(item: &Item) -> Item {
    let mut blocks = fit_in(&item.blocks, Place::Item);
    if let Some(done) = item.done {
        let mark = Inline::Text(if done { "[x] " } else { "[ ] " }.to_owned());
        match blocks.first_mut() {
            Some(Block::Paragraph { text, .. }) => {
                text.insert(0, mark);
                *text = Flat::of(text).nested();
            }
            _ => blocks.insert(0, Block::Paragraph { at: item.at, text: vec![mark] }),
        }
    }
    Item { at: item.at, done: None, blocks }
}

fn task(item: &Item) -> Item {
    Item { at: item.at, done: item.done, blocks: fit_in(&item.blocks, Place::Item) }
}

/// Whether a list can be one of tasks.
pub(super) fn is_tasks(start: Option<u64>, items: &[Item]) -> bool {
    let is_task = |item: &Item| {
        let below = match item.blocks.as_slice() {
            [Block::Paragraph { text, .. }, below @ ..]
                if !matches!(text.as_slice(), [Inline::Image { .. }]) =>
            {
                below
            }
            below => below,
        };
        let is_tasks_below = |block: &Block| match block {
            Block::List { start, items, .. } => is_tasks(*start, items),
            _ => false,
        };
        item.done.is_some() && below.iter().all(is_tasks_below)
    };
    start.is_none() && !items.is_empty() && items.iter().all(is_task)
}

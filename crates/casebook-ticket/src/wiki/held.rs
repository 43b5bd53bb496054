//! What wiki markup holds, told without its writer, for the properties of all that write it.

use super::{scan, write};
use crate::At;
use crate::markup::{Block, Blocks, Cell, Inline, Inlines, Item, Markup, normal, normal_lines};

/// Where blocks stand.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a surrounding of its own")]
struct Place {
    tight: bool,
    item: bool,
    cell: bool,
    quoted: bool,
}

/// Blocks as wiki markup can hold them: what the writer documents as written as what is nearest is that already.
pub(crate) fn held(blocks: Blocks) -> Blocks {
    held_in(blocks, Place::default())
}

fn held_in(blocks: Blocks, place: Place) -> Blocks {
    let mut out = Blocks::new();
    for block in blocks {
        let at = At::default();
        let block = match block {
            Block::Paragraph { text, .. } => Block::Paragraph { at, text: held_lines(text) },
            Block::Heading { text, .. } if place.item && text.is_empty() => continue,
            Block::Heading { text, .. } if place.item => {
                Block::Paragraph { at, text: held_lines(vec![Inline::Strong(text)]) }
            }
            Block::Heading { level, text, .. } => {
                let text = text.into_iter().map(one_line).collect();
                Block::Heading { at, level, text: held_lines(text) }
            }
            Block::Rule { .. } if place.item => Block::paragraph(at, "----"),
            Block::Quote { blocks, .. } if place.quoted => {
                out.extend(held_in(blocks, place));
                continue;
            }
            Block::Quote { blocks, .. } => {
                Block::Quote { at, blocks: held_in(blocks, Place { quoted: true, ..Place::default() }) }
            }
            Block::Table { .. } if place.cell => continue,
            Block::Table { header, rows, .. } => {
                let place = Place { tight: true, item: false, cell: true, ..place };
                let row = |row: Vec<Cell>| {
                    row.into_iter()
                        .map(|cell| Cell { at, blocks: held_in(cell.blocks, place) })
                        .collect::<Vec<_>>()
                };
                Block::Table { at, header: row(header), rows: rows.into_iter().map(row).collect() }
            }
            Block::List { start, items, .. } => {
                let place = Place { tight: true, item: true, ..place };
                let items =
                    items.into_iter().map(|item| Item { blocks: held_in(item.blocks, place), ..item });
                Block::List { at, start: start.map(|_| 1), items: items.collect() }
            }
            Block::Code { language, text, .. } => {
                let language =
                    language.filter(|language| write::is_language(language) && !text.contains("{code}"));
                Block::Code { at: at.into(), language, text }
            }
            Block::Raw { markup, text, .. } if markup != Markup::Wiki => {
                Block::Code { at: at.into(), language: None, text }
            }
            other => other,
        };
        out.push(block);
    }
    // A list ends at an empty line or at a list of another kind, and in an item or a cell only at the latter.
    let mut kept = Blocks::new();
    for block in normal(out) {
        let follows = match (kept.last(), &block) {
            (Some(Block::List { start: one, .. }), Block::List { start: other, .. }) => {
                one.is_some() != other.is_some()
            }
            (Some(Block::List { .. }), _) => !place.tight,
            _ => true,
        };
        if follows {
            kept.push(block);
        }
    }
    kept
}

fn held_lines(text: Inlines) -> Inlines {
    let mut lines = vec![Inlines::new()];
    split(text, &mut lines, &|run| run);
    let lines = lines.into_iter().map(|line| normal_lines(line.into_iter().map(held_run).collect()));
    normal_lines(lines.collect::<Vec<_>>().join(&Inline::Break(At::default())))
}

fn split(text: Inlines, lines: &mut Vec<Inlines>, wrap: &dyn Fn(Inline) -> Inline) {
    for run in text {
        match run {
            Inline::Break(_) => lines.push(Inlines::new()),
            Inline::Strong(text) => split(text, lines, &|run| wrap(Inline::Strong(vec![run]))),
            Inline::Emphasis(text) => split(text, lines, &|run| wrap(Inline::Emphasis(vec![run]))),
            Inline::Strike(text) => split(text, lines, &|run| wrap(Inline::Strike(vec![run]))),
            other => lines.last_mut().expect("one line").push(wrap(other)),
        }
    }
}

fn held_run(run: Inline) -> Inline {
    match run {
        Inline::Strong(text) => Inline::Strong(text.into_iter().map(held_run).collect()),
        Inline::Emphasis(text) => Inline::Emphasis(text.into_iter().map(held_run).collect()),
        Inline::Strike(text) => Inline::Strike(text.into_iter().map(held_run).collect()),
        Inline::Link { url, text } => {
            let is_held = scan::is_address(&url, false) && !url.contains(['|', '[', ']', '\\', '{', ' ']);
            let url = if is_held { url } else { "https://other.example".to_owned() };
            let file = url.strip_prefix('^').map(str::to_owned);
            let text = match file {
                Some(file) if text.is_empty() => vec![Inline::Text(file)],
                None if text.is_empty() && !scan::is_address(&url, true) => vec![Inline::Text(url.clone())],
                _ => normal_lines(text.into_iter().map(one_line).map(held_run).collect()),
            };
            Inline::Link { url, text }
        }
        Inline::Image { url, text } => {
            let is_name = url.starts_with(char::is_alphanumeric)
                && url.trim_end() == url
                && !url.contains(['!', '|', '{', '\\']);
            let is_said = text.trim() == text && !text.contains(['!', '|', ',', '{', '\\']);
            Inline::Image {
                url: if is_name { url } else { "other.png".to_owned() },
                text: if is_said { text } else { String::new() },
            }
        }
        Inline::Raw { markup, text } if markup != Markup::Wiki => Inline::Code { at: At::default(), text },
        other => other,
    }
}

fn one_line(run: Inline) -> Inline {
    let inside = |text: Inlines| text.into_iter().map(one_line).collect();
    match run {
        Inline::Break(_) => Inline::Text(" ".to_owned()),
        Inline::Strong(text) => Inline::Strong(inside(text)),
        Inline::Emphasis(text) => Inline::Emphasis(inside(text)),
        Inline::Strike(text) => Inline::Strike(inside(text)),
        Inline::Image { url, text } => {
            Inline::Image { url: url.replace(['[', ']'], ""), text: text.replace(['[', ']'], "") }
        }
        other => other,
    }
}

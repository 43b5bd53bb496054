//! Blocks to ADF.

use serde_json::{Value, json};

use super::fit::{fit, is_tasks};
use super::marks::{Flat, Mark};
use crate::markup::{Block, Cell, Inline, Item, Markup};

/// A document of these blocks, as [`fit`] makes them.
#[must_use]
pub fn write(blocks: &[Block]) -> Value {
    let mut writer = Writer::default();
    json!({ "version": 1, "type": "doc", "content": writer.blocks(&fit(blocks)) })
}

/// A raw node, if it is one.
pub(super) fn raw(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(|value: &Value| value["type"].is_string())
}

#[derive(Default)]
struct Writer {
    /// How many tasks and lists of tasks were written: each has a name of its own.
    tasks: u32,
}

impl Writer {
    fn blocks(&mut self, blocks: &[Block]) -> Vec<Value> {
        blocks.iter().map(|block| self.block(block)).collect()
    }

    /// Blocks where there must be one.
    fn some_blocks(&mut self, blocks: &[Block]) -> Vec<Value> {
        match blocks {
            [] => vec![json!({ "type": "paragraph", "content": [] })],
            blocks => self.blocks(blocks),
        }
    }

    fn block(&mut self, block: &Block) -> Value {
        match block {
            Block::Paragraph { text, .. } => match text.as_slice() {
                [Inline::Image { url, text }] => picture(url, text),
                text => json!({ "type": "paragraph", "content": inlines(text) }),
            },
            Block::Heading { level, text, .. } => {
                json!({ "type": "heading", "attrs": { "level": level }, "content": inlines(text) })
            }
            Block::List { start: None, items, .. } if is_tasks(None, items) => self.tasks(items),
            Block::List { start, items, .. } => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| json!({ "type": "listItem", "content": self.some_blocks(&item.blocks) }))
                    .collect();
                match start {
                    Some(start) => {
                        json!({ "type": "orderedList", "attrs": { "order": start }, "content": items })
                    }
                    None => json!({ "type": "bulletList", "content": items }),
                }
            }
            Block::Table { header, rows, .. } => {
                let header = (!header.is_empty()).then(|| self.row("tableHeader", header));
                let rows: Vec<_> = rows.iter().map(|row| self.row("tableCell", row)).collect();
                json!({ "type": "table", "content": header.into_iter().chain(rows).collect::<Vec<_>>() })
            }
            Block::Code { language, text, .. } => {
                let attributes =
                    language.as_ref().map_or_else(|| json!({}), |name| json!({ "language": name }));
                let content =
                    if text.is_empty() { json!([]) } else { json!([{ "type": "text", "text": text }]) };
                json!({ "type": "codeBlock", "attrs": attributes, "content": content })
            }
            Block::Quote { blocks, .. } => {
                json!({ "type": "blockquote", "content": self.some_blocks(blocks) })
            }
            Block::Rule { .. } => json!({ "type": "rule" }),
            Block::Raw { text, .. } => raw(text).unwrap_or_default(),
        }
    }

    fn row(&mut self, kind: &str, cells: &[Cell]) -> Value {
        let cells: Vec<_> = cells
            .iter()
            .map(|cell| json!({ "type": kind, "attrs": {}, "content": self.some_blocks(&cell.blocks) }))
            .collect();
        json!({ "type": "tableRow", "content": cells })
    }

    fn tasks(&mut self, items: &[Item]) -> Value {
        let name = self.task_name();
        let mut content = Vec::new();
        for item in items {
            let (text, below) = match item.blocks.as_slice() {
                [Block::Paragraph { text, .. }, below @ ..] => (inlines(text), below),
                below => (Vec::new(), below),
            };
            let state = if item.done == Some(true) { "DONE" } else { "TODO" };
            let attributes = json!({ "localId": self.task_name(), "state": state });
            content.push(json!({ "type": "taskItem", "attrs": attributes, "content": text }));
            content.extend(self.blocks(below));
        }
        json!({ "type": "taskList", "attrs": { "localId": name }, "content": content })
    }

    fn task_name(&mut self) -> String {
        self.tasks += 1;
        format!("task-{}", self.tasks)
    }
}

fn picture(url: &str, text: &str) -> Value {
    let mut attributes = match url.strip_prefix("media:").and_then(|place| place.rsplit_once('/')) {
        Some((collection, id)) if !id.is_empty() => {
            json!({ "type": "file", "id": id, "collection": collection })
        }
        _ => json!({ "type": "external", "url": url }),
    };
    if !text.is_empty() {
        attributes["alt"] = text.into();
    }
    let media = json!({ "type": "media", "attrs": attributes });
    json!({ "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [media] })
}

fn inlines(text: &[Inline]) -> Vec<Value> {
    Flat::of(text).runs.iter().map(|(marks, run)| inline(marks, run)).collect()
}

fn inline(marks: &[Mark], run: &Inline) -> Value {
    match run {
        Inline::Text(text) => marked(text, marks, false),
        Inline::Code { text, .. } => marked(text, marks, true),
        Inline::Link { url, .. } => json!({ "type": "inlineCard", "attrs": { "url": url } }),
        Inline::Raw { markup: Markup::Adf, text } => raw(text).unwrap_or_default(),
        _ => json!({ "type": "hardBreak" }),
    }
}

fn marked(text: &str, marks: &[Mark], is_code: bool) -> Value {
    let marks: Vec<_> = marks
        .iter()
        .map(|mark| match mark {
            Mark::Strong => json!({ "type": "strong" }),
            Mark::Emphasis => json!({ "type": "em" }),
            Mark::Strike => json!({ "type": "strike" }),
            Mark::Link(url) => json!({ "type": "link", "attrs": { "href": url } }),
        })
        .chain(is_code.then(|| json!({ "type": "code" })))
        .collect();
    if marks.is_empty() {
        json!({ "type": "text", "text": text })
    } else {
        json!({ "type": "text", "text": text, "marks": marks })
    }
}

//! ADF to blocks.

use jiff::Timestamp;

use super::marks::{Flat, Mark};
use crate::json::{Json, Node};
use crate::markup::{Block, Blocks, Cell, Inline, Inlines, Item, Markup, normal};
use crate::{At, Places, source_map};

/// What stands in a document, in normal form.
pub(crate) fn document(json: &Json<'_>, node: &Node<'_>) -> Blocks {
    normal(blocks(json, node))
}

/// What stands in a node. What can be opened under a title ends with itself, and a heading does not: so it goes behind what
/// follows it, up to the next heading.
fn blocks(json: &Json<'_>, node: &Node<'_>) -> Blocks {
    let (mut out, mut titled) = (Blocks::new(), Blocks::new());
    for node in content(node) {
        if is_titled(node) {
            block(json, node, &mut titled);
            continue;
        }
        let begin = out.len();
        block(json, node, &mut out);
        if out[begin..].iter().any(|block| matches!(block, Block::Heading { .. })) {
            out.splice(begin..begin, titled.drain(..));
        }
    }
    out.append(&mut titled);
    out
}

fn is_titled(node: &Node<'_>) -> bool {
    matches!(node.text_at("type"), Some("expand" | "nestedExpand"))
        && attribute(node, "title").is_some_and(|title| !title.is_empty())
}

fn content<'n, 'a>(node: &'n Node<'a>) -> &'n [Node<'a>] {
    node.get("content").map_or(&[], Node::elements)
}

fn attribute<'n>(node: &'n Node<'_>, name: &str) -> Option<&'n str> {
    node.path(&["attrs", name])?.text()
}

fn block(json: &Json<'_>, node: &Node<'_>, out: &mut Blocks) {
    let at = start(json, node);
    match node.text_at("type").unwrap_or_default() {
        "paragraph" => paragraph(at, inlines(json, node), out),
        "heading" => {
            let level = node.get("attrs").and_then(|attrs| attrs.number_at("level")).unwrap_or(1);
            out.push(Block::Heading { at, level: level.clamp(1, 6) as u8, text: inlines(json, node) });
        }
        "bulletList" | "decisionList" => list(json, node, None, out),
        "orderedList" => {
            let start = node.get("attrs").and_then(|attrs| attrs.number_at("order")).unwrap_or(1);
            list(json, node, Some(start), out);
        }
        "taskList" => match tasks(json, node) {
            items if items.is_empty() => {}
            items => out.push(Block::List { at, start: None, items }),
        },
        "table" => table(json, node, out),
        "codeBlock" => out.push(code(json, node)),
        "blockquote" => out.push(Block::Quote { at, blocks: blocks(json, node) }),
        "rule" => out.push(Block::Rule { at }),
        "expand" | "nestedExpand" => {
            if let Some(title) = attribute(node, "title").filter(|title| !title.is_empty()) {
                // Lines of a string are no lines of the file.
                let text = crate::markup::lines(At::default(), title);
                out.push(Block::Heading { at, level: 3, text });
            }
            out.extend(blocks(json, node));
        }
        // What is only a frame around it.
        "doc" | "panel" | "layoutSection" | "layoutColumn" => out.extend(blocks(json, node)),
        "mediaSingle" | "mediaGroup" => {
            for node in content(node) {
                match picture(node) {
                    Some(picture) => paragraph(at, vec![picture], out),
                    None => paragraph(at, inlines(json, node), out),
                }
            }
        }
        "blockCard" | "embedCard" if attribute(node, "url").is_some() => {
            let url = attribute(node, "url").unwrap_or_default().to_owned();
            paragraph(at, vec![Inline::Link { url, text: Inlines::new() }], out);
        }
        _ => out.push(Block::Raw { at, markup: Markup::Adf, text: compact(json.source(node)) }),
    }
}

fn code(json: &Json<'_>, node: &Node<'_>) -> Block {
    let language = attribute(node, "language").filter(|language| !language.is_empty()).map(str::to_owned);
    let mut at = source_map::Builder::new(start(json, node));
    let mut text = String::new();
    for node in content(node).iter().filter_map(|node| node.get("text")) {
        let piece = node.text().unwrap_or_default();
        at.push(piece, &json.places(node), 0);
        text.push_str(piece);
    }
    Block::Code { at: at.done(), language, text }
}

/// Where a block's first text begins, else the block itself.
fn start(json: &Json<'_>, node: &Node<'_>) -> At {
    match (node.get("text"), content(node).first()) {
        (Some(text), _) => json.at(text),
        (None, Some(first)) => start(json, first),
        (None, None) => json.at(node),
    }
}

fn paragraph(at: At, text: Inlines, out: &mut Blocks) {
    if !text.is_empty() {
        out.push(Block::Paragraph { at, text });
    }
}

fn list(json: &Json<'_>, node: &Node<'_>, number: Option<u64>, out: &mut Blocks) {
    let item = |node: &Node<'_>| {
        let at = start(json, node);
        let blocks = match node.text_at("type") {
            Some("decisionItem") => text(at, inlines(json, node)),
            _ => blocks(json, node),
        };
        Item { at, done: None, blocks }
    };
    let items: Vec<_> = content(node).iter().map(item).collect();
    if !items.is_empty() {
        out.push(Block::List { at: start(json, node), start: number, items });
    }
}

/// Tasks; those that are nested stand behind the one that they belong to.
fn tasks(json: &Json<'_>, node: &Node<'_>) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for node in content(node) {
        let at = start(json, node);
        match (node.text_at("type"), items.last_mut()) {
            (Some("taskList"), Some(item)) => {
                item.blocks.push(Block::List { at, start: None, items: tasks(json, node) });
            }
            (Some("taskList"), None) => items.extend(tasks(json, node)),
            (Some("blockTaskItem"), _) => {
                items.push(Item { at, done: Some(is_done(node)), blocks: blocks(json, node) });
            }
            _ => items.push(Item { at, done: Some(is_done(node)), blocks: text(at, inlines(json, node)) }),
        }
    }
    items
}

fn is_done(node: &Node<'_>) -> bool {
    attribute(node, "state") == Some("DONE")
}

fn text(at: At, text: Inlines) -> Blocks {
    let mut out = Blocks::new();
    paragraph(at, text, &mut out);
    out
}

fn table(json: &Json<'_>, node: &Node<'_>, out: &mut Blocks) {
    let is_header =
        |row: &&Node<'_>| content(row).iter().all(|cell| cell.text_at("type") == Some("tableHeader"));
    let mut rows: Vec<_> = content(node).iter().filter(|row| !content(row).is_empty()).collect();
    let header = match rows.first().copied().filter(is_header) {
        Some(row) => {
            rows.remove(0);
            cells(json, row)
        }
        None => Vec::new(),
    };
    let rows: Vec<_> = rows.into_iter().map(|row| cells(json, row)).collect();
    if !(header.is_empty() && rows.is_empty()) {
        out.push(Block::Table { at: start(json, node), header, rows });
    }
}

/// The cells of a row; one that takes several columns is followed by empty ones.
fn cells(json: &Json<'_>, row: &Node<'_>) -> Vec<Cell> {
    let mut cells = Vec::new();
    for cell in content(row) {
        let at = start(json, cell);
        let columns = cell.get("attrs").and_then(|attrs| attrs.number_at("colspan")).unwrap_or(1);
        cells.push(Cell { at, blocks: blocks(json, cell) });
        cells.extend((1..columns.min(100)).map(|_| Cell { at, blocks: Blocks::new() }));
    }
    cells
}

/// The runs of text in a node.
fn inlines(json: &Json<'_>, node: &Node<'_>) -> Inlines {
    let mut flat = Flat::default();
    let nodes = content(node);
    for (number, node) in nodes.iter().enumerate() {
        match node.text_at("type").unwrap_or_default() {
            "text" => texts(json, node, &mut flat),
            "hardBreak" => {
                let next = nodes.get(number + 1).unwrap_or(node);
                flat.runs.push((Vec::new(), Inline::Break(start(json, next))));
            }
            _ => flat.runs.push((Vec::new(), inline(json, node))),
        }
    }
    flat.nested()
}

fn texts(json: &Json<'_>, node: &Node<'_>, flat: &mut Flat) {
    let Some(string) = node.get("text") else { return };
    let text = string.text().unwrap_or_default();
    let mut is_code = false;
    let mut marks = Vec::new();
    for mark in node.get("marks").map_or(&[][..], Node::elements) {
        match mark.text_at("type").unwrap_or_default() {
            "strong" => marks.push(Mark::Strong),
            "em" => marks.push(Mark::Emphasis),
            "strike" => marks.push(Mark::Strike),
            "link" => marks.push(Mark::Link(attribute(mark, "href").unwrap_or_default().to_owned())),
            "code" => is_code = true,
            _ => {}
        }
    }
    if text.is_empty() {
    } else if is_code {
        flat.runs.push((marks, Inline::Code { at: json.at(string), text: text.to_owned() }));
    } else {
        let mut offset = 0;
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                flat.runs.push((Vec::new(), Inline::Break(json.places(string).at(offset))));
            }
            if !line.is_empty() {
                flat.runs.push((marks.clone(), Inline::Text(line.to_owned())));
            }
            offset += line.len() + 1;
        }
    }
}

/// A run that is no text: what is seen of it, where that is a text.
fn inline(json: &Json<'_>, node: &Node<'_>) -> Inline {
    let shown = match node.text_at("type").unwrap_or_default() {
        "mention" => attribute(node, "text").map(|name| format!("@{}", name.trim_start_matches('@'))),
        "emoji" => attribute(node, "text").or_else(|| attribute(node, "shortName")).map(str::to_owned),
        "status" | "placeholder" => attribute(node, "text").map(str::to_owned),
        "date" => attribute(node, "timestamp").and_then(day),
        "inlineCard" => {
            let url = attribute(node, "url").map(str::to_owned);
            return url.map_or_else(|| raw(json, node), |url| Inline::Link { url, text: Inlines::new() });
        }
        "mediaInline" => return picture(node).unwrap_or_else(|| raw(json, node)),
        _ => None,
    };
    shown
        .filter(|text| !text.is_empty() && !text.contains('\n'))
        .map_or_else(|| raw(json, node), Inline::Text)
}

/// The day of a time in milliseconds, as ADF has it.
fn day(timestamp: &str) -> Option<String> {
    let time = Timestamp::from_millisecond(timestamp.parse().ok()?).ok()?;
    Some(time.strftime("%Y-%m-%d").to_string())
}

fn raw(json: &Json<'_>, node: &Node<'_>) -> Inline {
    Inline::Raw { markup: Markup::Adf, text: compact(json.source(node)) }
}

/// A picture: by its address, or by what it is called among the attachments.
fn picture(node: &Node<'_>) -> Option<Inline> {
    if !matches!(node.text_at("type"), Some("media" | "mediaInline")) {
        return None;
    }
    let text = attribute(node, "alt").unwrap_or_default().to_owned();
    let url = match attribute(node, "url") {
        Some(url) => url.to_owned(),
        None => {
            format!("media:{}/{}", attribute(node, "collection").unwrap_or_default(), attribute(node, "id")?)
        }
    };
    Some(Inline::Image { url, text })
}

/// JSON without any space around its values, so that it is the same again when it was written and read.
pub(super) fn compact(source: &str) -> String {
    serde_json::from_str::<serde_json::Value>(source)
        .map_or_else(|_| source.to_owned(), |value| value.to_string())
}

//! A table's cell out of blocks: one line, with HTML for all that is more than that.

use super::super::escape::{Place, entity, text};
use super::runs;
use crate::markup::{Block, Cell, Item};

const IN_CELL: Place = Place { in_cell: true, in_heading: false, in_brackets: false };

/// The cell, bars escaped.
pub(super) fn write(blocks: &[Block]) -> String {
    let mut out = String::new();
    self::blocks(blocks, &mut out);
    out.replace('|', "\\|")
}

fn blocks(blocks: &[Block], out: &mut String) {
    let mut follows_paragraph = false;
    for block in blocks {
        let is_paragraph = matches!(block, Block::Paragraph { .. });
        if is_paragraph && follows_paragraph {
            out.push_str("<br><br>");
        }
        follows_paragraph = is_paragraph;
        self::block(block, out);
    }
}

fn block(block: &Block, out: &mut String) {
    match block {
        Block::Paragraph { text, .. } => out.push_str(&runs::write(text, IN_CELL)),
        Block::Heading { level, text, .. } => {
            let level = level.to_string();
            out.extend(["<h", &level, ">", &runs::write(text, IN_CELL), "</h", &level, ">"]);
        }
        Block::List { start, items, .. } => list(*start, items, out),
        Block::Table { header, rows, .. } => {
            out.push_str("<table>");
            row(header, "th", out);
            for cells in rows {
                row(cells, "td", out);
            }
            out.push_str("</table>");
        }
        Block::Code { language, text, .. } => code(language.as_deref(), text, out),
        Block::Quote { blocks, .. } => {
            out.push_str("<blockquote>");
            self::blocks(blocks, out);
            out.push_str("</blockquote>");
        }
        Block::Rule { .. } => out.push_str("<hr>"),
        Block::Raw { text, .. } => code(None, text, out),
    }
}

fn list(start: Option<u64>, items: &[Item], out: &mut String) {
    match start {
        None => out.push_str("<ul>"),
        Some(1) => out.push_str("<ol>"),
        Some(start) => out.extend(["<ol start=\"", &start.to_string(), "\">"]),
    }
    for item in items {
        out.push_str("<li>");
        match item.done {
            Some(true) => out.push_str("[x] "),
            Some(false) => out.push_str("[ ] "),
            None => {}
        }
        blocks(&item.blocks, out);
        out.push_str("</li>");
    }
    out.push_str(if start.is_some() { "</ol>" } else { "</ul>" });
}

fn row(cells: &[Cell], name: &str, out: &mut String) {
    if cells.is_empty() {
        return;
    }
    out.push_str("<tr>");
    for cell in cells {
        out.extend(["<", name, ">"]);
        blocks(&cell.blocks, out);
        out.extend(["</", name, ">"]);
    }
    out.push_str("</tr>");
}

fn code(language: Option<&str>, source: &str, out: &mut String) {
    out.push_str("<pre><code");
    if let Some(language) = language {
        out.push_str(" class=\"language-");
        for character in language.chars() {
            match character {
                '"' | '&' | '<' | '>' | '\\' | '|' | '`' => entity(character, out),
                character => out.push(character),
            }
        }
        out.push('"');
    }
    out.push('>');
    for (number, line) in source.split('\n').enumerate() {
        if number > 0 {
            out.push_str("<br>");
        }
        let mut escaped = String::new();
        text(line, '<', IN_CELL, &mut escaped);
        out.push_str(&escaped);
    }
    out.push_str("</code></pre>");
}

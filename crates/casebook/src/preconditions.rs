//! Pre-conditions, told apart: an item, a row or a line for each, and what goes on with it.

use std::sync::LazyLock;

use casebook_ticket::At;
use casebook_ticket::markup::{Block, Inline, plain, plain_blocks};
use regex::Regex;

/// One pre-condition.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Precondition {
    /// Where it begins.
    pub(crate) at: At,
    /// Its words, with its id.
    pub(crate) text: String,
    /// Whether it is a row of a table, where an empty cell is an empty cell.
    pub(crate) is_row: bool,
    /// In how many lists it stands.
    depth: usize,
}

/// An id at the beginning.
static ID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[\s\-*•]*((?:[A-Z][A-Z0-9]*[-_])+[0-9]+)\b").expect("the pattern is sound")
});

impl Precondition {
    /// Its id, if there is nothing else.
    pub(crate) fn lone_id(&self) -> Option<&str> {
        let id = ID.captures(&self.text)?.get(1)?;
        let behind = &self.text[id.end()..];
        behind.chars().all(|character| " \t.:;,–-".contains(character)).then_some(id.as_str())
    }
}

/// The pre-conditions of a section.
pub(crate) fn read(body: &[Block]) -> Vec<Precondition> {
    let mut reader = Reader::default();
    reader.blocks(body, 0);
    reader.found
}

#[derive(Default)]
struct Reader {
    found: Vec<Precondition>,
    /// Whether the last one may go on.
    is_open: bool,
}

impl Reader {
    fn blocks(&mut self, blocks: &[Block], depth: usize) {
        for block in blocks {
            match block {
                Block::Paragraph { at, text } => self.lines(*at, text, depth, false),
                Block::List { items, .. } => {
                    for item in items {
                        let (first, rest) = item.blocks.split_at(item.blocks.len().min(1));
                        if let [Block::Paragraph { at, text }] = first {
                            self.lines(*at, text, depth + 1, true);
                        } else {
                            self.blocks(first, depth + 1);
                        }
                        self.blocks(rest, depth + 1);
                    }
                }
                Block::Table { rows, .. } => {
                    for row in rows {
                        let cells: Vec<_> = row.iter().map(|cell| plain_blocks(&cell.blocks)).collect();
                        let at = row.first().map_or_else(At::default, |cell| cell.at);
                        self.add(Precondition { at, text: cells.join(" "), is_row: true, depth });
                    }
                    self.is_open = false;
                }
                Block::Quote { blocks, .. } => self.blocks(blocks, depth),
                Block::Code { text, .. } | Block::Raw { text, .. } => {
                    self.line(block.at(), text, depth, false);
                }
                Block::Heading { .. } | Block::Rule { .. } => self.is_open = false,
            }
        }
    }

    fn lines(&mut self, at: At, text: &[Inline], depth: usize, begins_item: bool) {
        let mut place = at;
        let mut begins = begins_item;
        for line in text.split_inclusive(|run| matches!(run, Inline::Break(_))) {
            self.line(place, &plain(line), depth, begins);
            begins = false;
            if let Some(Inline::Break(at)) = line.last() {
                place = *at;
            }
        }
    }

    fn line(&mut self, at: At, text: &str, depth: usize, begins_item: bool) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let is_lone = |last: &Precondition| last.lone_id().is_some();
        let goes_on = |last: &Precondition| {
            if begins_item { last.depth < depth && is_lone(last) } else { depth > 0 || is_lone(last) }
        };
        match self.found.last_mut().filter(|_| self.is_open) {
            Some(last) if !ID.is_match(text) && goes_on(last) => {
                last.text.push(' ');
                last.text.push_str(text);
            }
            _ => self.add(Precondition { at, text: text.to_owned(), is_row: false, depth }),
        }
    }

    fn add(&mut self, precondition: Precondition) {
        self.found.push(precondition);
        self.is_open = true;
    }
}

#[cfg(test)]
mod tests {
    use casebook_ticket::markup::Item;

    use super::*;

    fn paragraph(line: u32, text: &str) -> Block {
        Block::paragraph(At::new(line, 1), text)
    }

    fn list(items: Vec<Vec<Block>>) -> Block {
        let item = |blocks: Vec<Block>| Item { at: blocks[0].at(), done: None, blocks };
        Block::List { at: At::new(1, 1), start: None, items: items.into_iter().map(item).collect() }
    }

    fn told(body: &[Block]) -> Vec<(u32, String)> {
        read(body).into_iter().map(|found| (found.at.line, found.text)).collect()
    }

    #[test]
    fn what_stands_behind_an_id_belongs_to_it_wherever_it_stands() {
        let whole = [(3, "PC-030 RabbitMQ is blocked".to_owned())];
        assert_eq!(told(&[paragraph(3, "PC-030\nRabbitMQ is blocked")]), whole, "lines");
        assert_eq!(told(&[paragraph(3, "PC-030"), paragraph(5, "RabbitMQ is blocked")]), whole, "paragraphs");
        assert_eq!(
            told(&[list(vec![vec![paragraph(3, "PC-030\nRabbitMQ is blocked")]])]),
            whole,
            "an item's lines"
        );
        let paragraphs = vec![paragraph(3, "PC-030"), paragraph(5, "RabbitMQ is blocked")];
        assert_eq!(told(&[list(vec![paragraphs])]), whole, "an item's paragraphs");
        let nested = list(vec![vec![paragraph(4, "RabbitMQ is blocked")]]);
        assert_eq!(
            told(&[list(vec![vec![paragraph(3, "PC-030"), nested.clone()]])]),
            whole,
            "an item's list"
        );
        assert_eq!(told(&[paragraph(3, "PC-030:"), nested])[0].1, "PC-030: RabbitMQ is blocked", "a list");
    }

    #[test]
    fn what_has_an_item_or_an_id_of_its_own_is_another() {
        let items = list(vec![vec![paragraph(3, "PC-030")], vec![paragraph(4, "the shop is up")]]);
        let found = read(&[items]);
        assert_eq!((found.len(), found[0].lone_id()), (2, Some("PC-030")));
        let found = read(&[paragraph(3, "PC-001\nPC-002: up\nand more")]);
        assert_eq!(found.iter().map(Precondition::lone_id).collect::<Vec<_>>(), [Some("PC-001"), None, None]);
        assert_eq!(found[1].at.line, 4);
    }
}

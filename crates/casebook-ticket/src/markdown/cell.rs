//! Blocks out of the HTML that stands in the cell of a table.

use pulldown_cmark::Event;

use super::html::{Tag, unescape};
use super::read::{DEEPEST, Text};
use super::runs::{self, Marked};
use crate::SourceMap;
use crate::markup::{Block, Blocks, Cell, Inline, Inlines, Item, normal_paragraph};
use crate::unpacked::Unpacked;

/// Reads the events of a cell.
pub(super) fn read(text: Text<'_>, events: &[Marked<'_>]) -> Blocks {
    let mut reader = Reader { text, events, next: 0, has_unclosed_code: false };
    reader.blocks(0, &[])
}

struct Reader<'a, 'e> {
    text: Text<'a>,
    events: &'e [Marked<'e>],
    next: usize,
    /// Whether an end of `<pre>` has been looked for in vain: it is not looked for twice.
    has_unclosed_code: bool,
}

impl<'e> Reader<'_, 'e> {
    /// Blocks up to a tag that one of the given names begins or ends, which is left.
    fn blocks(&mut self, depth: usize, stops: &[&str]) -> Blocks {
        let mut out = Blocks::new();
        let mut begins = self.next;
        let mut marks = 0_usize;
        while let Some((event, _)) = self.events.get(self.next) {
            match event {
                Event::Start(_) => marks += 1,
                Event::End(_) => marks = marks.saturating_sub(1),
                _ => {}
            }
            let tag = if marks == 0 { self.tag() } else { None };
            let Some((name, tag)) = tag else {
                self.next += 1;
                continue;
            };
            if stops.contains(&name.as_str()) {
                break;
            }
            let run = begins..self.next;
            let block = if depth < DEEPEST { self.block(&name, tag, depth) } else { None };
            if block.is_some() || matches!(name.as_str(), "p" | "/p" | "div" | "/div") {
                let after = self.next;
                self.paragraphs(run, &mut out);
                self.next = after;
                if block.is_none() {
                    self.next += 1;
                }
                out.extend(block);
                begins = self.next;
            } else {
                self.next += 1;
            }
        }
        self.paragraphs(begins..self.next, &mut out);
        out
    }

    /// The tag that comes next, with its name in lower case, behind a slash when it ends an element.
    fn tag(&self) -> Option<(String, Tag<'e>)> {
        let (Event::InlineHtml(html), _) = self.events.get(self.next)? else { return None };
        let tag = Tag::of(html)?;
        let slash = if tag.closes { "/" } else { "" };
        Some((format!("{slash}{}", tag.name.to_ascii_lowercase()), tag))
    }

    /// The block that a tag begins; when it begins none, nothing is taken.
    fn block(&mut self, name: &str, tag: Tag<'_>, depth: usize) -> Option<Block> {
        let (_, range) = self.events.get(self.next)?;
        let at = self.text.at(range.start);
        let begins = range.end;
        match name {
            "hr" => {
                self.next += 1;
                Some(Block::Rule { at })
            }
            "ul" | "ol" => {
                let start =
                    (name == "ol").then(|| tag.attribute("start").and_then(|start| start.parse().ok()));
                self.next += 1;
                let items = self.items(depth + 1);
                Some(Block::List { at, start: start.map(|start| start.unwrap_or(1)), items })
            }
            "pre" => self.code(begins),
            "blockquote" => {
                self.next += 1;
                let blocks = self.blocks(depth + 1, &["/blockquote"]);
                self.close(name);
                Some(Block::Quote { at, blocks })
            }
            "table" => {
                self.next += 1;
                Some(self.table(at, depth + 1))
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = name.as_bytes()[1] - b'0';
                self.next += 1;
                let text = self.blocks(depth + 1, &[&format!("/{name}")]);
                self.close(name);
                let text = text.into_iter().find_map(|block| match block {
                    Block::Paragraph { text, .. } => Some(text),
                    _ => None,
                });
                Some(Block::Heading { at, level, text: text.unwrap_or_default() })
            }
            _ => None,
        }
    }

    /// Takes a closing tag, if it is the next.
    fn close(&mut self, name: &str) -> bool {
        let closes = self.tag().is_some_and(|(next, _)| next.strip_prefix('/') == Some(name));
        self.next += usize::from(closes);
        closes
    }

    fn items(&mut self, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        while self.next < self.events.len() {
            if self.close("ul") || self.close("ol") {
                break;
            }
            let begins_item = self.tag().is_some_and(|(name, _)| name == "li");
            self.next += 1;
            if begins_item {
                items.push(self.item(depth));
                self.close("li");
            }
        }
        items
    }

    fn item(&mut self, depth: usize) -> Item {
        let begins = self.events.get(self.next).map_or(self.text.source.len(), |(_, range)| range.start);
        let mut blocks = self.blocks(depth, &["li", "/li", "/ul", "/ol"]);
        let done = self.done(begins, &mut blocks);
        let at = blocks.first().map_or_else(|| self.text.at(begins), Block::at);
        Item { at, done, blocks }
    }

    /// Takes the box away that an item begins with, unless it is escaped.
    fn done(&self, begins: usize, blocks: &mut Blocks) -> Option<bool> {
        let done = match self.text.source.get(begins..begins + 4)? {
            "[ ] " => false,
            "[x] " | "[X] " => true,
            _ => return None,
        };
        if self.text.source[..begins].ends_with('\\') {
            return None;
        }
        let Some(Block::Paragraph { text, .. }) = blocks.first_mut() else { return None };
        let Some(Inline::Text(words)) = text.first_mut() else { return None };
        let rest = words.get(4..)?.to_owned();
        if rest.is_empty() {
            text.remove(0);
        } else {
            *words = rest;
        }
        Some(done)
    }

    fn code(&mut self, begins: usize) -> Option<Block> {
        if self.has_unclosed_code {
            return None;
        }
        let is_end = |(event, _): &Marked<'_>| matches!(event, Event::InlineHtml(html) if html.eq_ignore_ascii_case("</pre>"));
        let Some(end) = self.events[self.next..].iter().position(is_end) else {
            self.has_unclosed_code = true;
            return None;
        };
        let end = self.next + end;
        let mut source = &self.text.source[begins..self.events[end].1.start];
        let mut language = None;
        let mut at = begins;
        if let Some(tag_end) = source.find('>').filter(|_| source.starts_with("<code")) {
            let class = Tag::of(&source[..=tag_end]).and_then(|tag| tag.attribute("class"));
            language = class.and_then(|class| class.strip_prefix("language-").map(str::to_owned));
            source = &source[tag_end + 1..];
            at += tag_end + 1;
        }
        let source = source.strip_suffix("</code>").unwrap_or(source);
        self.next = end + 1;
        let mut places = Unpacked::plain(self.text.places, at);
        let text = unescape(source, |length, taken| places.goes_on(length, at + taken));
        Some(Block::Code { at: SourceMap::of(&text, &places, 0), language, text })
    }

    fn table(&mut self, at: crate::At, depth: usize) -> Block {
        let mut header = Vec::new();
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        let mut row = Vec::new();
        let mut is_header = false;
        while self.next < self.events.len() && !self.close("table") {
            let name = self.tag().map(|(name, _)| name).unwrap_or_default();
            self.next += 1;
            match name.as_str() {
                "td" | "th" => {
                    is_header = name == "th" && header.is_empty() && rows.is_empty();
                    let begins =
                        self.events.get(self.next).map_or(self.text.source.len(), |(_, range)| range.start);
                    let blocks = self.blocks(depth, &["td", "/td", "th", "/th", "tr", "/tr", "/table"]);
                    row.push(Cell { at: self.text.at(begins), blocks });
                }
                "/tr" if !row.is_empty() => {
                    let row = std::mem::take(&mut row);
                    if is_header {
                        header = row;
                    } else {
                        rows.push(row);
                    }
                }
                _ => {}
            }
        }
        Block::Table { at, header, rows }
    }

    /// The paragraphs of a stretch without blocks: an empty line parts them.
    fn paragraphs(&self, stretch: std::ops::Range<usize>, out: &mut Blocks) {
        let events = &self.events[stretch];
        let Some((_, first)) = events.first() else { return };
        let mut at = self.text.at(first.start);
        let mut text = Inlines::new();
        let mut flush = |text: &mut Inlines, at| {
            out.extend(normal_paragraph(at, std::mem::take(text)));
        };
        for run in runs::read(self.text, events) {
            if let (Some(Inline::Break(_)), Inline::Break(next)) = (text.last(), &run) {
                flush(&mut text, at);
                at = *next;
            } else {
                text.push(run);
            }
        }
        flush(&mut text, at);
    }
}

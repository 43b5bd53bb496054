//! Blocks out of Markdown.

use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, OffsetIter, Options, Parser, Tag, TagEnd};

use super::cell;
use super::runs::{self, Marked};
use crate::markup::{Block, Blocks, Cell, Item, Markup, normal_lines, normal_paragraph};
use crate::{At, Places, source_map};

/// How deep blocks may be inside blocks; what is deeper is kept as it stands.
pub(super) const DEEPEST: usize = 24;

/// The text that is read, with what tells positions in it.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) source: &'a str,
    pub(super) places: &'a dyn Places,
}

impl Text<'_> {
    pub(super) fn at(&self, offset: usize) -> At {
        self.places.at(offset)
    }
}

pub(super) const OPTIONS: Options =
    Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

pub(super) fn read(source: &str, places: &dyn Places) -> Blocks {
    if source.lines().any(nests_beyond_reason) {
        let text = source.trim_end_matches('\n').to_owned();
        return vec![Block::Raw { at: places.at(0), markup: Markup::Markdown, text }];
    }
    let events = Parser::new_ext(source, OPTIONS).into_offset_iter().peekable();
    let mut reader = Reader { text: Text { source, places }, events, line: Vec::new() };
    reader.blocks(0).blocks
}

/// How many containers may begin in one line: the parser looks at all of them again for each line that follows.
const MOST_IN_LINE: usize = 200;

/// Whether a line begins more containers than anybody writes.
fn nests_beyond_reason(line: &str) -> bool {
    let is_mark = |byte: &u8| b" \t>-+*.)".contains(byte) || byte.is_ascii_digit();
    let start = line.bytes().take_while(is_mark).count();
    let quotes = line[..start].bytes().filter(|byte| *byte == b'>').count();
    start > MOST_IN_LINE && quotes + line[..start].split_whitespace().count() > MOST_IN_LINE
}

struct Reader<'a> {
    text: Text<'a>,
    events: Peekable<OffsetIter<'a>>,
    /// The events of the paragraph that is read; kept for its memory.
    line: Vec<Marked<'a>>,
}

/// What stands in a container.
#[derive(Default)]
struct Content {
    /// The box that it begins with.
    done: Option<bool>,
    blocks: Blocks,
}

impl<'a> Reader<'a> {
    /// Blocks up to the end of the container that they are in, which is taken as well.
    fn blocks(&mut self, depth: usize) -> Content {
        let mut content = Content::default();
        while let Some((event, range)) = self.events.next() {
            let at = self.text.at(range.start);
            match event {
                Event::End(_) => break,
                Event::Start(Tag::Paragraph) => {
                    self.take_line(None);
                    self.paragraph(at, &mut content);
                }
                Event::Start(Tag::Heading { level, .. }) => {
                    self.take_line(None);
                    let text = normal_lines(runs::read(self.text, &self.line));
                    content.blocks.push(Block::Heading { at, level: level as u8, text });
                }
                Event::Start(Tag::CodeBlock(kind)) => content.blocks.push(self.code(kind, &range)),
                Event::Start(Tag::HtmlBlock) => {
                    let text = self.html();
                    let text = text.trim_end_matches('\n').to_owned();
                    content.blocks.push(Block::Raw { at, markup: Markup::Markdown, text });
                }
                Event::Start(Tag::List(_) | Tag::BlockQuote(_)) if depth >= DEEPEST => {
                    self.skip();
                    let text = self.text.source[range].trim_end().to_owned();
                    content.blocks.push(Block::Raw { at, markup: Markup::Markdown, text });
                }
                Event::Start(Tag::List(start)) => {
                    let items = self.items(depth + 1);
                    content.blocks.push(Block::List { at, start, items });
                }
                Event::Start(Tag::BlockQuote(_)) => {
                    let blocks = self.blocks(depth + 1).blocks;
                    if !blocks.is_empty() {
                        content.blocks.push(Block::Quote { at, blocks });
                    }
                }
                Event::Start(Tag::Table(columns)) => content.blocks.extend(self.table(at, columns.len())),
                Event::Rule => content.blocks.push(Block::Rule { at }),
                event => {
                    self.take_line(Some((event, range)));
                    self.paragraph(at, &mut content);
                }
            }
        }
        content
    }

    /// The paragraph whose events have been taken.
    fn paragraph(&mut self, at: At, content: &mut Content) {
        let line = match self.line.first() {
            Some((Event::TaskListMarker(done), _)) => {
                content.done = Some(*done);
                &self.line[1..]
            }
            _ => &self.line[..],
        };
        let at = line.first().map_or(at, |(_, range)| self.text.at(range.start));
        match normal_paragraph(at, runs::read(self.text, line)) {
            Some(paragraph) => content.blocks.push(paragraph),
            None => content.done = None,
        }
    }

    /// Takes the events of a paragraph: those up to its end; or, when it began with an event of its own because it is
    /// an item without empty lines around it, those before the next block.
    fn take_line(&mut self, first: Option<Marked<'a>>) {
        self.line.clear();
        let is_bare = first.is_some();
        let mut depth = usize::from(matches!(&first, Some((Event::Start(_), _))));
        self.line.extend(first);
        loop {
            match self.events.peek() {
                Some((Event::Start(tag), _)) if depth > 0 || !is_bare || is_inline(tag) => depth += 1,
                Some((Event::Start(_) | Event::Rule, _)) if is_bare => return,
                Some((Event::End(_), _)) if depth > 0 => depth -= 1,
                Some((Event::End(_), _)) => {
                    if !is_bare {
                        self.events.next();
                    }
                    return;
                }
                None => return,
                Some(_) => {}
            }
            self.line.extend(self.events.next());
        }
    }

    /// The source of HTML, up to its end.
    fn html(&mut self) -> String {
        let mut html = String::new();
        for (event, _) in self.events.by_ref() {
            match event {
                Event::End(_) => break,
                Event::Text(text) | Event::Html(text) => html.push_str(&text),
                _ => {}
            }
        }
        html
    }

    fn code(&mut self, kind: CodeBlockKind<'_>, range: &Range<usize>) -> Block {
        let language = match kind {
            CodeBlockKind::Fenced(info) => Some(info.trim().to_owned()).filter(|info| !info.is_empty()),
            CodeBlockKind::Indented => None,
        };
        let behind_fence = self.text.source[range.clone()].find('\n');
        let begins = behind_fence.map_or(range.end, |end| range.start + end + 1);
        let mut at = source_map::Builder::new(self.text.at(begins));
        let mut text = String::new();
        for (event, range) in self.events.by_ref() {
            match event {
                Event::Text(line) => {
                    at.push(&line, self.text.places, range.start);
                    text.push_str(&line);
                }
                _ => break,
            }
        }
        if text.ends_with('\n') {
            text.pop();
        }
        Block::Code { at: at.done(), language, text }
    }

    /// Passes over the rest of a container.
    fn skip(&mut self) {
        let mut depth = 1;
        while depth > 0 {
            match self.events.next() {
                Some((Event::Start(_), _)) => depth += 1,
                Some((Event::End(_), _)) => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    fn items(&mut self, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        while let Some((Event::Start(Tag::Item), range)) = self.events.next() {
            let Content { done, blocks } = self.blocks(depth);
            let at = blocks.first().map_or_else(|| self.text.at(range.start), Block::at);
            let done = done.filter(|_| matches!(blocks.first(), Some(Block::Paragraph { .. })));
            items.push(Item { at, done, blocks });
        }
        items
    }

    fn table(&mut self, at: At, columns: usize) -> Option<Block> {
        let mut header = Vec::new();
        let mut rows = Vec::new();
        while let Some((event, range)) = self.events.next() {
            match event {
                Event::Start(Tag::TableHead) => header = self.row(&range, columns),
                Event::Start(Tag::TableRow) => rows.push(self.row(&range, columns)),
                _ => break,
            }
        }
        if header.iter().all(|cell| cell.blocks.is_empty()) {
            header.clear();
        }
        (!header.is_empty() || !rows.is_empty()).then_some(Block::Table { at, header, rows })
    }

    /// The cells that stand in a row: not those that CommonMark adds, and also those that it drops, because they are
    /// more than the header has.
    fn row(&mut self, range: &Range<usize>, columns: usize) -> Vec<Cell> {
        let mut cells = Vec::new();
        let mut end = range.start;
        while let Some((Event::Start(Tag::TableCell), cell)) = self.events.next() {
            self.take_line(None);
            if cell.is_empty() && cell.start >= range.end {
                continue;
            }
            end = cell.end;
            cells.push(Cell { at: self.cell_at(&cell), blocks: cell::read(self.text, &self.line) });
        }
        if cells.len() == columns {
            self.dropped(end..range.end, &mut cells);
        }
        cells
    }

    /// Where a cell's text begins, or would.
    fn cell_at(&self, cell: &Range<usize>) -> At {
        if let Some((_, first)) = self.line.first() {
            return self.text.at(first.start);
        }
        let is_padded = self.text.source[cell.start..].starts_with(' ');
        self.text.at(cell.start + usize::from(is_padded))
    }

    /// Reads what is left of a row behind its last column.
    fn dropped(&self, rest: Range<usize>, cells: &mut Vec<Cell>) {
        let rest = rest.start..rest.start + self.text.source[rest].trim_end().len();
        let source = &self.text.source[rest.clone()];
        let Some(source) = source.strip_prefix('|') else { return };
        if source.trim().is_empty() {
            return;
        }
        let mut begins = rest.end - source.len();
        for part in parts(source) {
            // Read as the only cell of a table, because nothing else is read as cells are.
            let table = format!("|{part}|\n|-|");
            let places = Shifted { places: self.text.places, from: 1, to: begins };
            let text = Text { source: &table, places: &places };
            let line: Vec<_> = Parser::new_ext(&table, OPTIONS)
                .into_offset_iter()
                .skip_while(|(event, _)| !matches!(event, Event::Start(Tag::TableCell)))
                .skip(1)
                .take_while(|(event, _)| !matches!(event, Event::End(TagEnd::TableCell)))
                .collect();
            let blank = part.len() - part.trim_start().len();
            cells.push(Cell { at: text.at(1 + blank), blocks: cell::read(text, &line) });
            begins += part.len() + 1;
        }
    }
}

/// The parts between bars that are not escaped; the last bar only ends the row.
fn parts(source: &str) -> impl Iterator<Item = &str> {
    let ended = source.strip_suffix('|').filter(|rest| !rest.ends_with('\\')).unwrap_or(source);
    let mut is_escaped = false;
    ended.split(move |character: char| {
        let splits = character == '|' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        splits
    })
}

/// Places in a part of a text.
struct Shifted<'a> {
    places: &'a dyn Places,
    /// Where the part begins here,
    from: usize,
    /// and where there.
    to: usize,
}

impl Places for Shifted<'_> {
    fn at(&self, offset: usize) -> At {
        self.places.at((self.to + offset).saturating_sub(self.from))
    }
}

fn is_inline(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
}

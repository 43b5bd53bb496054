//! A ticket's words in one piece, so that all of them are looked through at once.

use std::ops::Range;

use casebook_ticket::markup::{Block, Cell, Inline, Item};
use casebook_ticket::{At, Section, SourceMap, Ticket};

use super::marks::{Marks, has_dotted_number, mark};

/// The words of a ticket.
#[derive(Debug, Default)]
pub(super) struct Text {
    buffer: String,
    lines: Vec<Line>,
    /// In the order in which they end.
    cells: Vec<TableCell>,
    rows: usize,
    /// Where code stands in a line that has braces in it.
    spans: Vec<Range<usize>>,
    /// Which lines each section has.
    sections: Vec<Range<usize>>,
}

/// One line of a paragraph, an item, a cell or code.
#[derive(Debug)]
pub(super) struct Line {
    /// Where it begins.
    pub(super) at: At,
    /// What it is.
    pub(super) kind: Kind,
    /// What stands in it that rules look for.
    pub(super) marks: Marks,
    /// Whether it goes on with the paragraph of the line before.
    pub(super) continues: bool,
    /// The number of its section.
    pub(super) section: usize,
    range: Range<usize>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A line of a paragraph, a quote or an item.
    Prose,
    /// A line of a table's cell.
    Cell,
    /// A heading inside a section.
    Heading,
    /// A line of code.
    Code,
    /// Where a link leads, or a picture is.
    Address,
}

/// A cell of a table, but not of its header.
#[derive(Debug)]
pub(super) struct TableCell {
    /// Where it is.
    pub(super) at: At,
    /// The number of its section.
    pub(super) section: usize,
    /// The number of its row, among those of all tables.
    row: usize,
    range: Range<usize>,
}

impl Text {
    /// Gathers the words of a ticket.
    pub(super) fn new(ticket: &Ticket) -> Self {
        let mut text = Self::default();
        text.buffer.reserve(16 << 10);
        for (number, Section { body, .. }) in ticket.sections.iter().enumerate() {
            let first = text.lines.len();
            text.blocks(number, body, Kind::Prose);
            text.sections.push(first..text.lines.len());
        }
        text.mark();
        text
    }

    fn blocks(&mut self, section: usize, blocks: &[Block], kind: Kind) {
        for block in blocks {
            match block {
                Block::Paragraph { at, text } => self.runs(section, *at, text, kind),
                Block::Heading { at, text, .. } => self.runs(section, *at, text, Kind::Heading),
                Block::List { items, .. } => {
                    for Item { blocks, .. } in items {
                        self.blocks(section, blocks, kind);
                    }
                }
                Block::Table { header, rows, .. } => {
                    for cell in header {
                        self.blocks(section, &cell.blocks, Kind::Heading);
                    }
                    for row in rows {
                        self.row(section, row);
                    }
                }
                Block::Code { at, text, .. } => self.code(section, at, text),
                Block::Raw { at, text, .. } => self.code(section, &(*at).into(), text),
                Block::Quote { blocks, .. } => self.blocks(section, blocks, kind),
                Block::Rule { .. } => {}
            }
        }
    }

    fn row(&mut self, section: usize, cells: &[Cell]) {
        self.rows += 1;
        let row = self.rows;
        for cell in cells {
            let start = self.buffer.len();
            self.blocks(section, &cell.blocks, Kind::Cell);
            self.cells.push(TableCell { at: cell.at, section, row, range: start..self.buffer.len() });
        }
    }

    fn code(&mut self, section: usize, places: &SourceMap, text: &str) {
        for (number, line) in (0..).zip(text.lines()) {
            let start = self.buffer.len();
            self.buffer.push_str(line);
            self.line(section, places.at(number, 0), Kind::Code, start, number > 0);
        }
    }

    fn runs(&mut self, section: usize, at: At, runs: &[Inline], kind: Kind) {
        let mut place = at;
        let mut start = self.buffer.len();
        let mut continues = false;
        let mut addresses = Vec::new();
        let mut end = |text: &mut Self, at| {
            text.line(section, place, kind, start, continues);
            (place, start, continues) = (at, text.buffer.len(), true);
        };
        self.line_of(runs, &mut end, &mut addresses);
        end(self, At::default());
        for address in addresses {
            let start = self.buffer.len();
            self.buffer.push_str(address);
            self.line(section, at, Kind::Address, start, false);
        }
    }

    fn line_of<'r>(
        &mut self,
        runs: &'r [Inline],
        end: &mut dyn FnMut(&mut Self, At),
        addresses: &mut Vec<&'r str>,
    ) {
        for run in runs {
            match run {
                Inline::Text(text) | Inline::Raw { text, .. } => self.buffer.push_str(text),
                Inline::Code { text, .. } => {
                    let start = self.buffer.len();
                    self.buffer.push_str(text);
                    if text.contains('{') {
                        self.spans.push(start..self.buffer.len());
                    }
                }
                Inline::Strong(runs) | Inline::Emphasis(runs) | Inline::Strike(runs) => {
                    self.line_of(runs, end, addresses);
                }
                Inline::Link { url, text } if text.is_empty() => self.buffer.push_str(url),
                Inline::Link { url, text } => {
                    self.line_of(text, end, addresses);
                    addresses.push(url);
                }
                Inline::Image { url, text } => {
                    self.buffer.push_str(text);
                    addresses.push(url);
                }
                Inline::Break(at) => end(self, *at),
            }
        }
    }

    /// Ends a line that began at this byte; a line without anything is none.
    fn line(&mut self, section: usize, at: At, kind: Kind, start: usize, continues: bool) {
        let range = start..self.buffer.len();
        if !self.buffer[range.clone()].trim().is_empty() {
            self.lines.push(Line { at, kind, marks: Marks::default(), continues, section, range });
        }
        self.buffer.push('\n');
    }

    /// One search for all words that rules begin with.
    fn mark(&mut self) {
        let mut line = 0;
        mark(&self.buffer, |at, mark| {
            while line < self.lines.len() && self.lines[line].range.end <= at {
                line += 1;
            }
            if let Some(line) = self.lines.get_mut(line).filter(|line| line.range.start <= at) {
                line.marks.add(mark);
            }
        });
        for line in &mut self.lines {
            if has_dotted_number(&self.buffer[line.range.clone()]) {
                line.marks.add(Marks::HOST);
            }
        }
    }

    /// All lines.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&Line, &str)> {
        self.lines.iter().map(|line| (line, &self.buffer[line.range.clone()]))
    }

    /// The lines that have any of these marks.
    pub(super) fn marked(&self, marks: Marks) -> impl Iterator<Item = (&Line, &str)> {
        self.lines().filter(move |(line, _)| line.marks.has(marks))
    }

    /// The lines of a section.
    pub(super) fn section(&self, number: usize) -> impl Iterator<Item = (&Line, &str)> + Clone {
        let lines = self.sections.get(number).cloned().unwrap_or_default();
        self.lines[lines].iter().map(|line| (line, &self.buffer[line.range.clone()]))
    }

    /// Whether a part of a line stands in code of that line that is more than this part.
    pub(super) fn has_more_code(&self, line: &Line, part: &Range<usize>) -> bool {
        let (start, end) = (line.range.start + part.start, line.range.start + part.end);
        let first = self.spans.partition_point(|span| span.end < end);
        self.spans
            .get(first)
            .is_some_and(|span| span.start <= start && self.buffer[span.clone()].trim().len() > part.len())
    }

    /// The words of a section, a line for each line.
    pub(super) fn words(&self, number: usize) -> &str {
        let lines = self.sections.get(number).cloned().unwrap_or_default();
        match (self.lines[lines.clone()].first(), self.lines[lines].last()) {
            (Some(first), Some(last)) => &self.buffer[first.range.start..last.range.end],
            _ => "",
        }
    }

    /// The cell that stands behind that of a line, in the same row.
    pub(super) fn behind(&self, line: &Line) -> Option<(&TableCell, &str)> {
        let own = self.cells.partition_point(|cell| cell.range.end < line.range.end);
        let (own, next) = (self.cells.get(own)?, self.cells.get(own + 1)?);
        (own.row == next.row).then(|| (next, self.buffer[next.range.clone()].trim()))
    }

    /// The other cells of the row that a line stands in.
    pub(super) fn beside(&self, line: &Line) -> impl Iterator<Item = &str> {
        let own = self.cells.partition_point(|cell| cell.range.end < line.range.end);
        let row = self.cells.get(own).map(|cell| cell.row);
        let is_of_row = move |cell: &&TableCell| Some(cell.row) == row;
        let before = self.cells[..own].iter().rev().take_while(is_of_row);
        let behind = self.cells.iter().skip(own + 1).take_while(is_of_row);
        before.chain(behind).map(|cell| self.buffer[cell.range.clone()].trim())
    }

    /// The cells of all tables, headers excepted, with their words.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&TableCell, &str)> {
        self.cells.iter().map(|cell| (cell, self.buffer[cell.range.clone()].trim()))
    }
}

//! Reads tables: `||` before header cells, `|` before others.

use std::ops::Range;

use super::blocks::{Line, Reader};
use super::scan;
use crate::markup::{Block, Blocks, Cell, Inline};
use crate::steps::names_columns;

/// A row as it stands: its cells' text, and whether each is a header.
pub(super) struct Row {
    cells: Vec<(bool, Range<usize>)>,
    end: usize,
}

impl Reader<'_> {
    /// The tables that begin with a row: a row of headers begins another one. And where they end.
    pub(super) fn tables(&mut self, first: Row, start: usize, end: usize) -> (Blocks, usize) {
        let mut tables = Blocks::new();
        let mut table = Table { start, header: Vec::new(), rows: Vec::new() };
        let mut next = Some((start, first));
        let mut after = start;
        while let Some((row_start, row)) = next {
            after = row.end;
            let is_header = row.cells.iter().all(|(is_header, _)| *is_header);
            if is_header && !(table.header.is_empty() && table.rows.is_empty()) {
                let done = std::mem::replace(
                    &mut table,
                    Table { start: row_start, header: Vec::new(), rows: Vec::new() },
                );
                tables.push(self.table(done));
            }
            let is_line = row.cells.iter().all(|(_, cell)| scan::is_dashes(self.text[cell.clone()].trim()));
            if is_header {
                table.header = self.cells(row);
            } else if is_line && table.header.is_empty() && table.rows.len() == 1 {
                // Markdown's way to say that the row before is the header.
                table.header = table.rows.pop().unwrap_or_default();
            } else {
                let row = self.cells(row);
                table.rows.push(row);
            }
            let line = self.line(after, end);
            next = self.row(line.start, end).map(|row| (line.start, row));
        }
        tables.push(self.table(table));
        (tables, after)
    }

    fn table(&self, table: Table) -> Block {
        Block::Table { at: self.at(table.start), header: table.header, rows: table.rows }
    }

    fn cells(&mut self, row: Row) -> Vec<Cell> {
        let is_header = row.cells.iter().all(|(is_header, _)| *is_header);
        let cells = row.cells.into_iter().map(|(is_label, range)| {
            let inside = &self.text[range.clone()];
            let skipped = inside.len() - inside.trim_start().len();
            let at = self.at(if skipped == inside.len() { range.start } else { range.start + skipped });
            let mut blocks = self.blocks(range);
            if is_label && !is_header {
                emphasise(&mut blocks);
            }
            Cell { at, blocks }
        });
        cells.collect()
    }

    /// The row that begins at a bar; none when there is no second one.
    pub(super) fn row(&mut self, start: usize, end: usize) -> Option<Row> {
        if !self.text[start..end].starts_with('|') {
            return None;
        }
        let bytes = &self.text.as_bytes()[..end];
        let pairs = bytes[start..].starts_with(b"||");
        let width = |at: usize| if pairs && bytes[at..].starts_with(b"||") { 2 } else { 1 };
        let mut cells = Vec::new();
        let mut is_header = pairs;
        let mut at = start + width(start);
        let mut cell = at;
        let mut line_end = self.line_end(at, end);
        loop {
            match bytes[at..]
                .iter()
                .position(|byte| matches!(byte, b'\\' | b'{' | b'[' | b'!' | b'|' | b'\n'))
            {
                None => at = end,
                Some(skipped) => at += skipped,
            }
            if at >= end || bytes[at] == b'\n' {
                let is_over = self.text[cell..at].trim().is_empty() || !self.goes_on(at, end);
                if is_over || at >= end {
                    if !self.text[cell..at].trim().is_empty() {
                        cells.push((is_header, cell..at));
                    }
                    let is_row = cells.len() > 1 || cells.first().is_some_and(|(_, only)| only.end < cell);
                    return is_row.then_some(Row { cells, end: (at + 1).min(end) });
                }
                at += 1;
                line_end = self.line_end(at, end);
                continue;
            }
            match bytes[at] {
                b'|' => {
                    cells.push((is_header, cell..at));
                    let width = width(at);
                    is_header = width == 2;
                    at += width;
                    cell = at;
                }
                b'\\' => at += if bytes.get(at + 1).is_some_and(|next| *next != b'\n') { 2 } else { 1 },
                b'{' => {
                    at = self.brace_end(at, line_end, end);
                    line_end = self.line_end(at, end);
                }
                b'[' => at = scan::link(self.text, at, line_end).map_or(at + 1, |link| link.end),
                _ => at = scan::image(self.text, at, line_end).map_or(at + 1, |image| image.end),
            }
            // An escape may have stood before a character of several bytes.
            while !self.text.is_char_boundary(at) {
                at += 1;
            }
        }
    }

    /// The table that stands in lines of cells with tabs between, as browsers and spreadsheets paste them, and where it
    /// ends. Its first line has to name columns of steps.
    pub(super) fn tab_table(&mut self, first: Line, end: usize) -> Option<(Block, usize)> {
        let titles = self.text[first.start..first.end].split('\t');
        if !has_tab(&self.text[first.start..first.end]) || !names_columns(titles) {
            return None;
        }
        let header = self.tab_cells(first.start, first.end);
        let mut rows = Vec::new();
        let mut after = first.next;
        while after < end {
            let stop = self.line_end(after, end);
            // An empty first cell is only a tab.
            let row = self.text[after..stop].trim_end();
            if !has_tab(row) {
                break;
            }
            rows.push(self.tab_cells(after, after + row.len()));
            after = (stop + 1).min(end);
        }
        let at = self.at(first.start);
        (!rows.is_empty()).then_some((Block::Table { at, header, rows }, after))
    }

    fn tab_cells(&mut self, start: usize, end: usize) -> Vec<Cell> {
        let mut cells = Vec::new();
        let mut begin = start;
        while begin <= end {
            let length = memchr::memchr(b'\t', &self.text.as_bytes()[begin..end]).unwrap_or(end - begin);
            let range = begin..begin + length;
            cells.push(Cell { at: self.at(begin), blocks: self.blocks(range) });
            begin += length + 1;
        }
        cells
    }

    /// Where what a brace begins ends: a macro with all that is in it, or the brace alone.
    fn brace_end(&mut self, at: usize, line_end: usize, end: usize) -> usize {
        if let Some(content) = self.monospace(at, line_end) {
            return content.end + 2;
        }
        match scan::tag(self.text, at, line_end) {
            Some(tag) => self.closing(&tag, end).map_or(tag.end, |(_, after)| after),
            None => at + 1,
        }
    }

    /// Whether a row that is not closed at the end of a line goes on in the next one.
    fn goes_on(&mut self, line_end: usize, end: usize) -> bool {
        let mut at = line_end + 1;
        if at <= self.row_end {
            return true;
        }
        let mut is_next = true;
        while at < end {
            let mut line = self.line(at, end);
            let text = &self.text[line.start..line.end];
            if text.starts_with('|') {
                return false;
            }
            let is_plain = !text.is_empty() && scan::heading(text).is_none();
            // What is inside of macros says nothing.
            while let Some(after) = self.behind_macro(line, end) {
                at = after;
                line = self.line(at, end);
            }
            if (is_next && is_plain) || self.text[line.start..line.end].ends_with('|') {
                self.row_end = at;
                return true;
            }
            is_next = false;
            at = line.next;
        }
        false
    }
}

fn has_tab(line: &str) -> bool {
    memchr::memchr(b'\t', line.as_bytes()).is_some()
}

struct Table {
    start: usize,
    header: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
}

/// Makes the text of a row's header strong.
fn emphasise(blocks: &mut Blocks) {
    for block in blocks {
        if let Block::Paragraph { text, .. } = block
            && !matches!(text[..], [Inline::Strong(_)])
        {
            *text = vec![Inline::Strong(std::mem::take(text))];
        }
    }
}

//! Lines of a terminal: wrapping, indenting, columns, direction, colour.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::super::span::{Kind, Span};
use super::bidi::{Bidi, END, RIGHT_TO_LEFT, RIGHT_TO_LEFT_MARK, isolated, visual};

/// Columns that lines have at least, however narrow the terminal is.
const NARROWEST: usize = 30;

/// What a terminal is like.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Its columns.
    pub width: usize,
    /// What it does with letters that are read from right to left.
    pub bidi: Bidi,
}

/// Lines, written one after the other.
pub(super) struct Page {
    out: String,
    width: usize,
    bidi: Bidi,
    right_to_left: bool,
}

impl Page {
    pub(super) fn new(layout: Layout, right_to_left: bool) -> Self {
        Self { out: String::new(), width: layout.width.max(NARROWEST), bidi: layout.bidi, right_to_left }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    pub(super) fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading, with an empty line before it.
    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        self.wrapped(0, 0, &[Span::new(Kind::Strong, text)]);
    }

    /// A paragraph.
    pub(super) fn line(&mut self, indent: usize, spans: &[Span]) {
        self.wrapped(indent, indent, spans);
    }

    /// A paragraph whose first line begins with a marker; the others are indented as far.
    pub(super) fn item(&mut self, indent: usize, marker: &str, spans: &[Span]) {
        let all: Vec<_> = std::iter::once(Span::plain(marker)).chain(spans.iter().cloned()).collect();
        self.wrapped(indent, indent + marker.width().min(self.width / 4), &all);
    }

    /// Lines as they are, always from left to right.
    pub(super) fn code(&mut self, indent: usize, text: &str) {
        for line in text.lines() {
            let spans = [Span::new(Kind::Faint, "│ "), Span::new(Kind::Foreign, line)];
            let spans = match self.bidi {
                Bidi::Logical => isolated(&spans, false),
                Bidi::Visual => visual(&spans, false),
            };
            self.out.extend(std::iter::repeat_n(' ', indent));
            self.styled(&spans);
        }
    }

    /// Rows of cells in columns. The first row is the head; the last column is wrapped.
    pub(super) fn table(&mut self, indent: usize, rows: &[Vec<Span>]) {
        let columns = rows.first().map_or(0, Vec::len);
        let widest = |column: usize| rows.iter().map(|row| row[column].text.width()).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(widest).collect();
        let hanging = indent + widths.iter().rev().skip(1).map(|width| width + 2).sum::<usize>();
        for (number, row) in rows.iter().enumerate() {
            let mut spans = Vec::with_capacity(2 * columns);
            for (column, cell) in row.iter().enumerate() {
                spans.push(if number == 0 { Span::new(Kind::Faint, &*cell.text) } else { cell.clone() });
                if column + 1 < columns {
                    // Kept together with no-break spaces: a column is not a place to wrap.
                    let gap = widths[column] + 2 - cell.text.width();
                    spans.push(Span::plain("\u{A0}".repeat(gap)));
                }
            }
            self.wrapped(indent, hanging.min(self.width / 2), &spans);
        }
    }

    fn wrapped(&mut self, first: usize, others: usize, spans: &[Span]) {
        for (number, line) in wrap(spans, self.width, first, others).into_iter().enumerate() {
            self.emit(if number == 0 { first } else { others }, &line);
        }
    }

    fn emit(&mut self, indent: usize, line: &[Span]) {
        let spaces = |count: usize| std::iter::repeat_n(' ', count);
        match (self.bidi, self.right_to_left) {
            (Bidi::Logical, false) => {
                self.out.extend(spaces(indent));
                self.styled(&isolated(line, false));
            }
            (Bidi::Logical, true) => {
                self.out.push(RIGHT_TO_LEFT_MARK);
                self.out.extend(spaces(indent));
                self.styled(&isolated(line, true));
            }
            (Bidi::Visual, false) => {
                self.out.extend(spaces(indent));
                self.styled(&visual(line, false));
            }
            (Bidi::Visual, true) => {
                let line = visual(line, true);
                let taken = indent + line.iter().map(|span| span.text.width()).sum::<usize>();
                self.out.extend(spaces(self.width.saturating_sub(taken)));
                self.styled(&line);
            }
        }
    }

    fn styled(&mut self, spans: &[Span]) {
        for span in spans {
            let style = style(span.kind);
            let text = span.text.replace('\u{A0}', " ");
            let _ = write!(self.out, "{style}{text}{style:#}");
        }
        let end = self.out.trim_end_matches(' ').len();
        self.out.truncate(end);
        self.out.push('\n');
    }
}

/// What stands behind other text on its line, without colours.
pub(in super::super) fn behind(before: &str, spans: &[Span], right_to_left: bool, layout: Layout) -> String {
    let told = |spans: Vec<Span>| spans.into_iter().map(|span| span.text).collect::<String>();
    match layout.bidi {
        Bidi::Logical => {
            let text = told(isolated(spans, right_to_left));
            if right_to_left { format!("{RIGHT_TO_LEFT}{text}{END}") } else { text }
        }
        Bidi::Visual => {
            let lines = wrap(spans, layout.width, before.width() % layout.width.max(1), 0);
            let lines = lines.iter().map(|line| told(visual(line, right_to_left)));
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

fn style(kind: Kind) -> Style {
    match kind {
        Kind::Plain | Kind::Foreign | Kind::Way => Style::new(),
        Kind::Strong => Style::new().bold(),
        Kind::Faint => Style::new().dimmed(),
        Kind::Code => AnsiColor::Cyan.on_default(),
        Kind::Good => AnsiColor::Green.on_default(),
        Kind::Bad => AnsiColor::Red.on_default().bold(),
        Kind::Fair => AnsiColor::Yellow.on_default(),
    }
}

/// Runs as lines that are no wider than `width` with their indent, broken at spaces; words that are wider are broken.
fn wrap(spans: &[Span], width: usize, first: usize, others: usize) -> Vec<Vec<Span>> {
    let mut lines = vec![Vec::new()];
    let mut left = width.saturating_sub(first).max(1);
    let room = width.saturating_sub(others).max(1);
    for word in words(spans) {
        let wide: usize = word.iter().map(|span| span.text.trim_end_matches(' ').width()).sum();
        if wide > left && lines.last().is_some_and(|line| !line.is_empty()) && wide <= room {
            lines.push(Vec::new());
            left = room;
        }
        for span in word {
            for letter in span.text.graphemes(true) {
                let wide = letter.width();
                if letter != " " && wide > left {
                    lines.push(Vec::new());
                    left = room;
                }
                if letter == " " && lines.len() > 1 && lines.last().is_some_and(Vec::is_empty) {
                    continue;
                }
                left = left.saturating_sub(wide);
                let line = lines.last_mut().expect("there is a first line");
                append(line, span.kind, letter);
            }
        }
    }
    for line in &mut lines {
        while let Some(last) = line.last_mut() {
            last.text.truncate(last.text.trim_end_matches(' ').len());
            if !last.text.is_empty() {
                break;
            }
            line.pop();
        }
    }
    lines
}

fn append(line: &mut Vec<Span>, kind: Kind, letter: &str) {
    match line.last_mut() {
        Some(last) if last.kind == kind => last.text.push_str(letter),
        _ => line.push(Span::new(kind, letter)),
    }
}

/// Words, each with the spaces behind it; a word can go on from one run into the next.
fn words(spans: &[Span]) -> Vec<Vec<Span>> {
    let mut words: Vec<Vec<Span>> = Vec::new();
    let mut ended = true;
    for span in spans {
        for part in span.text.split_inclusive(' ') {
            let part = Span::new(span.kind, part);
            let ends = part.text.ends_with(' ');
            match words.last_mut() {
                Some(word) if !ended || part.text == " " => word.push(part),
                _ => words.push(vec![part]),
            }
            ended = ends;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, width: usize) -> Vec<String> {
        let told = |line: Vec<Span>| line.into_iter().map(|span| span.text).collect();
        wrap(&[Span::plain(text)], width, 0, 0).into_iter().map(told).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_words_that_are_too_wide_break() {
        assert_eq!(lines("one two three", 8), ["one two", "three"]);
        assert_eq!(lines("one  two", 3), ["one", "two"]);
        assert_eq!(lines("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(lines("", 5), [""]);
        assert_eq!(lines("חסר לגמרי", 5), ["חסר", "לגמרי"]);
    }

    #[test]
    fn a_word_of_several_runs_stays_together() {
        let spans = [Span::plain("see ("), Span::code("a.md:1"), Span::plain("), then")];
        let lines = wrap(&spans, 10, 0, 0);
        assert_eq!(lines[1], [Span::plain("("), Span::code("a.md:1"), Span::plain("),")]);
    }

    #[test]
    fn nothing_is_wider_than_the_page() {
        for width in 1..40 {
            for line in lines("a bb ccc 🔴 dddddddddddddddd שלום, עולם e", width) {
                assert!(line.width() <= width.max(2), "{line:?} in {width}");
            }
        }
    }
}

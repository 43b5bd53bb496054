//! Reads blocks, line by line.

use std::ops::Range;

use super::list::Gathering;
use super::scan::{self, Tag};
use super::{inlines, table::Row};
use crate::markup::{Block, Blocks, Inline, Item, Markup};
use crate::message::message;
use crate::{At, Note, Places, SourceMap};

/// Macros whose text is theirs, from one tag to the next of the same name.
const PAIRS: &[&str] = &["code", "noformat", "quote", "panel"];
const CLOSING: [&str; 4] = ["{code}", "{noformat}", "{quote}", "{panel}"];

/// Reads one text. No place of it is looked at more often than blocks can be inside each other, which the names of
/// macros bound: what was looked for and not found is remembered.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    places: &'a dyn Places,
    notes: &'a mut Vec<Note>,
    /// Where no `}}` is.
    no_monospace: Range<usize>,
    /// Where no closing tag is, for each of [`PAIRS`].
    no_closing: [Range<usize>; 4],
    /// The last line that a row is known to reach.
    pub(super) row_end: usize,
    /// The line that was last looked for: lines can be long, and many things on them.
    last_line: Range<usize>,
}

/// A line without the spaces around it.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where the next one begins.
    pub(super) next: usize,
}

/// A macro with its text.
struct Macro<'a> {
    tag: Tag<'a>,
    start: usize,
    content: Range<usize>,
    after: usize,
    closed: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, places: &'a dyn Places, notes: &'a mut Vec<Note>) -> Self {
        Self {
            text,
            places,
            notes,
            no_monospace: 0..0,
            no_closing: [const { 0..0 }; 4],
            row_end: 0,
            last_line: 0..text.find('\n').unwrap_or(text.len()),
        }
    }

    pub(super) fn at(&self, offset: usize) -> At {
        self.places.at(offset)
    }

    /// Reads a part of the text.
    pub(super) fn blocks(&mut self, range: Range<usize>) -> Blocks {
        let Range { start: mut at, end } = range;
        let mut gathering = Gathering::default();
        let mut is_fresh = true;
        while at < end {
            let line = self.line(at, end);
            if line.start == line.end {
                if is_fresh {
                    gathering.end_paragraph();
                    gathering.blank = true;
                }
                at = line.next;
                is_fresh = true;
                continue;
            }
            if is_fresh {
                if let Some(after) = self.structure(&mut gathering, at, line, end) {
                    at = after;
                    // Behind a marker the line goes on.
                    is_fresh = at >= line.end;
                    continue;
                }
                gathering.blank = false;
            }
            if let Some(found) = self.find_macro(line, is_fresh, end) {
                self.text_line(&mut gathering, line.start, found.start);
                at = self.take(&mut gathering, found);
                is_fresh = at == end;
            } else {
                self.text_line(&mut gathering, line.start, line.end);
                at = line.next;
                is_fresh = true;
            }
        }
        gathering.done()
    }

    /// Takes what a line's beginning makes of it: where to go on. None for a line of text.
    fn structure(&mut self, into: &mut Gathering, at: usize, line: Line, end: usize) -> Option<usize> {
        let text = &self.text[line.start..line.end];
        if text == "\\\\" {
            into.end_paragraph();
            return Some(line.next);
        }
        if let Some((table, after)) = self.tab_table(line, end) {
            into.end_lists();
            into.block(table);
            into.blank = false;
            return Some(after);
        }
        if let Some(marker) = scan::marker(text, line.start - at).filter(|marker| into.takes(*marker)) {
            let (item, begins) = self.item(line.start + marker.text, line.end);
            into.item(marker, self.at(line.start), item);
            into.blank = false;
            return Some(begins);
        }
        let leaves =
            into.blank || (into.is_in_list() && line.start == at && ends_list(text, into.is_ordered()));
        if leaves {
            into.end_lists();
        }
        if let Some((level, skipped)) = scan::heading(text) {
            into.end_lists();
            let text = inlines::read(self, line.start + skipped..line.end);
            into.block(Block::Heading { at: self.at(line.start), level, text });
        } else if scan::is_rule(text) {
            into.end_lists();
            into.block(Block::Rule { at: self.at(line.start) });
        } else if let Some(quoted) =
            text.strip_prefix("bq.").filter(|text| text.starts_with(char::is_whitespace))
        {
            into.end_lists();
            let start = line.end - quoted.trim_start().len();
            let text = inlines::read(self, start..line.end);
            let quoted = Block::Paragraph { at: self.at(start), text };
            into.block(Block::Quote { at: self.at(line.start), blocks: vec![quoted] });
        } else if self.is_lone_tag(line) {
            let text = text.to_owned();
            into.block(Block::Raw { at: self.at(line.start), markup: Markup::Wiki, text });
        } else {
            let row: Row = self.row(line.start, end)?;
            let (tables, after) = self.tables(row, line.start, end);
            for table in tables {
                into.block(table);
            }
            into.blank = false;
            return Some(after);
        }
        into.blank = false;
        Some(line.next)
    }

    /// An item that begins here, with a task's box if it has one, and where its text begins.
    fn item(&self, start: usize, end: usize) -> (Item, usize) {
        let text = &self.text[start..end];
        let boxed = match text.as_bytes() {
            [b'[', b' ', b']', b' ', ..] => Some(false),
            [b'[', b'x' | b'X', b']', b' ', ..] => Some(true),
            _ => None,
        };
        let text = if boxed.is_some() { text[4..].trim_start() } else { text };
        let start = end - text.len();
        (Item { at: self.at(start), done: boxed, blocks: Blocks::new() }, start)
    }

    /// Whether a line is the tag of a macro that is none of those that are read, and nothing else.
    fn is_lone_tag(&self, line: Line) -> bool {
        scan::tag(self.text, line.start, line.end)
            .is_some_and(|tag| tag.end == line.end && tag.name != "color" && !PAIRS.contains(&tag.name))
    }

    fn text_line(&mut self, into: &mut Gathering, start: usize, end: usize) {
        let end = start + self.text[start..end].trim_end().len();
        if start < end {
            let mut runs = inlines::read(self, start..end);
            let mut at = self.at(start);
            while let Some(Inline::Break(next)) = runs.first() {
                at = *next;
                runs.remove(0);
            }
            into.line(at, runs);
        }
    }

    /// The first macro on a line that has text of its own. One that is never closed counts only where it begins or
    /// ends the line: else somebody writes about it.
    fn find_macro(&mut self, line: Line, is_fresh: bool, end: usize) -> Option<Macro<'a>> {
        let text = self.text;
        let mut at = line.start;
        loop {
            at += text.as_bytes()[at..line.end].iter().position(|byte| matches!(byte, b'{' | b'\\'))?;
            if text.as_bytes()[at] == b'\\' {
                at = (at + 2).min(line.end);
                while !text.is_char_boundary(at) {
                    at += 1;
                }
                continue;
            }
            if let Some(content) = self.monospace(at, line.end) {
                at = content.end + 2;
                continue;
            }
            let Some(tag) = scan::tag(text, at, line.end) else {
                at += 1;
                continue;
            };
            if PAIRS.contains(&tag.name) {
                if let Some((content, after)) = self.closing(&tag, end) {
                    return Some(Macro { tag, start: at, content, after, closed: true });
                }
                if (is_fresh && at == line.start) || tag.end == line.end {
                    let is_code = matches!(tag.name, "code" | "noformat");
                    let after = if is_code { end } else { tag.end };
                    return Some(Macro { tag, start: at, content: tag.end..after, after, closed: false });
                }
            }
            at = tag.end;
        }
    }

    /// Where the first macro on a line ends, if it does.
    pub(super) fn behind_macro(&mut self, line: Line, end: usize) -> Option<usize> {
        self.find_macro(line, false, end).filter(|found| found.closed).map(|found| found.after)
    }

    /// Takes a macro: where it ends.
    fn take(&mut self, into: &mut Gathering, found: Macro<'_>) -> usize {
        let Macro { tag, start, content, after, closed } = found;
        into.end_paragraph();
        let parameters = tag.parameters.unwrap_or_default();
        if !closed {
            let name = format!("{{{}}}", tag.name);
            let text = if content.is_empty() {
                message!(macro_open_empty, name = name)
            } else {
                message!(macro_open, name = name)
            };
            self.notes.push(Note { at: self.at(start), rule: "macro-not-closed", text });
        }
        if let Some(title) = parameter(parameters, "title").filter(|title| !title.is_empty()) {
            let at = self.at(start);
            let title = vec![Inline::Text(title.to_owned())];
            let text = if tag.name == "panel" { vec![Inline::Strong(title)] } else { title };
            into.block(Block::Paragraph { at, text });
        }
        match tag.name {
            "code" | "noformat" => {
                let code = code(self.text, content);
                let at = SourceMap::of(&self.text[code.clone()], self.places, code.start);
                let text = self.text[code].replace("\r\n", "\n");
                let language = (tag.name == "code").then(|| language(parameters)).flatten();
                if closed || !text.trim().is_empty() {
                    into.block(Block::Code { at, language, text });
                }
            }
            "quote" => {
                if closed {
                    let blocks = self.blocks(content);
                    into.block(Block::Quote { at: self.at(start), blocks });
                }
            }
            _ => {
                for block in self.blocks(content) {
                    into.block(block);
                }
            }
        }
        after
    }

    /// The text of a macro up to its closing tag, and where that ends. Tags inside code are not tags.
    pub(super) fn closing(&mut self, tag: &Tag<'_>, end: usize) -> Option<(Range<usize>, usize)> {
        let kind = PAIRS.iter().position(|name| *name == tag.name)?;
        let none = &self.no_closing[kind];
        if none.start <= tag.end && end <= none.end {
            return None;
        }
        let mut at = tag.end;
        let found = loop {
            if kind < 2 {
                break self.text[at..end].find(CLOSING[kind]).map(|skipped| at + skipped);
            }
            let Some(skipped) = self.text[at..end].find('{') else { break None };
            at += skipped;
            if self.text[..at].ends_with('\\') {
                at += 1;
                continue;
            }
            if self.text[at..end].starts_with(CLOSING[kind]) {
                break Some(at);
            }
            let inner =
                scan::tag(self.text, at, end).filter(|inner| matches!(inner.name, "code" | "noformat"));
            at = inner.and_then(|inner| self.closing(&inner, end)).map_or(at + 1, |(_, after)| after);
        };
        if found.is_none() {
            self.no_closing[kind] = tag.end..end;
        }
        found.map(|close| (tag.end..close, close + CLOSING[kind].len()))
    }

    /// What is between `{{` at `at` and `}}` on the same line.
    pub(super) fn monospace(&mut self, at: usize, end: usize) -> Option<Range<usize>> {
        let bytes = &self.text.as_bytes()[..end];
        if !bytes[at..].starts_with(b"{{") || (self.no_monospace.start <= at && end <= self.no_monospace.end)
        {
            return None;
        }
        let start = at + 2;
        let mut close = start;
        loop {
            match bytes[close..].iter().position(|byte| matches!(byte, b'\\' | b'}' | b'\n')) {
                None => break,
                Some(skipped) => close += skipped,
            }
            match bytes[close] {
                b'\n' => break,
                b'\\' if bytes.get(close + 1).is_some_and(|next| scan::is_escapable(*next)) => close += 2,
                b'}' if bytes[close..].starts_with(b"}}") => {
                    // Braces of the code come before those that end it.
                    close += bytes[close..].iter().take_while(|byte| **byte == b'}').count() - 2;
                    return (close > start).then_some(start..close);
                }
                _ => close += 1,
            }
        }
        self.no_monospace = at..end;
        None
    }

    /// The line that goes on at a place.
    pub(super) fn line(&mut self, at: usize, end: usize) -> Line {
        let stop = self.line_end(at, end);
        let text = &self.text[at..stop];
        let start = stop - text.trim_start().len();
        Line { start, end: start + text.trim().len(), next: (stop + 1).min(end) }
    }

    /// Where the line of a place ends, without its line's end.
    pub(super) fn line_end(&mut self, at: usize, end: usize) -> usize {
        if !(self.last_line.start <= at && at <= self.last_line.end) {
            let length = self.text.as_bytes()[at..].iter().position(|byte| *byte == b'\n');
            self.last_line = at..length.map_or(self.text.len(), |length| at + length);
        }
        self.last_line.end.min(end)
    }
}

/// Whether a line right behind an item is not a part of it, although Jira would have it so: people write the next key
/// without an empty line before it. `Key: value` goes on in numbered items, where it says more about the step.
fn ends_list(line: &str, is_ordered: bool) -> bool {
    let digits = line.len() - line.trim_start_matches(|first: char| first.is_ascii_digit()).len();
    if (1..=3).contains(&digits) && matches!(line.as_bytes()[digits..], [b'.' | b')', b' ', ..]) {
        return true;
    }
    let (key, value) = match line.strip_prefix('*').and_then(|line| line.split_once('*')) {
        Some((key, value)) => match value.strip_prefix(':') {
            Some(value) => (key, value),
            None if key.ends_with(':') || value.is_empty() => (key, value),
            None => return false,
        },
        None => match line.split_once(':') {
            Some((key, value)) if value.is_empty() || value.starts_with(' ') => (key, value),
            _ => return false,
        },
    };
    let is_key = key.len() <= 60
        && key.starts_with(|first: char| first.is_alphabetic() && !first.is_lowercase())
        && !key.contains(['.', '!', '?', ';', ',', '|', '{', '}', '[', ']', '"']);
    is_key && (value.trim().is_empty() || !is_ordered)
}

/// One of a macro's parameters.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters
        .split('|')
        .find_map(|parameter| parameter.trim().strip_prefix(name)?.strip_prefix('='))
        .map(str::trim)
}

/// The language of a code macro: its first parameter, if that has no name, else the one of that name.
fn language(parameters: &str) -> Option<String> {
    let first = parameters.split('|').next().filter(|first| !first.contains('='));
    let language = first.or_else(|| parameter(parameters, "language"))?.trim();
    (!language.is_empty()).then(|| language.to_owned())
}

/// Where code stands: without the line's ends behind and before the tags.
fn code(text: &str, content: Range<usize>) -> Range<usize> {
    let inside = &text[content.clone()];
    let blank = inside.len() - inside.trim_start_matches([' ', '\t', '\r']).len();
    let skipped = if inside[blank..].starts_with('\n') { blank + 1 } else { 0 };
    let code = &inside[skipped..];
    // The closing tag may be indented.
    let code = match code.rfind('\n') {
        Some(last) if code[last..].trim().is_empty() => &code[..last],
        None if skipped > 0 && code.trim().is_empty() => "",
        _ => code,
    };
    let code = code.strip_suffix('\r').unwrap_or(code);
    let start = content.start + skipped;
    start..start + code.len()
}

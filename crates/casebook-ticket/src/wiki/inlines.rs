//! Reads one line of text: what is strong, struck through, code or a link.

use std::ops::Range;

use super::blocks::Reader;
use super::scan;
use crate::markup::{Inline, Inlines, Markup};

/// The marks around words. Each ends only what its like began.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Star,
    Stars,
    Underscore,
    Plus,
    Cite,
    Dash,
    /// `{*}`: a mark that also stands inside words.
    Braced(u8),
}

/// What marks mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Strong,
    Emphasis,
    Strike,
}

impl Mark {
    fn style(self) -> Style {
        match self {
            Self::Star | Self::Stars | Self::Braced(b'*') => Style::Strong,
            Self::Underscore | Self::Plus | Self::Cite | Self::Braced(b'_' | b'+') => Style::Emphasis,
            Self::Dash | Self::Braced(_) => Style::Strike,
        }
    }
}

/// A mark that waits for its end.
struct Open<'a> {
    mark: Mark,
    /// The mark as it stands, for when its end does not come.
    source: &'a str,
    /// What was read before it.
    before: Inlines,
}

/// Bytes at which text may cease to be plain.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b"\\&{[!:*_-+?";
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
};

/// Reads a line, or a link's text, in which no bracket is left that could begin another one; `range` has no spaces around it.
pub(super) fn read(reader: &mut Reader<'_>, range: Range<usize>) -> Inlines {
    let text = reader.text;
    let mut line = Line { text, range: range.clone(), runs: Inlines::new(), open: Vec::new() };
    let mut plain = range.start;
    let mut at = range.start;
    while let Some(skipped) = text.as_bytes()[at..range.end].iter().position(|byte| SPECIAL[*byte as usize]) {
        at += skipped;
        match line.special(reader, at, plain) {
            Some(end) => {
                at = end;
                plain = end;
            }
            None => at += line.run(at),
        }
    }
    line.say(&text[plain..range.end]);
    line.fold(0);
    trim_end(&mut line.runs);
    line.runs
}

struct Line<'a> {
    text: &'a str,
    range: Range<usize>,
    runs: Inlines,
    open: Vec<Open<'a>>,
}

impl<'a> Line<'a> {
    /// Takes what is special at a place, after the plain text before it: where it ends. None when it is plain text.
    fn special(&mut self, reader: &mut Reader<'_>, at: usize, plain: usize) -> Option<usize> {
        let (text, end) = (self.text, self.range.end);
        let before = &text[plain..at];
        match text.as_bytes()[at] {
            b'\\' => self.backslash(reader, at, before),
            b'&' => {
                let (character, end) = scan::entity(text, at, end)?;
                self.say(before);
                self.say(character.encode_utf8(&mut [0; 4]));
                Some(end)
            }
            b'{' => self.brace(reader, at, before),
            b'[' => self.bracket(reader, at, before),
            b'!' => {
                let image = scan::image(text, at, end)?;
                self.say(before);
                let said =
                    text[image.options].split(',').find_map(|option| option.trim().strip_prefix("alt="));
                let url = text[image.name].trim().to_owned();
                self.runs.push(Inline::Image { url, text: said.unwrap_or_default().to_owned() });
                Some(image.end)
            }
            b':' => {
                let is_address = scan::is_address_colon(text, at, end);
                let end = is_address.then(|| scan::address_end(text, at, end))?;
                self.say(&text[plain..end]);
                Some(end)
            }
            _ => self.mark(at, before),
        }
    }

    fn backslash(&mut self, reader: &Reader<'_>, at: usize, before: &str) -> Option<usize> {
        let (text, end) = (self.text, self.range.end);
        let next = *text.as_bytes()[..end].get(at + 1)?;
        if scan::is_escapable(next) {
            self.say(before);
            self.say(&text[at + 1..at + 2]);
            return Some(at + 2);
        }
        if next != b'\\' {
            return None;
        }
        self.say(before);
        if !scan::is_forced_break(text, self.range.start, at, end) {
            self.say("\\\\");
            return Some(at + 2);
        }
        let next = end - text[at + 2..end].trim_start().len();
        trim_end(&mut self.runs);
        self.runs.push(Inline::Break(reader.at(next)));
        Some(next)
    }

    fn brace(&mut self, reader: &mut Reader<'_>, at: usize, before: &str) -> Option<usize> {
        let (text, end) = (self.text, self.range.end);
        match text.as_bytes()[at + 1..end] {
            [b'{', ..] => {
                let content = reader.monospace(at, end)?;
                let end = content.end + 2;
                let content = without_separators(text, content);
                self.say(before);
                if content.is_empty() {
                    self.say(&text[at..end]);
                    return Some(end);
                }
                let code = unescaped(&text[content.clone()]);
                self.runs.push(Inline::Code { at: reader.at(content.start), text: code });
                Some(end)
            }
            [mark @ (b'*' | b'_' | b'-' | b'+'), b'}', ..] => {
                self.say(before);
                let mark = Mark::Braced(mark);
                if !self.close(mark) {
                    self.begin(mark, &text[at..at + 3]);
                }
                Some(at + 3)
            }
            _ => {
                let tag = scan::tag(text, at, end)?;
                if tag.name == "color" {
                    self.say(before);
                } else if scan::is_kept(&tag) {
                    self.say(before);
                    self.keep(&text[at..tag.end]);
                } else {
                    return None;
                }
                Some(tag.end)
            }
        }
    }

    fn bracket(&mut self, reader: &mut Reader<'_>, at: usize, before: &str) -> Option<usize> {
        let (text, end) = (self.text, self.range.end);
        if let Some(end) = scan::mention(text, at, end) {
            self.say(before);
            self.keep(&text[at..end]);
            return Some(end);
        }
        let link = scan::link(text, at, end)?;
        self.say(before);
        let url = text[link.url].to_owned();
        let said = match (link.text, url.strip_prefix('^')) {
            (Some(said), _) => {
                let skipped =
                    text[said.clone()].len() - text[said.clone()].trim_start_matches(scan::BLANK).len();
                read(reader, said.start + skipped..said.end)
            }
            (None, Some(file)) => vec![Inline::Text(file.to_owned())],
            (None, None) => Inlines::new(),
        };
        self.runs.push(Inline::Link { url, text: said });
        Some(link.end)
    }

    fn mark(&mut self, at: usize, before: &str) -> Option<usize> {
        let byte = self.text.as_bytes()[at];
        let length = self.run(at);
        let mark = match (byte, length) {
            (b'*', 1) => Mark::Star,
            (b'*', 2) => Mark::Stars,
            (b'_', 1) => Mark::Underscore,
            (b'+', 1) => Mark::Plus,
            (b'-', 1) => Mark::Dash,
            (b'?', 2) => Mark::Cite,
            _ => return None,
        };
        let end = at + length;
        let (left, right) = (self.before(at), self.text[end..self.range.end].chars().next());
        let closes = scan::closes(left, right);
        // A plus or a dash before a number is its sign.
        let is_sign = matches!(byte, b'+' | b'-') && right.is_some_and(char::is_numeric);
        let opens = scan::opens(left, right) && !is_sign;
        if !closes && !opens {
            return None;
        }
        self.say(before);
        if !(closes && self.close(mark)) {
            if !opens {
                self.say(&self.text[at..end]);
                return Some(end);
            }
            self.begin(mark, &self.text[at..end]);
        }
        Some(end)
    }

    /// How often the byte at a place follows itself.
    fn run(&self, at: usize) -> usize {
        let bytes = &self.text.as_bytes()[at..self.range.end];
        match bytes[0] {
            mark @ (b'*' | b'_' | b'-' | b'+' | b'?') => {
                bytes.iter().take_while(|byte| **byte == mark).count()
            }
            _ => 1,
        }
    }

    fn before(&self, at: usize) -> Option<char> {
        self.text[self.range.start..at].chars().next_back()
    }

    fn begin(&mut self, mark: Mark, source: &'a str) {
        if let Some(depth) = self.open.iter().position(|open| open.mark == mark) {
            self.fold(depth);
        }
        self.open.push(Open { mark, source, before: std::mem::take(&mut self.runs) });
    }

    /// Ends what a mark began; false when none did, or nothing is between.
    fn close(&mut self, mark: Mark) -> bool {
        let Some(depth) = self.open.iter().position(|open| open.mark == mark) else { return false };
        self.fold(depth + 1);
        let is_blank = self
            .runs
            .iter()
            .all(|run| matches!(run, Inline::Text(text) if text.trim_matches(scan::BLANK).is_empty()));
        if is_blank && !matches!(mark, Mark::Braced(_)) {
            self.fold(depth);
            return false;
        }
        let Some(open) = self.open.pop() else { return false };
        let inside = std::mem::replace(&mut self.runs, open.before);
        let style = mark.style();
        if is_blank || self.open.iter().any(|open| open.mark.style() == style) {
            self.extend(inside);
            return true;
        }
        let (lead, inside, trail) = without_spaces(inside);
        self.say(&lead);
        self.runs.push(match style {
            Style::Strong => Inline::Strong(inside),
            Style::Emphasis => Inline::Emphasis(inside),
            Style::Strike => Inline::Strike(inside),
        });
        self.say(&trail);
        true
    }

    /// Makes text of the marks from a depth on, because their ends did not come.
    fn fold(&mut self, depth: usize) {
        while self.open.len() > depth {
            let Some(open) = self.open.pop() else { return };
            let inside = std::mem::replace(&mut self.runs, open.before);
            self.say(open.source);
            self.extend(inside);
        }
    }

    fn extend(&mut self, mut runs: Inlines) {
        if let (Some(Inline::Text(_)), Some(Inline::Text(_))) = (self.runs.last(), runs.first())
            && let Inline::Text(first) = runs.remove(0)
        {
            self.say(&first);
        }
        self.runs.append(&mut runs);
    }

    fn say(&mut self, text: &str) {
        match self.runs.last_mut() {
            _ if text.is_empty() => {}
            Some(Inline::Text(said)) => said.push_str(text),
            _ => self.runs.push(Inline::Text(text.to_owned())),
        }
    }

    fn keep(&mut self, source: &str) {
        self.runs.push(Inline::Raw { markup: Markup::Wiki, text: source.to_owned() });
    }
}

/// Jira's editor puts `{}` between braces that would else be read together.
fn without_separators(text: &str, range: Range<usize>) -> Range<usize> {
    let inside = &text[range.clone()];
    match inside.strip_prefix("{}").and_then(|inside| inside.strip_suffix("{}")) {
        Some(_) => range.start + 2..range.end - 2,
        None => range,
    }
}

/// Code without its escapes.
fn unescaped(code: &str) -> String {
    let bytes = code.as_bytes();
    let mut out = String::with_capacity(code.len());
    let (mut plain, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if bytes.get(at + 1).is_some_and(|next| scan::is_escapable(*next)) => {
                out.push_str(&code[plain..at]);
                plain = at + 1;
                at += 2;
            }
            b'&' => match scan::entity(code, at, code.len()) {
                Some((character, end)) => {
                    out.push_str(&code[plain..at]);
                    out.push(character);
                    plain = end;
                    at = end;
                }
                None => at += 1,
            },
            _ => at += 1,
        }
    }
    out.push_str(&code[plain..]);
    out
}

/// Runs without the spaces at their ends, and these.
fn without_spaces(mut runs: Inlines) -> (String, Inlines, String) {
    let (mut lead, mut trail) = (String::new(), String::new());
    if let Some(Inline::Text(first)) = runs.first_mut() {
        let text = first.trim_start_matches(scan::BLANK).to_owned();
        first.truncate(first.len() - text.len());
        lead = std::mem::replace(first, text);
        if first.is_empty() {
            runs.remove(0);
        }
    }
    if let Some(Inline::Text(last)) = runs.last_mut() {
        trail = last.split_off(last.trim_end_matches(scan::BLANK).len());
        if last.is_empty() {
            runs.pop();
        }
    }
    (lead, runs, trail)
}

/// Takes away spaces before a line's end, and line's ends behind which nothing comes.
fn trim_end(runs: &mut Inlines) {
    while let Some(last) = runs.last_mut() {
        match last {
            Inline::Text(text) if text.ends_with(scan::BLANK) => {
                text.truncate(text.trim_end_matches(scan::BLANK).len());
                if !text.is_empty() {
                    return;
                }
            }
            Inline::Break(_) => {}
            _ => return,
        }
        runs.pop();
    }
}

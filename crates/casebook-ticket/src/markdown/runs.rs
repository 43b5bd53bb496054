//! Runs of text out of the events of one paragraph, HTML's tags for marks among them.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Tag as Mark};

use super::html::{Tag, unescaped};
use super::read::Text;
use crate::markup::{Inline, Inlines, Markup};

/// An event with where it stands.
pub(super) type Marked<'a> = (Event<'a>, Range<usize>);

/// How deep marks may be inside marks; what is deeper is kept as it stands.
const DEEPEST: usize = 16;

/// Reads events; each mark that begins in them must end in them.
pub(super) fn read(text: Text<'_>, events: &[Marked<'_>]) -> Inlines {
    Reader { text, events, next: 0, has_unclosed_code: false }.runs(0)
}

struct Reader<'a, 'e> {
    text: Text<'a>,
    events: &'e [Marked<'e>],
    next: usize,
    /// Whether an end of `<code>` has been looked for in vain: it is not looked for twice.
    has_unclosed_code: bool,
}

/// A tag of HTML that has not been closed yet, with the runs before it.
struct Open {
    wrap: fn(Inlines) -> Inline,
    source: String,
    before: Inlines,
}

impl Reader<'_, '_> {
    /// Runs up to the end of the mark that they are in, which is taken as well.
    fn runs(&mut self, depth: usize) -> Inlines {
        let mut out = Inlines::new();
        let mut open: Vec<Open> = Vec::new();
        while let Some((event, range)) = self.events.get(self.next) {
            self.next += 1;
            let depth = depth + open.len();
            match event {
                Event::End(_) => break,
                Event::Text(text) => add_text(text, &mut out),
                Event::Code(text) => out.push(self.code(text, range)),
                Event::SoftBreak | Event::HardBreak => out.push(self.line_end(range.end)),
                Event::InlineHtml(html) | Event::Html(html) => {
                    self.html(html, range, depth, &mut out, &mut open);
                }
                Event::Start(_) if depth >= DEEPEST => {
                    self.skip();
                    out.push(raw(&self.text.source[range.clone()]));
                }
                Event::Start(mark) => {
                    let run = self.mark(mark, range, depth + 1);
                    out.extend(run);
                }
                _ => add_text(&self.text.source[range.clone()], &mut out),
            }
        }
        while let Some(tag) = open.pop() {
            reopen(tag, &mut out);
        }
        out
    }

    fn mark(&mut self, mark: &Mark<'_>, range: &Range<usize>, depth: usize) -> Inlines {
        let inner = self.runs(depth);
        let run = match mark {
            Mark::Strong => Inline::Strong(inner),
            Mark::Emphasis => Inline::Emphasis(inner),
            Mark::Strikethrough => Inline::Strike(inner),
            // The model has no word for a title.
            Mark::Link { title, .. } | Mark::Image { title, .. } if !title.is_empty() => {
                raw(&self.text.source[range.clone()])
            }
            Mark::Link { link_type: LinkType::Email, dest_url, .. } => {
                Inline::Link { url: format!("mailto:{dest_url}"), text: inner }
            }
            Mark::Link { dest_url, .. } => Inline::Link { url: dest_url.to_string(), text: inner },
            Mark::Image { dest_url, .. } => {
                Inline::Image { url: dest_url.to_string(), text: crate::markup::plain(&inner) }
            }
            _ => return inner,
        };
        vec![run]
    }

    /// A line's end; the next line begins with what comes next.
    fn line_end(&self, end: usize) -> Inline {
        let next = self.events.get(self.next).map_or(end, |(_, range)| range.start);
        Inline::Break(self.text.at(next.max(end)))
    }

    fn code(&self, text: &str, range: &Range<usize>) -> Inline {
        let source = &self.text.source[range.clone()];
        let inner = source.trim_matches('`');
        let ticks = source.len() - source.trim_start_matches('`').len();
        let is_padded =
            inner.starts_with([' ', '\n']) && inner.ends_with([' ', '\n']) && !inner.trim().is_empty();
        let at = self.text.at(range.start + ticks + usize::from(is_padded));
        Inline::Code { at, text: text.to_owned() }
    }

    fn html(
        &mut self,
        source: &str,
        range: &Range<usize>,
        depth: usize,
        out: &mut Inlines,
        open: &mut Vec<Open>,
    ) {
        let tag = Tag::of(source);
        let wrap = tag.as_ref().and_then(|tag| wrap(tag.name));
        match (tag, wrap) {
            (Some(tag), _) if tag.name.eq_ignore_ascii_case("br") => out.push(self.line_end(range.end)),
            (Some(tag), _) if tag.name.eq_ignore_ascii_case("code") && !tag.closes => {
                out.push(self.html_code(range).unwrap_or_else(|| raw(source)));
            }
            (Some(tag), Some(wrap)) if !tag.closes && depth < DEEPEST => {
                open.push(Open { wrap, source: source.to_owned(), before: std::mem::take(out) });
            }
            (Some(tag), Some(wrap)) if tag.closes && open.iter().any(|open| same(open.wrap, wrap)) => {
                while let Some(tag) = open.pop() {
                    if same(tag.wrap, wrap) {
                        let inner = std::mem::replace(out, tag.before);
                        out.push(wrap(inner));
                        return;
                    }
                    reopen(tag, out);
                }
            }
            _ => out.push(raw(source)),
        }
    }

    /// What stands between `<code>` and `</code>`.
    fn html_code(&mut self, begins: &Range<usize>) -> Option<Inline> {
        if self.has_unclosed_code {
            return None;
        }
        let mut depth = 0_usize;
        for (number, (event, range)) in self.events.iter().enumerate().skip(self.next) {
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) if depth == 0 => break,
                Event::End(_) => depth -= 1,
                Event::InlineHtml(html) if depth == 0 && html.eq_ignore_ascii_case("</code>") => {
                    self.next = number + 1;
                    let text = unescaped(&self.text.source[begins.end..range.start]);
                    return Some(Inline::Code { at: self.text.at(begins.end), text });
                }
                _ => {}
            }
        }
        self.has_unclosed_code = true;
        None
    }

    /// Passes over the rest of a mark.
    fn skip(&mut self) {
        let mut depth = 1;
        while let (1.., Some((event, _))) = (depth, self.events.get(self.next)) {
            self.next += 1;
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                _ => {}
            }
        }
    }
}

fn wrap(tag: &str) -> Option<fn(Inlines) -> Inline> {
    match tag.to_ascii_lowercase().as_str() {
        "strong" | "b" => Some(Inline::Strong),
        "em" | "i" => Some(Inline::Emphasis),
        "s" | "del" | "strike" => Some(Inline::Strike),
        _ => None,
    }
}

fn same(one: fn(Inlines) -> Inline, other: fn(Inlines) -> Inline) -> bool {
    one(Inlines::new()) == other(Inlines::new())
}

/// A tag that is never closed stands for itself.
fn reopen(tag: Open, out: &mut Inlines) {
    let inner = std::mem::replace(out, tag.before);
    out.push(raw(&tag.source));
    out.extend(inner);
}

fn add_text(text: &str, out: &mut Inlines) {
    match out.last_mut() {
        Some(Inline::Text(last)) => last.push_str(text),
        _ => out.push(Inline::Text(text.to_owned())),
    }
}

fn raw(source: &str) -> Inline {
    Inline::Raw { markup: Markup::Markdown, text: source.to_owned() }
}

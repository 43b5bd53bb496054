//! The normal form: one way to say each thing, so that what was written and read again equals what was there.

use super::{Block, Blocks, Inline, Inlines, Item};
use crate::At;

/// The greatest number that a list may begin with; Markdown allows nine digits.
pub const GREATEST_START: u64 = 999_999_999;

/// Blocks in normal form. What is not said otherwise stays as it is:
///
/// - Texts have no line's end in them, are never empty and never next to each other; NUL becomes U+FFFD.
/// - No line of a paragraph begins or ends with a space or tab; no line is empty, none before the first or behind
///   the last.
/// - Marks (strong, emphasis, strike) are never empty, never inside or next to themselves, and have no space or line's
///   end at their inner edges. Links are never inside links.
/// - Code spans are not empty and are one line.
/// - There are no empty paragraphs, lists, quotes, tables, rows or pieces of raw source. A header of empty cells is
///   none. Only items that begin with a paragraph have a box.
#[must_use]
pub fn normal(blocks: Blocks) -> Blocks {
    blocks.into_iter().filter_map(block).collect()
}

fn block(block: Block) -> Option<Block> {
    Some(match block {
        Block::Paragraph { at, text } => return paragraph(at, text),
        Block::Heading { at, level, text } => {
            Block::Heading { at, level: level.clamp(1, 6), text: lines(text) }
        }
        Block::List { at, start, items } if !items.is_empty() => {
            let start = start.map(|start| start.min(GREATEST_START));
            Block::List { at, start, items: items.into_iter().map(item).collect() }
        }
        Block::Table { at, header, rows } => {
            let cells = |mut row: Vec<super::Cell>| {
                for cell in &mut row {
                    cell.blocks = normal(std::mem::take(&mut cell.blocks));
                }
                row
            };
            let mut header = cells(header);
            if header.iter().all(|cell| cell.blocks.is_empty()) {
                header.clear();
            }
            let rows: Vec<_> = rows.into_iter().filter(|row| !row.is_empty()).map(cells).collect();
            if header.is_empty() && rows.is_empty() {
                return None;
            }
            Block::Table { at, header, rows }
        }
        Block::Code { at, language, text } => {
            let language = language.map(|language| language.trim().to_owned());
            let language = language.filter(|language| !language.is_empty());
            Block::Code { at, language, text: without_nul(text.replace("\r\n", "\n").replace('\r', "\n")) }
        }
        Block::Quote { at, blocks } => {
            let blocks = normal(blocks);
            if blocks.is_empty() {
                return None;
            }
            Block::Quote { at, blocks }
        }
        Block::Raw { ref text, .. } if text.is_empty() => return None,
        Block::List { .. } => return None,
        Block::Raw { .. } | Block::Rule { .. } => block,
    })
}

fn item(item: Item) -> Item {
    let blocks = normal(item.blocks);
    let done = item.done.filter(|_| matches!(blocks.first(), Some(Block::Paragraph { .. })));
    Item { at: item.at, done, blocks }
}

/// A paragraph in normal form; none when nothing is in it. It begins where its first line does that has something in it.
#[must_use]
pub fn paragraph(at: At, text: Inlines) -> Option<Block> {
    let is_blank = |run: &&Inline| match run {
        Inline::Break(_) => true,
        Inline::Text(words) => words.trim_start_matches(BLANK).is_empty(),
        _ => false,
    };
    let at = text.iter().take_while(is_blank).fold(at, |at, run| match run {
        Inline::Break(next) => *next,
        _ => at,
    });
    let text = lines(text);
    (!text.is_empty()).then_some(Block::Paragraph { at, text })
}

/// The runs of a paragraph, a heading or a caption in normal form.
#[must_use]
pub fn lines(text: Inlines) -> Inlines {
    if is_normal(&text) {
        return text;
    }
    let mut out = Inlines::new();
    runs(text, Inside::default(), &mut out);
    trim(&mut out);
    out
}

/// Whether runs are in normal form for certain, as nearly all are that have no marks.
fn is_normal(text: &[Inline]) -> bool {
    let is_sound = |(place, run): (usize, &Inline)| match run {
        Inline::Text(words) => {
            let is_beside = |other: Option<&Inline>| matches!(other, None | Some(Inline::Break(_)));
            let (before, behind) =
                (place.checked_sub(1).and_then(|place| text.get(place)), text.get(place + 1));
            let is_odd = words.is_empty()
                || matches!(before, Some(Inline::Text(_)))
                || words.bytes().any(|byte| matches!(byte, b'\n' | b'\r' | 0))
                || is_beside(before) && words.starts_with(BLANK)
                || is_beside(behind) && words.ends_with(BLANK);
            !is_odd
        }
        Inline::Code { text, .. } => {
            !text.is_empty() && !text.bytes().any(|byte| matches!(byte, b'\n' | b'\r' | 0))
        }
        Inline::Break(_) => {
            let is_inside = place > 0 && place + 1 < text.len();
            is_inside && !matches!(text[place - 1], Inline::Break(_))
        }
        _ => false,
    };
    text.iter().enumerate().all(is_sound)
}

/// The marks that a run already stands in.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
struct Inside {
    strong: bool,
    emphasis: bool,
    strike: bool,
    link: bool,
}

fn runs(text: Inlines, inside: Inside, out: &mut Inlines) {
    for run in text {
        match run {
            Inline::Text(text) => {
                for (number, line) in text.split('\n').enumerate() {
                    if number > 0 {
                        push(Inline::Break(At::default()), out);
                    }
                    push(Inline::Text(without_nul(line.replace('\r', ""))), out);
                }
            }
            Inline::Strong(text) if inside.strong => runs(text, inside, out),
            Inline::Emphasis(text) if inside.emphasis => runs(text, inside, out),
            Inline::Strike(text) if inside.strike => runs(text, inside, out),
            Inline::Strong(text) => mark(text, Inside { strong: true, ..inside }, Inline::Strong, out),
            Inline::Emphasis(text) => mark(text, Inside { emphasis: true, ..inside }, Inline::Emphasis, out),
            Inline::Strike(text) => mark(text, Inside { strike: true, ..inside }, Inline::Strike, out),
            Inline::Link { text, .. } if inside.link => runs(text, inside, out),
            Inline::Link { url, text } => {
                let mut shown = Inlines::new();
                runs(text, Inside { link: true, ..inside }, &mut shown);
                trim(&mut shown);
                out.push(Inline::Link { url: one_line(&url), text: shown });
            }
            Inline::Code { at, text } => {
                if !text.is_empty() {
                    out.push(Inline::Code { at, text: one_line(&text) });
                }
            }
            Inline::Image { url, text } => {
                out.push(Inline::Image { url: one_line(&url), text: one_line(&text) });
            }
            Inline::Raw { ref text, .. } if text.is_empty() => {}
            Inline::Break(_) | Inline::Raw { .. } => push(run, out),
        }
    }
}

/// A mark around runs; what is blank at its edges stands outside of it.
fn mark(text: Inlines, inside: Inside, wrap: fn(Inlines) -> Inline, out: &mut Inlines) {
    let mut inner = Inlines::new();
    runs(text, inside, &mut inner);
    let mut behind = Vec::new();
    while let Some(blank) = take_blank(&mut inner, Edge::First) {
        push(blank, out);
    }
    while let Some(blank) = take_blank(&mut inner, Edge::Last) {
        behind.push(blank);
    }
    if !inner.is_empty() {
        push(wrap(inner), out);
    }
    for blank in behind.into_iter().rev() {
        push(blank, out);
    }
}

/// Adds a run: texts and equal marks become one, and nothing is blank around a line's end.
fn push(run: Inline, out: &mut Inlines) {
    match (out.last_mut(), run) {
        (_, Inline::Text(text)) if text.is_empty() => {}
        (Some(Inline::Text(last)), Inline::Text(text)) => last.push_str(&text),
        (Some(Inline::Break(_)), Inline::Text(text)) => {
            let text = text.trim_start_matches(BLANK);
            if !text.is_empty() {
                out.push(Inline::Text(text.to_owned()));
            }
        }
        // The next line begins behind the last of them.
        (Some(Inline::Break(last)), Inline::Break(next)) => *last = next,
        (Some(Inline::Text(last)), run @ Inline::Break(_)) => {
            last.truncate(last.trim_end_matches(BLANK).len());
            if last.is_empty() {
                out.pop();
                push(run, out);
            } else {
                out.push(run);
            }
        }
        (Some(Inline::Strong(last)), Inline::Strong(text))
        | (Some(Inline::Emphasis(last)), Inline::Emphasis(text))
        | (Some(Inline::Strike(last)), Inline::Strike(text)) => {
            for run in text {
                push(run, last);
            }
        }
        (_, run) => out.push(run),
    }
}

const BLANK: [char; 2] = [' ', '\t'];

fn trim(text: &mut Inlines) {
    while take_blank(text, Edge::First).is_some() {}
    while take_blank(text, Edge::Last).is_some() {}
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    First,
    Last,
}

/// Takes a line's end, or blanks, away from an edge.
fn take_blank(text: &mut Inlines, edge: Edge) -> Option<Inline> {
    let place = if edge == Edge::First { 0 } else { text.len().checked_sub(1)? };
    match text.get_mut(place)? {
        Inline::Break(_) => Some(text.remove(place)),
        Inline::Text(words) => {
            let kept = match edge {
                Edge::First => words.trim_start_matches(BLANK),
                Edge::Last => words.trim_end_matches(BLANK),
            };
            if kept.len() == words.len() {
                return None;
            }
            let blank = match edge {
                Edge::First => words[..words.len() - kept.len()].to_owned(),
                Edge::Last => words[kept.len()..].to_owned(),
            };
            let kept = kept.to_owned();
            if kept.is_empty() {
                text.remove(place);
            } else {
                *words = kept;
            }
            Some(Inline::Text(blank))
        }
        _ => None,
    }
}

fn one_line(text: &str) -> String {
    without_nul(text.replace("\r\n", " ").replace(['\n', '\r'], " "))
}

fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

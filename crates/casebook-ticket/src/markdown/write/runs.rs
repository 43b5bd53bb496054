//! Lines of Markdown out of runs of text.

use super::super::escape::{Place, destination, entity, text};
use crate::markup::{Inline, plain};

pub(super) fn write(runs: &[Inline], place: Place) -> String {
    let mut out = String::new();
    self::runs(runs, place.outside(), place, &mut out);
    out
}

/// Adds runs; `next` is the character that comes behind them.
fn runs(runs: &[Inline], next: char, place: Place, out: &mut String) {
    for (number, run) in runs.iter().enumerate() {
        let next = runs.get(number + 1).map_or(next, |run| first(run, place));
        self::run(run, next, place, out);
    }
}

fn run(run: &Inline, next: char, place: Place, out: &mut String) {
    match run {
        Inline::Text(words) => text(words, next, place, out),
        Inline::Strong(inner) => mark(inner, "**", "strong", next, place, out),
        Inline::Emphasis(inner) => mark(inner, "*", "em", next, place, out),
        Inline::Strike(inner) => mark(inner, "~~", "s", next, place, out),
        Inline::Code { text, .. } => code(text, place, out),
        Inline::Link { url, text } if is_autolink(url, text) && !place.in_brackets => {
            out.extend(["<", url, ">"]);
        }
        Inline::Link { url, text } => {
            out.push('[');
            runs(text, ']', Place { in_brackets: true, ..place }, out);
            out.extend(["](", &destination(url), ")"]);
        }
        Inline::Image { url, text: words } => {
            out.push_str("![");
            text(words, ']', Place { in_brackets: true, ..place }, out);
            out.extend(["](", &destination(url), ")"]);
        }
        Inline::Break(_) if place.in_cell || place.in_heading => out.push_str("<br>"),
        Inline::Break(_) => out.push('\n'),
        Inline::Raw { text, .. } if place.in_cell || place.in_heading => {
            out.push_str(&text.replace('\n', " "));
        }
        Inline::Raw { text, .. } => out.push_str(text),
    }
}

/// The first character that a run is written with, as far as it matters: marks are punctuation.
fn first(run: &Inline, place: Place) -> char {
    match run {
        Inline::Text(text) | Inline::Raw { text, .. } => text.chars().next().unwrap_or('<'),
        Inline::Strong(_) | Inline::Emphasis(_) => '*',
        Inline::Strike(_) => '~',
        Inline::Code { .. } => '`',
        Inline::Link { .. } => '[',
        Inline::Image { .. } => '!',
        Inline::Break(_) if place.in_cell || place.in_heading => '<',
        Inline::Break(_) => '\n',
    }
}

/// Text with a mark around it: Markdown's own where the characters at both sides allow it, else a tag.
fn mark(inner: &[Inline], sign: &str, tag: &str, next: char, place: Place, out: &mut String) {
    let before = out.chars().next_back().unwrap_or(place.outside());
    let begins = out.len();
    out.push_str(sign);
    let sign_end = out.len();
    let behind = sign.chars().next().unwrap_or('*');
    runs(inner, behind, place, out);
    let first = out[sign_end..].chars().next().unwrap_or(' ');
    let last = out[sign_end..].chars().next_back().unwrap_or(' ');
    let opens = may_stand(before, first, behind);
    let closes = may_stand(next, last, behind);
    if opens && closes {
        out.push_str(sign);
    } else {
        out.truncate(begins);
        out.extend(["<", tag, ">"]);
        runs(inner, '<', place, out);
        out.extend(["</", tag, ">"]);
    }
}

/// Whether a mark may stand between a character outside of it and one inside.
fn may_stand(outer: char, inner: char, mark: char) -> bool {
    let is_apart = outer.is_whitespace() || outer.is_ascii_punctuation();
    let fits = inner.is_alphanumeric() || inner.is_ascii_punctuation() && is_apart;
    fits && outer != mark && inner != mark && outer != '\\'
}

fn code(text: &str, place: Place, out: &mut String) {
    // A backslash before a bar would escape it in a cell, and signs that follow each other are one sign.
    if out.ends_with('`') || text.is_empty() || place.in_cell && text.contains("\\|") || text.contains('\n') {
        out.push_str("<code>");
        for character in text.chars() {
            if character.is_ascii_punctuation() || character.is_ascii_whitespace() {
                entity(character, out);
            } else {
                out.push(character);
            }
        }
        out.push_str("</code>");
        return;
    }
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let sign = "`".repeat(longest + 1);
    let would_lose_blanks =
        text.starts_with(' ') && text.ends_with(' ') && !text.trim_matches(' ').is_empty();
    let is_padded = text.starts_with('`') || text.ends_with('`') || would_lose_blanks;
    let pad = if is_padded { " " } else { "" };
    out.extend([&sign, pad, text, pad, &sign]);
}

/// Whether a link is shown as what it leads to, and can be written in angle brackets.
fn is_autolink(url: &str, text: &[Inline]) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    (2..=32).contains(&scheme.len())
        && scheme.starts_with(|character: char| character.is_ascii_alphabetic())
        && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+.-".contains(character))
        && !rest.is_empty()
        && rest
            .chars()
            .all(|character| character.is_alphanumeric() || "-._~:/?#@!$'()*+,;=%".contains(character))
        && plain(text) == url
        && matches!(text, [Inline::Text(_)])
}

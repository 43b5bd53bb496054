//! Lines of Markdown out of runs of text.

use super::super::escape::{Place, destination, entity, is_word, text};
use super::super::html;
use crate::markup::{Inline, Markup, plain};

pub(super) fn write(runs: &[Inline], place: Place) -> String {
    let mut out = String::new();
    if !place.is_one_line() && begins_block(runs, true) {
        out.push_str("<br>");
    }
    self::runs(runs, place.outside(), place, &mut out);
    out
}

/// Adds runs; `next` is the character that comes behind them.
fn runs(runs: &[Inline], next: char, place: Place, out: &mut String) {
    for (number, run) in runs.iter().enumerate() {
        let behind = &runs[number + 1..];
        match run {
            Inline::Break(_) if ends_line(behind, place) => out.push('\n'),
            Inline::Break(_) => out.push_str("<br>"),
            run => self::run(run, first(behind, next, place), place, out),
        }
    }
}

/// Whether the next line may begin in a line of its own, and needs no tag before it.
fn ends_line(behind: &[Inline], place: Place) -> bool {
    !place.is_one_line() && !begins_block(behind, false)
}

/// Whether raw source, where a line or a paragraph begins with it, would be no text but a block.
fn begins_block(line: &[Inline], begins_paragraph: bool) -> bool {
    let [Inline::Raw { markup: Markup::Markdown, text }, behind @ ..] = line else { return false };
    // One tag alone is a block, but not in the middle of a paragraph.
    let is_alone = begins_paragraph && matches!(behind, [] | [Inline::Break(_), ..]);
    html::is_block(&if is_alone { text.clone() } else { format!("{text}x") })
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
        Inline::Raw { markup: Markup::Markdown, text } if !place.is_one_line() => out.push_str(text),
        Inline::Raw { markup: Markup::Markdown, text } => out.push_str(&text.replace('\n', " ")),
        Inline::Raw { text, .. } => code(&text.replace('\n', " "), place, out),
        Inline::Break(_) => {}
    }
}

/// The first character that runs are written with, as far as it matters: marks are punctuation.
fn first(runs: &[Inline], otherwise: char, place: Place) -> char {
    let [run, behind @ ..] = runs else { return otherwise };
    match run {
        Inline::Text(text) | Inline::Raw { markup: Markup::Markdown, text } => {
            text.chars().next().unwrap_or('<')
        }
        Inline::Strong(_) | Inline::Emphasis(_) => '*',
        Inline::Strike(_) => '~',
        Inline::Code { .. } | Inline::Raw { .. } => '`',
        Inline::Link { .. } => '[',
        Inline::Image { .. } => '!',
        Inline::Break(_) if ends_line(behind, place) => '\n',
        Inline::Break(_) => '<',
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
    let fits = is_word(inner) || inner.is_ascii_punctuation() && is_apart;
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

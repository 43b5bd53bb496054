//! Spans that are no bindings and stand where predicates do: whoever reads them takes them for checked.

use super::super::words::{self, nearest};
use super::super::{PREDICATES, SyntaxError, parse_predicate};
use super::plain;
use crate::At;
use crate::message::message;

/// Where a span stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Stands {
    /// In the *Expected Result* of a step that has a statement: several words are a predicate there.
    InExpected,
    /// Behind a statement in another section, where prose goes on.
    BehindStatement,
}

/// What is wrong with a span of the prose that stands where predicates do; nothing when it is plainly a name or a value.
pub(in super::super) fn unchecked(text: &str, at: At, stands: Stands) -> Option<SyntaxError> {
    let visible: String = text.chars().filter_map(plain).collect();
    let words: Vec<_> = visible.split_whitespace().collect();
    let looks_checked = match words.as_slice() {
        // The name of a step says nothing of it.
        [] | ["step", _] => false,
        [word] => is_glued(word) || is_nearly_a_predicate(word),
        [first, rest @ ..] => stands == Stands::InExpected || is_comparison(first, rest),
    };
    looks_checked.then(|| said(text, &visible, at))
}

/// Whether a word is several that only lack their blanks: `elapsed<3s`, `json$.ok`, `contains"x"`, `status200`.
fn is_glued(word: &str) -> bool {
    const NUMBERED: [&str; 7] = ["status", "elapsed", "count", "rows", "added", "removed", "exit"];
    let end = word.find(['=', '<', '>', '"']).unwrap_or(word.len());
    let (before, behind) = word.split_at(end);
    let before = before.trim_end_matches('!');
    // A type's parameter, or an element of HTML.
    let is_type = behind.starts_with('<') && behind.ends_with('>');
    let is_name = before.starts_with(|first: char| first.is_alphabetic() || first == '$')
        && before.ends_with(|last: char| last.is_alphanumeric() || "_]".contains(last))
        && !before.contains(['/', ':', '(']);
    if !behind.is_empty() && is_name && !is_type {
        return true;
    }
    PREDICATES.iter().filter_map(|known| word.strip_prefix(known.word).map(|rest| (known.word, rest))).any(
        |(known, rest)| match rest.chars().next() {
            Some('0'..='9') => NUMBERED.contains(&known),
            Some(':' | '$' | ',' | ';') => rest.len() > 1,
            _ => false,
        },
    )
}

/// Whether a word is a predicate of one word but for a letter or its case: `Up`, `undon`.
fn is_nearly_a_predicate(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let mut alone = PREDICATES
        .iter()
        .map(|known| known.word)
        .filter(|known| parse_predicate(known, At::default()).is_ok());
    alone.any(|known| {
        lower == known || known.len() >= 6 && lower.len() <= 12 && words::is_nearly(&lower, known)
    })
}

/// Whether several words compare something: by a sign, with a text, or with a word that only stands within predicates.
fn is_comparison(first: &str, rest: &[&str]) -> bool {
    let is_part = ["contains", "matches"].contains(&first) || first.starts_with("has-");
    let is_denied = ["not", "no"].contains(&first)
        && rest.first().is_some_and(|word| words::find(PREDICATES, word).is_some());
    let compares = |word: &&str| {
        let sign = word.trim_start_matches(['=', '<', '>', '!', '~']);
        word.starts_with('"')
            || sign.len() < word.len()
                && (sign.is_empty()
                    || sign.starts_with(|it: char| it.is_alphanumeric() || "$\"".contains(it)))
    };
    is_part || is_denied || is_glued(first) || rest.iter().any(compares)
}

/// What is said to it: what was probably meant, where that can be told.
fn said(text: &str, visible: &str, at: At) -> SyntaxError {
    let fixed = spaced(visible).to_ascii_lowercase();
    let read = |text: &str| parse_predicate(text, at).ok().map(|predicate| predicate.to_string());
    let first = visible.split_whitespace().next().unwrap_or_default();
    let known = match first.strip_prefix("has-n") {
        // Its opposite is as near.
        Some(_) => Some("has-none"),
        None => nearest(first, PREDICATES.iter().map(|word| word.word)),
    };
    let replaced = || known.map(|known| visible.replacen(first, known, 1));
    let remedy = match read(&spaced(visible))
        .or_else(|| read(&fixed))
        .or_else(|| replaced().and_then(|text| read(&text)))
    {
        Some(meant) => message!(write_nearest, word = meant),
        None => message!(predicate_or_no_code),
    };
    SyntaxError { at, what: message!(not_checked, text = text), remedy, nearest: known }
}

/// With blanks around its sign and behind its first word.
fn spaced(text: &str) -> String {
    let is_sign = |character: char| "=<>!".contains(character);
    let mut out = String::new();
    let mut quoted = false;
    let mut before = ' ';
    for character in text.chars() {
        let begins_path = character == '$' && before.is_ascii_lowercase();
        if !quoted
            && before != ' '
            && (is_sign(character) != is_sign(before) || begins_path || character == '"')
        {
            out.push(' ');
        }
        quoted ^= character == '"';
        out.push(character);
        before = character;
    }
    let numbered = out.find(|character: char| !character.is_ascii_lowercase()).filter(|end| {
        words::find(PREDICATES, &out[..*end]).is_some()
            && out[*end..].starts_with(|next: char| next.is_ascii_digit() || next == ':')
    });
    if let Some(end) = numbered {
        out = format!("{} {}", &out[..end], out[end..].trim_start_matches(':'));
    }
    out
}

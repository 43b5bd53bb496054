//! Texts in which something may be hidden.

use std::sync::LazyLock;

use regex::Regex;

static REPLACED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\*\*\*|\$\{[^}]+\}|\$[a-z_][a-z0-9_]*").expect("it is tested"));

/// Whether a text is another one, or that in which secrets and addresses were replaced.
pub(super) fn is_same(text: &str, written: &str) -> bool {
    text == written || is_hidden_in(text, written)
}

/// Whether something may be hidden in a text.
pub(super) fn has_hidden(text: &str) -> bool {
    REPLACED.is_match(text)
}

fn is_hidden_in(text: &str, hidden: &str) -> bool {
    let mut rest = text;
    let mut pieces = REPLACED.split(hidden);
    let Some(after) = pieces.next().and_then(|first| rest.strip_prefix(first)) else { return false };
    rest = after;
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    REPLACED.is_match(hidden) && (rest.is_empty() || hidden.ends_with(|end| "*}".contains(end)))
}

//! Lines that begin with a key: `Key: value`, `**Key:** value`, `✅ **Key**: value`.

use crate::At;
use crate::markup::{Inline, Inlines, plain};

/// A key and what stands behind it on its line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Its words, without the colon.
    pub(super) words: String,
    /// Whether it is in bold.
    pub(super) strong: bool,
    /// What stands behind it; empty where there is nothing.
    pub(super) value: Inlines,
}

/// More characters than this are no key.
const LONGEST: usize = 60;

impl Key {
    /// The key that a line begins with.
    pub(super) fn of(line: &[Inline]) -> Option<Self> {
        let decorated = line.first().is_some_and(is_decoration);
        let (first, rest) = line[usize::from(decorated)..].split_first()?;
        match first {
            Inline::Text(text) => {
                let (words, value) = text.split_once([':', '：'])?;
                Self::checked(words, false, text_first(value, rest))
            }
            Inline::Strong(inner) => {
                let inside = plain(inner);
                match inside.split_once([':', '：']) {
                    Some((words, value)) if value.trim().is_empty() => {
                        Self::checked(words, true, trimmed_start(rest))
                    }
                    Some(_) => {
                        Self::of(inner).filter(|_| rest.is_empty()).map(|key| Self { strong: true, ..key })
                    }
                    None => match rest.split_first() {
                        None => Self::checked(&inside, true, Inlines::new()),
                        Some((Inline::Text(text), rest)) => {
                            let value = text.trim_start().strip_prefix([':', '：'])?;
                            Self::checked(&inside, true, text_first(value, rest))
                        }
                        Some(_) => None,
                    },
                }
            }
            _ => None,
        }
    }

    fn checked(words: &str, strong: bool, value: Inlines) -> Option<Self> {
        let words = words.trim();
        let short = words.chars().take(LONGEST + 1).count() <= LONGEST;
        (short && words.chars().any(char::is_alphabetic)).then(|| Self {
            words: words.to_owned(),
            strong,
            value,
        })
    }
}

/// Emoji, ticks and the like in front of a key.
fn is_decoration(run: &Inline) -> bool {
    matches!(run, Inline::Text(text) if !text.chars().any(char::is_alphanumeric) && !text.contains([':', '：']))
}

fn text_first(text: &str, rest: &[Inline]) -> Inlines {
    let text = text.trim_start();
    let first = (!text.is_empty()).then(|| Inline::Text(text.to_owned()));
    let rest = if first.is_none() { trimmed_start(rest) } else { rest.to_vec() };
    first.into_iter().chain(rest).collect()
}

fn trimmed_start(runs: &[Inline]) -> Inlines {
    match runs.split_first() {
        Some((Inline::Text(text), rest)) => {
            let text = text.trim_start();
            let first = (!text.is_empty()).then(|| Inline::Text(text.to_owned()));
            first.into_iter().chain(rest.iter().cloned()).collect()
        }
        _ => runs.to_vec(),
    }
}

/// The lines of a paragraph.
pub(super) fn lines(at: At, text: Inlines) -> Vec<(At, Inlines)> {
    let mut lines = vec![(at, Inlines::new())];
    for run in text {
        match (run, lines.last_mut()) {
            (Inline::Break(at), _) => lines.push((at, Inlines::new())),
            (run, Some((_, line))) => line.push(run),
            (_, None) => {}
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_sentences() {
        let strong = |text: &str| Inline::Strong(vec![Inline::Text(text.into())]);
        let text = |text: &str| Inline::Text(text.into());
        let of = |line: &[Inline]| Key::of(line).map(|key| (key.words, plain(&key.value)));
        let both = |key: &str, value: &str| Some((key.to_owned(), value.to_owned()));
        assert_eq!(of(&[text("Priority: High")]), both("Priority", "High"));
        assert_eq!(of(&[text("Steps:")]), both("Steps", ""));
        assert_eq!(of(&[strong("Priority:"), text(" High")]), both("Priority", "High"));
        assert_eq!(of(&[text("✅ "), strong("Priority"), text(": High")]), both("Priority", "High"));
        assert_eq!(of(&[strong("Priority: High")]), both("Priority", "High"));
        assert_eq!(of(&[strong("Steps")]), both("Steps", ""));
        assert_eq!(of(&[strong("Steps"), text(" are below")]), None);
        assert_eq!(of(&[text("No key here")]), None);
    }
}

//! Lines that begin with a key: `Key: value`, `**Key:** value`, `✅ **Key**: value`.

use crate::markup::{Inline, Inlines, plain};

/// A key and what stands behind it on its line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Its words, without the colon.
    pub(super) words: String,
    /// Whether it is in bold.
    pub(super) strong: bool,
    /// Whether a colon or a dash tells it from its value.
    pub(super) marked: bool,
    /// What stands behind it; empty where there is nothing.
    pub(super) value: Inlines,
}

/// More bytes than this are no key.
const LONGEST: usize = 120;
const COLONS: [char; 2] = [':', '：'];
const DASHES: [&str; 3] = [" - ", " – ", " — "];

impl Key {
    /// The key that a line begins with, or that it is: bold words, or words before a colon.
    pub(super) fn of(line: &[Inline]) -> Option<Self> {
        let decorated = line.len() > 1 && line.first().is_some_and(is_decoration);
        let (first, rest) = line[usize::from(decorated)..].split_first()?;
        match first {
            Inline::Text(text) => {
                let (words, value) = split(text)?;
                Self::checked(words, false, true, text_first(value, rest))
            }
            Inline::Strong(inner) => Self::strong(inner, rest),
            _ => None,
        }
    }

    fn strong(inner: &[Inline], rest: &[Inline]) -> Option<Self> {
        let inside = plain(inner);
        let words = inside.trim().trim_end_matches(COLONS);
        if words.len() < inside.trim().len() {
            return Self::checked(words, true, true, trimmed_start(rest));
        }
        if rest.iter().all(is_decoration) {
            return match split(words) {
                Some((key, value)) if !value.trim().is_empty() => {
                    let value = vec![Inline::Strong(vec![Inline::Text(value.trim().to_owned())])];
                    Self::checked(key, true, true, value)
                }
                _ => Self::checked(words, true, false, Inlines::new()),
            };
        }
        let (Inline::Text(text), rest) = rest.split_first()? else { return None };
        let behind = text.trim_start().strip_prefix(COLONS);
        let value = behind.or_else(|| DASHES.iter().find_map(|dash| text.strip_prefix(dash)))?;
        Self::checked(words, true, true, text_first(value, rest))
    }

    fn checked(words: &str, strong: bool, marked: bool, value: Inlines) -> Option<Self> {
        let words = words.trim();
        let sound = words.len() <= LONGEST && words.chars().any(char::is_alphabetic) && !words.contains('\n');
        sound.then(|| Self { words: words.to_owned(), strong, marked, value })
    }
}

/// Splits at a colon near the beginning that is none of an address, a path or a time.
fn split(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().take(LONGEST).find(|(_, character)| COLONS.contains(character));
    let (words, value) = (&text[..at?.0], &text[at?.0..]);
    let value = value.trim_start_matches(COLONS);
    (!value.starts_with(['/', '\\'])).then_some((words, value))
}

/// Emoji, ticks and the like.
pub(super) fn is_decoration(run: &Inline) -> bool {
    match run {
        Inline::Text(text) => !text.chars().any(char::is_alphanumeric) && !text.contains(COLONS),
        Inline::Image { text, .. } => text.len() < 40,
        Inline::Raw { .. } => true,
        _ => false,
    }
}

fn text_first(text: &str, rest: &[Inline]) -> Inlines {
    let text = text.trim_start();
    if text.is_empty() {
        return trimmed_start(rest);
    }
    let mut value = Inlines::with_capacity(rest.len() + 1);
    value.push(Inline::Text(text.to_owned()));
    value.extend_from_slice(rest);
    value
}

fn trimmed_start(runs: &[Inline]) -> Inlines {
    match runs.split_first() {
        Some((Inline::Text(text), rest)) if text.trim_start().is_empty() => rest.to_vec(),
        Some((Inline::Text(text), rest)) => text_first(text, rest),
        _ => runs.to_vec(),
    }
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
        assert_eq!(of(&[strong("Priority"), text(" – High")]), both("Priority", "High"));
        assert_eq!(of(&[text("✅ "), strong("Priority"), text(": High")]), both("Priority", "High"));
        assert_eq!(of(&[strong("Priority: High")]), both("Priority", "High"));
        assert_eq!(of(&[strong("Steps"), text(" ⚠️")]), both("Steps", ""));
        assert_eq!(of(&[strong("Steps"), text(" are below")]), None);
        assert_eq!(of(&[text("https://example.com")]), None);
        assert_eq!(of(&[text("No key here")]), None);
        assert_eq!(of(&[]), None);
    }
}

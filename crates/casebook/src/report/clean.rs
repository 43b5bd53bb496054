//! Text of others, made safe to show: a ticket may hold anything.

/// A text on one line, without control characters, which a terminal would obey, and without those that reorder text, which would make it
/// look like another: each is shown as U+FFFD. Line ends and tabs are spaces.
#[must_use]
pub fn line(text: &str) -> String {
    text.chars().map(|character| if character.is_whitespace() { ' ' } else { shown(character) }).collect()
}

/// The same, with line ends and tabs kept.
pub(crate) fn lines(text: &str) -> String {
    text.chars()
        .map(|character| if "\n\t".contains(character) { character } else { shown(character) })
        .collect()
}

fn shown(character: char) -> char {
    let reorders =
        matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    if character.is_control() || reorders { char::REPLACEMENT_CHARACTER } else { character }
}

/// The beginning of a text that is too long for one line, with an ellipsis in the place of the rest.
pub(crate) fn short(text: &str, characters: usize) -> String {
    let text = line(text.trim());
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_commands_a_terminal_or_reorders_text() {
        assert_eq!(line("a\x1b[2Jb\r\n\u{202E}c\u{9b}"), "a\u{FFFD}[2Jb  \u{FFFD}c\u{FFFD}");
        assert_eq!(lines("a\n\tb\r\x07"), "a\n\tb\u{FFFD}\u{FFFD}");
        assert_eq!(short("  שלום עולם ", 4), "שלום…");
        assert_eq!(short("abc", 3), "abc");
    }
}

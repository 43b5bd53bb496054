//! Escapes what would be read as markup, and nothing else: text stays readable in its source.

use super::scan;

/// What is around a text that is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    /// The last character written, if there is one on this line.
    pub(super) before: Option<char>,
    /// The first character that will be written behind it on this line.
    pub(super) after: Option<char>,
    /// Whether it begins a line.
    pub(super) begins: bool,
    /// Whether a bracket would end what it is in.
    pub(super) in_link: bool,
}

/// Writes text.
pub(super) fn text(text: &str, around: Around, out: &mut String) {
    let mut from = 0;
    if around.begins {
        from = line_start(text, around.after, out);
    }
    let trailing = if around.after.is_none() { text.trim_end().len().max(from) } else { text.len() };
    characters(text, from, trailing, around, true, out);
    spaces(&text[trailing..], out);
}

/// Writes code between its braces. Jira reads marks in it too.
pub(super) fn code(code: &str, out: &mut String) {
    let around = Around { before: Some('{'), after: Some('}'), begins: false, in_link: false };
    characters(code, 0, code.len(), around, false, out);
}

/// What lists' items begin with.
const MARKERS: [char; 3] = ['*', '#', '-'];

/// Spaces at a line's ends would not be read.
fn spaces(spaces: &str, out: &mut String) {
    for space in spaces.chars() {
        entity(space, out);
    }
}

fn entity(character: char, out: &mut String) {
    out.push_str("&#");
    out.push_str(&u32::from(character).to_string());
    out.push(';');
}

/// Escapes what begins a line as a list, a heading or a rule does, before a character: how much of the text is written.
fn line_start(text: &str, after: Option<char>, out: &mut String) -> usize {
    let trimmed = text.trim_start();
    let blank = text.len() - trimmed.len();
    spaces(&text[..blank], out);
    let first = trimmed.chars().next();
    if trimmed.starts_with("bq.") || scan::heading(trimmed).is_some() {
        let dot = trimmed.find('.').unwrap_or_default();
        out.push_str(&trimmed[..dot]);
        entity('.', out);
        return blank + dot + 1;
    }
    // Marks behind it may go on with those of an item: `#*# a*`.
    let goes_on = !trimmed.is_empty()
        && trimmed.trim_start_matches(MARKERS).is_empty()
        && after.is_some_and(|after| after.is_whitespace() || MARKERS.contains(&after));
    let is_marked =
        goes_on || scan::begins_item(trimmed) || trimmed.starts_with("---") || scan::is_dashes(trimmed);
    match first {
        Some(first) if is_marked && MARKERS.contains(&first) => out.extend(['\\', first]),
        Some(first) if is_marked => entity(first, out),
        _ => return blank,
    }
    blank + first.map_or(0, char::len_utf8)
}

fn characters(text: &str, from: usize, end: usize, around: Around, is_text: bool, out: &mut String) {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut plain = from;
    let neighbours = |start: usize, stop: usize| {
        let before = text[..start].chars().next_back().or(around.before);
        let after = text[stop..].chars().next().or(around.after);
        // What is written as `&...;` has a place beside marks as these characters do.
        (
            before.map(|it| if is_odd_space(it) { ';' } else { it }),
            after.map(|it| if is_odd_space(it) { '&' } else { it }),
        )
    };
    while at < end {
        let byte = bytes[at];
        let character = text[at..].chars().next().unwrap_or_default();
        let mut length = character.len_utf8();
        let is_special = match byte {
            b'*' | b'_' | b'-' | b'+' | b'?' => {
                length = bytes[at..end].iter().take_while(|next| **next == byte).count();
                is_mark(byte, length, neighbours(at, at + length))
            }
            b'{' => {
                !is_text
                    || neighbours(at, at + 1)
                        .1
                        .is_none_or(|next| next.is_alphanumeric() || "{*_-+".contains(next))
            }
            b'}' => !is_text || neighbours(at, at + 1).0 == Some('}'),
            b'[' | b'|' | b'\n' | b'\r' => true,
            b']' => !is_text || around.in_link,
            b'!' => is_text && neighbours(at, at + 1).1.is_some_and(char::is_alphanumeric),
            b':' if is_text && scan::is_address_colon(text, at, end) => {
                at = scan::address_end(text, at, end);
                continue;
            }
            b'\\' => {
                let after = neighbours(at, at + 1).1;
                at + 1 >= end || !after.is_some_and(|after| after.is_alphanumeric() || after == ' ')
            }
            b'&' => scan::entity(text, at, end).is_some(),
            _ => is_odd_space(character),
        };
        if is_special {
            out.push_str(&text[plain..at]);
            match byte {
                b'\\' => entity('\\', out),
                b'&' => entity('&', out),
                b'\n' | b'\r' => out.push(' '),
                _ if is_odd_space(character) => entity(character, out),
                _ => {
                    for _ in 0..length {
                        out.extend(['\\', char::from(byte)]);
                    }
                }
            }
            plain = at + length;
        }
        at += length;
    }
    out.push_str(&text[plain..end]);
}

/// Spaces that Jira, or who edits the source, could lose; and tabs, which may be between the cells of a pasted table.
fn is_odd_space(character: char) -> bool {
    character.is_whitespace() && !" \r\n".contains(character)
}

/// Whether marks between two characters can be markup, with marks of the same kind beside them among it.
fn is_mark(byte: u8, length: usize, (before, after): (Option<char>, Option<char>)) -> bool {
    let same = Some(char::from(byte));
    let touches = before == same || after == same;
    let can = scan::opens(before, after) || scan::closes(before, after);
    match (byte, length) {
        (b'?', 1) => false,
        (b'*' | b'?', _) | (_, 1) => touches || can,
        _ => touches,
    }
}

//! Tells what is markup at one place of a line. The reader acts on it, and the writer escapes what it finds.

use std::ops::Range;

/// `{name}` or `{name:parameters}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) parameters: Option<&'a str>,
    pub(super) end: usize,
}

/// The tag whose brace is at `at`.
pub(super) fn tag(text: &str, at: usize, end: usize) -> Option<Tag<'_>> {
    let inside = text[at..end].strip_prefix('{')?;
    let name = inside.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    if name == 0 || !inside.as_bytes()[0].is_ascii_alphabetic() {
        return None;
    }
    let close = name + inside[name..].find(['{', '}', '\n'])?;
    let between = &inside[name..close];
    let parameters = match between.strip_prefix(':') {
        Some(parameters) => Some(parameters),
        None if between.is_empty() => None,
        None => return None,
    };
    inside[close..].starts_with('}').then(|| Tag {
        name: &inside[..name],
        parameters,
        end: at + 1 + close + 1,
    })
}

/// Macros that Jira knows and the model does not. In a line only these are taken for macros, and only with parameters:
/// `{status}` is more often a part of an address.
const MACROS: &[&str] =
    &["anchor", "attachments", "expand", "gallery", "include", "jira", "mention", "status"];

/// Whether a tag inside a line is a macro that is kept as it is.
pub(super) fn is_kept(tag: &Tag) -> bool {
    tag.parameters.is_some() && MACROS.contains(&tag.name)
}

/// `h2. `, also without the space where what follows is no host's name: its level, and where its text begins.
pub(super) fn heading(line: &str) -> Option<(u8, usize)> {
    let bytes = line.as_bytes();
    let level = match bytes {
        [b'h', level @ b'1'..=b'6', b'.', ..] => level - b'0',
        _ => return None,
    };
    let next = line[3..].chars().next();
    let is_heading = next.is_none_or(|next| {
        next.is_whitespace() || next == '*' || (next.is_alphabetic() && !next.is_lowercase())
    });
    is_heading.then(|| (level, line.len() - line[3..].trim_start().len()))
}

/// A line of four dashes or more, and of nothing else.
pub(super) fn is_rule(line: &str) -> bool {
    line.len() >= 4 && line.bytes().all(|byte| byte == b'-')
}

/// A cell of the line below a Markdown table's header.
pub(super) fn is_dashes(cell: &str) -> bool {
    let dashes = cell.trim_start_matches(':').trim_end_matches(':');
    cell.len() >= 3 && !dashes.is_empty() && dashes.bytes().all(|byte| byte == b'-')
}

/// What stands before a list's item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marker {
    /// How many marks: how deep it is.
    pub(super) depth: usize,
    /// How far it stands from the line's beginning.
    pub(super) indent: usize,
    pub(super) ordered: bool,
    /// Whether it is made of dashes alone, which are also used as dashes.
    pub(super) dashes: bool,
    /// Where its text begins in the line.
    pub(super) text: usize,
}

/// The bullets of word processors.
const BULLETS: &[char] = &['•', '◦', '▪', '‣'];

/// The marker that a line without its indentation begins with.
pub(super) fn marker(line: &str, indent: usize) -> Option<Marker> {
    let rest = line.trim_start_matches(['*', '#', '-']);
    let marks = &line[..line.len() - rest.len()];
    let (marks, rest) = match rest.strip_prefix(BULLETS) {
        Some(behind) if marks.is_empty() => ("*", behind),
        _ => (marks, rest),
    };
    let text = rest.trim_start();
    (!marks.is_empty() && text.len() < rest.len() && !text.is_empty()).then(|| Marker {
        depth: marks.len(),
        indent,
        ordered: marks.ends_with('#'),
        dashes: marks.bytes().all(|mark| mark == b'-'),
        text: line.len() - text.len(),
    })
}

/// Whether a line that goes on with something else could begin as an item does.
pub(super) fn begins_item(line: &str) -> bool {
    let marks = line.len() - line.trim_start_matches(['*', '#', '-']).len();
    let rest = if marks > 0 { Some(&line[marks..]) } else { line.strip_prefix(BULLETS) };
    rest.is_some_and(|rest| rest.starts_with(char::is_whitespace))
}

/// A link: its text, if it has any, and its address.
pub(super) struct Link {
    pub(super) text: Option<Range<usize>>,
    pub(super) url: Range<usize>,
    pub(super) end: usize,
}

/// The link whose bracket is at `at`.
pub(super) fn link(text: &str, at: usize, end: usize) -> Option<Link> {
    let bytes = text.as_bytes();
    let start = at + 1;
    let mut bars = [None, None];
    let mut place = start;
    let close = loop {
        match bytes[place..end].iter().position(|byte| matches!(byte, b'\\' | b'[' | b']' | b'|')) {
            None => return None,
            Some(skipped) => place += skipped,
        }
        match bytes[place] {
            b'\\' => place += 1,
            b'|' => bars = [bars[1], Some(place)],
            b']' => break place,
            _ => return None,
        }
        place += 1;
        if place >= end {
            return None;
        }
    };
    let whole = start..close;
    let [first, last] = bars;
    match (first, last) {
        (_, None) => {
            is_address(&text[whole.clone()], true).then_some(Link { text: None, url: whole, end: close + 1 })
        }
        (_, Some(bar)) if is_address(&text[bar + 1..close], false) => {
            Some(Link { text: Some(start..bar), url: bar + 1..close, end: close + 1 })
        }
        (Some(bar), Some(tip)) if is_address(&text[bar + 1..tip], false) => {
            Some(Link { text: Some(start..bar), url: bar + 1..tip, end: close + 1 })
        }
        _ => None,
    }
}

/// Whether something in brackets is where a link leads. Alone, without a text before it, it has to be more certain.
pub(super) fn is_address(text: &str, alone: bool) -> bool {
    if let Some(file) = text.strip_prefix('^') {
        return has_extension(file);
    }
    if text.is_empty() || text.contains(char::is_whitespace) {
        return false;
    }
    let has_scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
            && (rest.starts_with("//") || (scheme == "mailto" && !rest.is_empty()))
    });
    let is_anchor = text.strip_prefix('#').is_some_and(|name| name.starts_with(char::is_alphabetic));
    let has_path = || text.contains(['/', '.', '#']) && text.contains(char::is_alphanumeric);
    let is_key = || {
        text.split_once('-').is_some_and(|(project, number)| {
            !project.is_empty()
                && project.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    has_scheme || is_anchor || (!alone && (has_path() || is_key()))
}

/// A picture: its name, and what else is said of it.
pub(super) struct Image {
    pub(super) name: Range<usize>,
    pub(super) options: Range<usize>,
    pub(super) end: usize,
}

/// The picture whose `!` is at `at`.
pub(super) fn image(text: &str, at: usize, end: usize) -> Option<Image> {
    let start = at + 1;
    if !text[start..end].starts_with(char::is_alphanumeric) {
        return None;
    }
    let close = start + text[start..end].find('!')?;
    let bar = text[start..close].find('|').map_or(close, |bar| start + bar);
    let (name, options) = (start..bar, (bar + 1).min(close)..close);
    (has_extension(&text[name.clone()]) || is_options(&text[options.clone()])).then_some(Image {
        name,
        options,
        end: close + 1,
    })
}

/// Whether a file's name says what it is, or it is an address.
pub(super) fn has_extension(name: &str) -> bool {
    let known = name.rsplit_once('.').is_some_and(|(before, extension)| {
        !before.is_empty()
            && !before.ends_with(char::is_whitespace)
            && (2..=5).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    known || (name.contains("://") && !name.contains(char::is_whitespace))
}

fn is_options(options: &str) -> bool {
    options.starts_with("thumbnail") || options.starts_with("alt=") || options.starts_with("width=")
}

/// Where an address that stands in the text ends; its `://` begins at `colon`. Nothing in it is markup, and what
/// punctuates the sentence is not a part of it.
pub(super) fn address_end(text: &str, colon: usize, end: usize) -> usize {
    let address = &text[colon..address_stop(text, colon, end)];
    let kept = address.trim_end_matches(['.', ',', ';', ':', '?', '_', '-', '+', ')', '\'', '&']);
    colon + kept.len().max(3)
}

/// Where what could be a part of an address ends.
pub(super) fn address_stop(text: &str, colon: usize, end: usize) -> usize {
    let inside = &text[colon..end];
    let ends = |(at, character): (usize, char)| {
        character.is_whitespace() || "|\"<>[]{}\\*!".contains(character) || inside[at..].starts_with("&#")
    };
    colon + inside.char_indices().find(|place| ends(*place)).map_or(inside.len(), |(at, _)| at)
}

/// Whether an address begins with the colon at `at`.
pub(super) fn is_address_colon(text: &str, at: usize, end: usize) -> bool {
    text[at..end].starts_with("://") && at > 0 && text.as_bytes()[at - 1].is_ascii_alphabetic()
}

/// The character that `&...;` at `at` stands for, and where that ends.
pub(super) fn entity(text: &str, at: usize, end: usize) -> Option<(char, usize)> {
    let inside = text[at..end].strip_prefix('&')?;
    let length = inside.bytes().take(9).position(|byte| byte == b';')?;
    let name = inside.get(..length)?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(number).filter(|character| !"\0\r\n".contains(*character))?
        }
    };
    Some((character, at + 1 + length + 1))
}

/// Spaces that stand for nothing at the ends of lines and marks.
pub(super) const BLANK: [char; 2] = [' ', '\t'];

/// What a backslash takes its meaning from.
pub(super) fn is_escapable(byte: u8) -> bool {
    b"{}[]*_-+^~?!|#".contains(&byte)
}

/// Whether a mark between two characters can begin what it marks.
pub(super) fn opens(before: Option<char>, after: Option<char>) -> bool {
    !before.is_some_and(char::is_alphanumeric) && after.is_some_and(|after| !after.is_whitespace())
}

/// Whether a mark between two characters can end what it marks.
pub(super) fn closes(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(|before| !before.is_whitespace()) && !after.is_some_and(char::is_alphanumeric)
}

/// Whether two backslashes at `at` are a forced line's end, and not a part of a path or a pattern.
pub(super) fn is_forced_break(text: &str, start: usize, at: usize, end: usize) -> bool {
    let after = text[at + 2..end].chars().next();
    let word = &text.as_bytes()[start.max(at.saturating_sub(64))..at];
    let word = &word[word.iter().rposition(u8::is_ascii_whitespace).map_or(0, |space| space + 1)..];
    match after {
        None => true,
        Some(after) if after.is_whitespace() => true,
        Some(after) => {
            (after.is_uppercase() || after.is_ascii_digit() || "*#-".contains(after))
                && !word.is_empty()
                && !word.iter().any(|byte| b":\"'\\/".contains(byte))
        }
    }
}

/// Where the mention of a user whose bracket is at `at` ends: `[~name]`, `[~accountid:...]`.
pub(super) fn mention(text: &str, at: usize, end: usize) -> Option<usize> {
    let name = text[at..end].strip_prefix("[~")?;
    let length =
        name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"._:-@".contains(byte)).count();
    (length > 0 && name[length..].starts_with(']')).then_some(at + 2 + length + 1)
}

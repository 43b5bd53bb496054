//! Plain characters written so that Markdown takes none of them for a mark, and as few as possible escaped.

/// Where characters stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// In a table's cell: all is one line, and bars part cells.
    pub(super) in_cell: bool,
    /// In a heading: all is one line.
    pub(super) in_heading: bool,
    /// In a link's or an image's brackets.
    pub(super) in_brackets: bool,
}

impl Place {
    /// Whether there is no line's end in it but by a tag.
    pub(super) fn is_one_line(self) -> bool {
        self.in_cell || self.in_heading
    }

    /// The character that stands before the first and behind the last: in a cell, that of a tag, for all that is
    /// known; else a line's end.
    pub(super) fn outside(self) -> char {
        if self.in_cell { '|' } else { '\n' }
    }
}

/// Adds text to a line; `next` is the character that comes behind it, a line's end when there is none.
pub(super) fn text(text: &str, next: char, place: Place, out: &mut String) {
    let begins_line = !place.is_one_line() && (out.is_empty() || out.ends_with('\n'));
    let mut rest = text;
    if begins_line {
        rest = line_start(rest, next, out);
    }
    if out.is_empty() && is_box(rest) {
        out.push('\\');
    }
    let mut characters = rest.char_indices().peekable();
    let mut run = Run::default();
    let mut previous = out.chars().next_back().unwrap_or(place.outside());
    while let Some((index, character)) = characters.next() {
        let after = &rest[index + character.len_utf8()..];
        let following = characters.peek().map_or(next, |(_, next)| *next);
        let is_edge =
            after.is_empty() && next == place.outside() || previous == place.outside() && index == 0;
        previous = match character {
            ' ' | '\t' | '\u{b}' | '\u{c}' if is_edge || !is_blank(character) => {
                entity(character, out);
                ';'
            }
            _ => {
                let escapes = match character {
                    '\\' => {
                        after.is_empty()
                            || !(following.is_alphanumeric() || following == ' ' && after.len() > 1)
                    }
                    '`' => true,
                    '*' => {
                        after.is_empty() || previous == '\n' || !(is_blank(previous) && is_blank(following))
                    }
                    '_' => {
                        if index >= run.end {
                            run = Run::of(rest, index, previous, next);
                        }
                        !run.is_harmless
                    }
                    '~' => following == '~' || previous == '~' || !is_blank(previous),
                    '[' => place.in_brackets,
                    ']' => place.in_brackets || matches!(following, '(' | '['),
                    '!' => following == '[',
                    '<' => after.is_empty() || following.is_ascii_alphabetic() || "/!?".contains(following),
                    '&' => is_entity(after),
                    '#' => place.in_heading && after.is_empty() && next == place.outside(),
                    _ => false,
                };
                if escapes {
                    out.push('\\');
                }
                out.push(character);
                character
            }
        };
    }
}

/// Escapes what would begin a block, and gives what is left to write.
fn line_start<'a>(text: &'a str, next: char, out: &mut String) -> &'a str {
    let ends = |rest: &str| rest.chars().next().unwrap_or(next).is_whitespace() || rest.is_empty();
    let first = text.chars().next().unwrap_or(next);
    let digits = text.len() - text.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let is_block = match first {
        '#' => ends(text.trim_start_matches('#')),
        '>' => true,
        '-' | '+' => ends(&text[1..]) || text.trim_matches(RULE).is_empty(),
        '=' => text.trim_matches(['=', ' ', '\t']).is_empty(),
        '|' | ':' => text.trim_matches(RULE).is_empty(),
        '_' => text.trim_matches(['_', ' ', '\t']).is_empty(),
        '~' => text.starts_with("~~"),
        '[' => may_define(text),
        _ => false,
    };
    if is_block {
        out.push('\\');
        out.push(first);
        return &text[1..];
    }
    if (1..=9).contains(&digits) && text[digits..].starts_with(['.', ')']) && ends(&text[digits + 1..]) {
        out.push_str(&text[..digits]);
        out.push('\\');
        out.push_str(&text[digits..=digits]);
        return &text[digits + 1..];
    }
    text
}

/// Whether a bracket may begin the definition of a link, which is no text.
fn may_define(text: &str) -> bool {
    text.split_once(']').is_none_or(|(_, behind)| behind.is_empty() || behind.starts_with(':'))
}

/// What rules, and the second lines of tables and headings, are made of.
const RULE: [char; 7] = ['-', '+', '=', '|', ':', ' ', '\t'];

/// Whether text begins as a task does.
fn is_box(text: &str) -> bool {
    ["[ ]", "[x]", "[X]"].into_iter().any(|start| text.starts_with(start))
}

/// Underscores that follow each other.
#[derive(Clone, Copy, Default)]
struct Run {
    end: usize,
    /// Whether they can neither begin nor end emphasis. As all that can end one are escaped, those that can only begin one
    /// need not be.
    is_harmless: bool,
}

impl Run {
    /// Those that begin at an index, behind a character; `next` is the one behind the text.
    fn of(text: &str, index: usize, before: char, next: char) -> Self {
        let behind = text[index..].trim_start_matches('_');
        let after = behind.chars().next().unwrap_or(next);
        let is_inside = is_word(before) && is_word(after);
        Self { end: text.len() - behind.len(), is_harmless: is_inside || is_blank(before) }
    }
}

/// Whether a character is one of a word's. Letters in circles and squares are symbols for Markdown.
pub(super) fn is_word(character: char) -> bool {
    let is_framed = matches!(
        character,
        '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{1f150}'..='\u{1f169}' | '\u{1f170}'..='\u{1f189}'
    );
    character.is_alphanumeric() && !is_framed
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\n' | '\t')
}

/// Whether what stands behind an ampersand makes it an entity.
fn is_entity(after: &str) -> bool {
    let name =
        after.trim_start_matches(|character: char| character.is_ascii_alphanumeric() || character == '#');
    name.len() < after.len() && name.starts_with(';')
}

/// A character by its number.
pub(super) fn entity(character: char, out: &mut String) {
    out.push_str("&#");
    out.push_str(&(character as u32).to_string());
    out.push(';');
}

/// Where a link leads.
pub(super) fn destination(url: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "-._~:/?#@!$'*+,;=%".contains(character);
    if !url.is_empty() && url.chars().all(is_plain) {
        return url.to_owned();
    }
    let mut out = String::from("<");
    for (index, character) in url.char_indices() {
        match character {
            '&' if !is_entity(&url[index + 1..]) => out.push('&'),
            '&' | '<' | '>' | '\\' | '`' | '|' | '[' | ']' | '(' | ')' => entity(character, &mut out),
            character if character.is_ascii_control() => entity(character, &mut out),
            ' ' if index == 0 || index + 1 == url.len() => entity(character, &mut out),
            character => out.push(character),
        }
    }
    out.push('>');
    out
}

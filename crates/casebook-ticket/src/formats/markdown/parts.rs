//! Where in a file one ticket ends and the next begins: each begins with front matter of its own.

use std::ops::Range;

use crate::Standard;

/// One document of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Where it begins.
    pub(super) begins: usize,
    /// The lines between those that fence the front matter.
    pub(super) front_matter: Option<Range<usize>>,
    /// All that is behind it.
    pub(super) body: Range<usize>,
}

/// The documents of a file. Front matter begins with a line `---`, right below it a key, and ends with another such
/// line; it stands at the beginning of the file, or behind an empty line. There, where the line may also be a rule,
/// the first key has to be a field's, and no line may be empty or be anything but keys and what belongs to them.
pub(super) fn parts(text: &str, standard: &Standard) -> Vec<Part> {
    let mut parts = vec![Part { begins: 0, front_matter: None, body: 0..text.len() }];
    let mut lines = lines(text).peekable();
    let mut fence: Option<&str> = None;
    let mut follows_blank = true;
    let mut is_first = true;
    while let Some((start, line)) = lines.next() {
        match fence {
            Some(open) if closes(line, open) => fence = None,
            Some(_) => {}
            None if is_mark(line) && follows_blank => {
                let is_field = |key: &str| is_first || super::front_matter::field(key, standard).is_some();
                let found = front_matter(text, start + line.len(), is_first, &is_field);
                if let Some(front_matter) = found {
                    let last = parts.len() - 1;
                    parts[last].body.end = start;
                    while lines.next_if(|(next, _)| *next < front_matter.end).is_some() {}
                    let end = lines.next().map_or(text.len(), |(start, line)| start + line.len());
                    let body = end..text.len();
                    parts.push(Part { begins: start, front_matter: Some(front_matter), body });
                }
            }
            None => fence = opens(line),
        }
        is_first &= line.trim().is_empty();
        follows_blank = line.trim().is_empty();
    }
    if parts.len() > 1 && text[parts[0].body.clone()].trim().is_empty() {
        parts.remove(0);
    }
    parts
}

/// Where the text begins behind front matter that a file begins with.
pub(in crate::formats) fn behind_front_matter(text: &str) -> Option<&str> {
    let begins = text.split_inclusive('\n').next().filter(|line| is_mark(line))?.len();
    let end = front_matter(text, begins, true, &|_| true)?.end;
    let mark = text[end..].split_inclusive('\n').next()?.len();
    Some(&text[end + mark..])
}

/// The lines with where they begin, each with its end.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |next, line| {
        let start = *next;
        *next += line.len();
        Some((start, line))
    })
}

fn is_mark(line: &str) -> bool {
    line.trim_end() == "---"
}

/// The front matter that begins at an offset, if it is any.
fn front_matter(
    text: &str,
    begins: usize,
    is_first: bool,
    is_field: &dyn Fn(&str) -> bool,
) -> Option<Range<usize>> {
    let mut end = begins;
    for (number, line) in text[begins..].split_inclusive('\n').enumerate() {
        if number == 0 && line.trim() != "{}" {
            let (key, _) = pair(line)?;
            is_field(key).then_some(())?;
        }
        if number > 0 && is_mark(line) {
            return Some(begins..end);
        }
        let is_empty_map = number == 0 && line.trim() == "{}";
        if !(is_first || is_empty_map || belongs(line)) {
            return None;
        }
        end += line.len();
    }
    None
}

/// Whether a line can be one of front matter's.
fn belongs(line: &str) -> bool {
    !line.trim().is_empty() && (line.starts_with([' ', '#', '-']) || pair(line).is_some())
}

/// The key and the value of a line.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let is_key =
        key.starts_with(char::is_alphabetic) && key.len() <= 60 && !key.contains(['`', '*', '|', '#']);
    (is_key && value.starts_with([' ', '\n', '\t'])).then_some((key, value))
}

/// The fence of code that a line at the left edge begins. Those inside of lists and quotes are not at the edge, and
/// neither is what they hold.
fn opens(line: &str) -> Option<&str> {
    let sign = line.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
    let fence = &line[..line.len() - line.trim_start_matches(sign).len()];
    let has_more = sign == '`' && line[fence.len()..].contains('`');
    (fence.len() >= 3 && !has_more).then_some(fence)
}

fn closes(line: &str, open: &str) -> bool {
    line.trim_end().len() >= open.len()
        && line.starts_with(open)
        && line.trim_end().trim_start_matches(&open[..1]).is_empty()
}

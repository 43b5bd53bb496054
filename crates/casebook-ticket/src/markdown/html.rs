//! The little HTML that Markdown's readers and writers need.

use pulldown_cmark::{Event, Parser, Tag as Mark};

/// One tag.
#[derive(Clone, Copy)]
pub(super) struct Tag<'a> {
    /// Its name as it stood.
    pub(super) name: &'a str,
    /// Whether it ends an element.
    pub(super) closes: bool,
    /// What stands behind the name.
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// The tag that a piece of source is.
    pub(super) fn of(source: &'a str) -> Option<Self> {
        let inner = source.strip_prefix('<')?.strip_suffix('>')?;
        let (closes, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
        let end = inner.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(inner.len());
        let (name, attributes) = inner.split_at(end);
        (!name.is_empty()).then_some(Self { name, closes, attributes })
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let (_, rest) = self.attributes.split_once(name)?;
        let rest = rest.trim_start().strip_prefix('=')?.trim_start();
        let value = match rest.chars().next()? {
            quote @ ('"' | '\'') => rest[1..].split(quote).next()?,
            _ => rest.split(|character: char| character.is_whitespace() || character == '/').next()?,
        };
        Some(unescaped(value))
    }
}

/// Whether a line that begins with this source begins a block of HTML.
pub(super) fn is_block(source: &str) -> bool {
    source.starts_with('<') && matches!(Parser::new(source).next(), Some(Event::Start(Mark::HtmlBlock)))
}

/// The text that source stands for: without backslashes before punctuation, entities and `<br>`.
pub(super) fn unescaped(source: &str) -> String {
    unescape(source, |_, _| ())
}

/// Does so, and tells where something was unescaped: how long the text is then, and how much of the source that took.
pub(super) fn unescape(source: &str, mut unescaped: impl FnMut(usize, usize)) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(place) = rest.find(['\\', '&', '<']) {
        out.push_str(&rest[..place]);
        rest = &rest[place..];
        let taken =
            escaped(rest, &mut out).or_else(|| entity(rest, &mut out)).or_else(|| line_end(rest, &mut out));
        let taken = taken.unwrap_or_else(|| {
            out.push_str(&rest[..1]);
            1
        });
        rest = &rest[taken..];
        unescaped(out.len(), source.len() - rest.len());
    }
    out.push_str(rest);
    out
}

fn escaped(rest: &str, out: &mut String) -> Option<usize> {
    let next = rest.strip_prefix('\\')?.chars().next().filter(char::is_ascii_punctuation)?;
    out.push(next);
    Some(2)
}

fn entity(rest: &str, out: &mut String) -> Option<usize> {
    let name = rest.strip_prefix('&')?;
    let length =
        name.bytes().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
    name[length..].starts_with(';').then_some(())?;
    let length = length + 2;
    match numbered(&rest[1..length - 1]) {
        Some(character) => out.push(character),
        None => out.push_str(&html_escape::decode_html_entities(&rest[..length])),
    }
    Some(length)
}

/// The character of `#9` or `#x9`.
fn numbered(name: &str) -> Option<char> {
    let number = name.strip_prefix('#')?;
    let number = match number.strip_prefix(['x', 'X']) {
        Some(number) => u32::from_str_radix(number, 16),
        None => number.parse(),
    };
    char::from_u32(number.ok()?).filter(|character| *character != '\0')
}

fn line_end(rest: &str, out: &mut String) -> Option<usize> {
    let length = rest.bytes().take(8).position(|byte| byte == b'>')? + 1;
    let tag = Tag::of(&rest[..length])?;
    tag.name.eq_ignore_ascii_case("br").then(|| out.push('\n'))?;
    Some(length)
}

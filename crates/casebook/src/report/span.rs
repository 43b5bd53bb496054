//! Runs of text that a report is made of.

use casebook_ticket::Language;

use super::clean;
use crate::audit::Argument;

/// A run of text with one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// What it says.
    pub(crate) text: String,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a run of text is. It decides how it looks, and whether it is always read from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words of the report.
    Plain,
    /// Words of the report that stand out.
    Strong,
    /// Words of the report that stand back.
    Faint,
    /// Code, file names, keys, ids: read from left to right in every language.
    Code,
    /// Text of a ticket's author in whatever language.
    Foreign,
    /// A way through menus, e.g. `Jira → Edit`: read from left to right in every language.
    Way,
    /// Good.
    Good,
    /// Bad.
    Bad,
    /// In between.
    Fair,
}

impl Span {
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { text: text.into(), kind }
    }

    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::new(Kind::Plain, text)
    }

    pub(crate) fn code(text: impl Into<String>) -> Self {
        Self::new(Kind::Code, text)
    }
}

/// A sentence of a rule or of the standard: what stands in it between backticks is code, and so are names such as
/// `$focus`.
pub(crate) fn sentence(text: &str) -> Vec<Span> {
    runs(text, Kind::Plain)
}

/// What is said about a finding: the rule's text with its arguments, which keep their own direction.
pub(crate) fn filled(text: &str, arguments: &[(&'static str, Argument)], language: Language) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let named = rest[start + 1..].split_once('}');
        let filled = named.and_then(|(name, behind)| {
            let (_, value) = arguments.iter().find(|(known, _)| *known == name)?;
            Some((clean::line(value.in_language(language)), behind))
        });
        let Some((value, behind)) = filled else {
            spans.extend(sentence(&rest[..=start]));
            rest = &rest[start + 1..];
            continue;
        };
        spans.extend(sentence(&rest[..start]));
        spans.extend(runs(&value, Kind::Foreign));
        rest = behind;
    }
    spans.extend(sentence(rest));
    spans
}

fn runs(text: &str, kind: Kind) -> Vec<Span> {
    let mut spans = Vec::new();
    let parts: Vec<_> = text.split('`').collect();
    let last = parts.len() - 1;
    for (number, part) in parts.into_iter().enumerate() {
        if number % 2 == 0 {
            names(part, kind, &mut spans);
        } else if number == last {
            // A backtick by itself is one.
            spans.push(Span::new(kind, format!("`{part}")));
        } else if !part.is_empty() {
            spans.push(Span::code(part));
        }
    }
    spans
}

fn names(text: &str, kind: Kind, spans: &mut Vec<Span>) {
    let mut rest = text;
    let mut from = 0;
    while let Some(start) = rest[from..].find('$').map(|at| from + at) {
        let name = rest[start + 1..]
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            .count();
        from = start + 1 + name;
        if name == 0 {
            continue;
        }
        if start > 0 {
            spans.push(Span::new(kind, &rest[..start]));
        }
        spans.push(Span::code(&rest[start..from]));
        rest = &rest[from..];
        from = 0;
    }
    if !rest.is_empty() {
        spans.push(Span::new(kind, rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_are_code_and_one_alone_is_itself() {
        assert_eq!(
            sentence("send `GET /` now ` x"),
            [Span::plain("send "), Span::code("GET /"), Span::plain(" now "), Span::plain("` x")]
        );
        assert_eq!(sentence(""), []);
        assert_eq!(sentence("``"), []);
    }

    #[test]
    fn names_of_the_environment_are_code() {
        assert_eq!(
            sentence("as $password, $1 or $"),
            [
                Span::plain("as "),
                Span::code("$password"),
                Span::plain(", "),
                Span::code("$1"),
                Span::plain(" or $")
            ]
        );
    }

    #[test]
    fn arguments_keep_apart_from_the_sentence() {
        let value = |text: &str| Argument { en: text.into(), he: "ערך".into() };
        let arguments = [("x", value("{y}\u{1b}")), ("y", value("no"))];
        assert_eq!(
            filled("says {x} {z}", &arguments, Language::En),
            [
                Span::plain("says "),
                Span::new(Kind::Foreign, "{y}\u{FFFD}"),
                Span::plain(" {"),
                Span::plain("z}")
            ]
        );
    }
}

//! Lines of mixed direction, for terminals that put characters where they come.

use unicode_bidi::BidiInfo;
use unicode_segmentation::UnicodeSegmentation as _;

use super::super::span::{Kind, Span};

/// U+2066: what follows is read from left to right.
pub(super) const LEFT_TO_RIGHT: char = '\u{2066}';
/// U+2067: what follows is read from right to left.
pub(super) const RIGHT_TO_LEFT: char = '\u{2067}';
/// U+2068: what follows is read as its first letter says.
pub(super) const FIRST_STRONG: char = '\u{2068}';
/// U+2069: the end of any of them.
pub(super) const END: char = '\u{2069}';
/// U+200F: a line that begins with it is read from right to left.
pub(super) const RIGHT_TO_LEFT_MARK: char = '\u{200F}';

/// What a terminal does with letters that are read from right to left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bidi {
    /// It reorders them itself: lines are as they are written, with marks.
    #[default]
    Logical,
    /// It puts them where they come: lines are as they are seen.
    Visual,
}

/// Whether a text has letters that are read from right to left.
pub(super) fn has_right_to_left(text: &str) -> bool {
    use unicode_bidi::BidiClass::{AL, R};
    text.chars().any(|letter| letter >= '\u{590}' && matches!(unicode_bidi::bidi_class(letter), R | AL))
}

/// Runs as they are written, with isolates around what keeps its own direction.
pub(super) fn isolated(spans: &[Span], right_to_left: bool) -> Vec<Span> {
    let isolate = |span: &Span| {
        let text = &span.text;
        let turns = has_right_to_left(text);
        let start = match span.kind {
            Kind::Code | Kind::Way if right_to_left || turns => LEFT_TO_RIGHT,
            Kind::Foreign if right_to_left || turns => FIRST_STRONG,
            // English in Hebrew would take the numbers and marks beside it along.
            _ if right_to_left && !turns && text.chars().any(char::is_alphabetic) => LEFT_TO_RIGHT,
            _ => return span.clone(),
        };
        // Spaces at the ends are the sentence's.
        let inner = text.trim_matches([' ', '\u{A0}']);
        let (before, behind) = text.split_once(inner).unwrap_or_default();
        Span::new(span.kind, format!("{before}{start}{inner}{END}{behind}"))
    };
    spans.iter().map(isolate).collect()
}

/// A line as it is seen from left to right. Isolates are obeyed and taken out.
pub(super) fn visual(spans: &[Span], right_to_left: bool) -> Vec<Span> {
    let spans = isolated(spans, right_to_left);
    let line: String = spans.iter().map(|span| span.text.as_str()).collect();
    let level = if right_to_left { unicode_bidi::Level::rtl() } else { unicode_bidi::Level::ltr() };
    let info = BidiInfo::new(&line, Some(level));
    let Some(paragraph) = info.paragraphs.first() else { return Vec::new() };
    let ends: Vec<_> = spans
        .iter()
        .scan(0, |end, span| {
            *end += span.text.len();
            Some(*end)
        })
        .collect();
    let kind_at = |offset: usize| spans[ends.partition_point(|end| *end <= offset)].kind;
    let mut out: Vec<Span> = Vec::new();
    let (levels, runs) = info.visual_runs(paragraph, paragraph.range.clone());
    for run in runs {
        let reversed = levels[run.start].is_rtl();
        let mut letters: Vec<_> = line[run.clone()].grapheme_indices(true).collect();
        if reversed {
            letters.reverse();
        }
        for (offset, letter) in letters {
            if is_mark(letter) {
                continue;
            }
            let kind = kind_at(run.start + offset);
            let letter = if reversed { mirrored(letter) } else { letter };
            match out.last_mut() {
                Some(last) if last.kind == kind => last.text.push_str(letter),
                _ => out.push(Span::new(kind, letter)),
            }
        }
    }
    out
}

fn is_mark(letter: &str) -> bool {
    letter.chars().all(|mark| [LEFT_TO_RIGHT, FIRST_STRONG, END, RIGHT_TO_LEFT_MARK].contains(&mark))
}

/// The brackets of our texts, as they look when they are read from right to left.
fn mirrored(letter: &str) -> &str {
    match letter {
        "(" => ")",
        ")" => "(",
        "[" => "]",
        "]" => "[",
        "{" => "}",
        "}" => "{",
        "<" => ">",
        ">" => "<",
        "«" => "»",
        "»" => "«",
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(spans: &[Span], right_to_left: bool) -> String {
        visual(spans, right_to_left).into_iter().map(|span| span.text).collect()
    }

    #[test]
    fn hebrew_is_seen_from_right_to_left_and_code_in_it_is_not() {
        let spans = [Span::plain("קובץ "), Span::code("a/b.md:3:7"), Span::plain(" (חסר)")];
        assert_eq!(seen(&spans, true), "(רסח) a/b.md:3:7 ץבוק");
        assert_eq!(
            seen(&[Span::plain("ציון "), Span::plain("12"), Span::plain(" מתוך 100")], true),
            "100 ךותמ 12 ןויצ"
        );
    }

    #[test]
    fn code_that_begins_or_ends_with_marks_keeps_them() {
        let spans = [Span::plain("שלח "), Span::code("-v [x]:"), Span::plain(".")];
        assert_eq!(seen(&spans, true), ".-v [x]: חלש");
    }

    #[test]
    fn english_stays_and_hebrew_in_it_turns() {
        assert_eq!(seen(&[Span::plain("plain (text) → 1")], false), "plain (text) → 1");
        let spans = [Span::plain("is "), Span::new(Kind::Foreign, "שלום 12"), Span::plain(", 3")];
        assert_eq!(seen(&spans, false), "is 12 םולש, 3");
    }

    #[test]
    fn looks_stay_with_their_letters() {
        let spans = [Span::new(Kind::Strong, "אב"), Span::plain("גד")];
        assert_eq!(visual(&spans, true), [Span::plain("דג"), Span::new(Kind::Strong, "בא")]);
    }
}

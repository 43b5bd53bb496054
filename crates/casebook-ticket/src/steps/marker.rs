//! What a line of text begins with when it begins a step: `1)`, `a.`, `Step 3:`.

use crate::markup::{Inline, Inlines};

use super::role::step_title;

/// The kind of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Letter,
    Title,
}

/// The mark at the beginning of a line: its kind, its number or letter, and the rest of the line.
pub(super) fn of(line: &[Inline]) -> Option<(Kind, String, Inlines)> {
    let (first, rest) = line.split_first()?;
    match first {
        Inline::Text(text) if !rest.is_empty() && !text.chars().any(char::is_alphanumeric) => of(rest),
        Inline::Text(text) => {
            let (kind, number, end) = head(text, rest.is_empty())?;
            let left = text[end..].trim_start_matches(SEPARATORS).trim_start();
            let first = (!left.is_empty()).then(|| Inline::Text(left.to_owned()));
            Some((kind, number, first.into_iter().chain(rest.iter().cloned()).collect()))
        }
        Inline::Strong(inner) => {
            let (kind, number, left) = of(inner)?;
            let first = (!left.is_empty()).then_some(Inline::Strong(left));
            let mut rest = rest.to_vec();
            if first.is_none()
                && let Some(Inline::Text(text)) = rest.first_mut()
            {
                *text = text.trim_start_matches(SEPARATORS).to_owned();
            }
            Some((kind, number, first.into_iter().chain(rest).collect()))
        }
        _ => None,
    }
}

/// The number of a line that begins with one: `1)`, `**2.**`, `c.`, `ג.`
pub(crate) fn leading_number(line: &[Inline]) -> Option<u32> {
    match line.split_first()? {
        (Inline::Text(text), rest) => {
            let mut begin = text.trim_start().chars();
            let is_mark = match begin.next()? {
                '(' | '0'..='9' => true,
                letter => letter.is_alphabetic() && matches!(begin.next(), Some('.' | ')')),
            };
            let (kind, number, _) = is_mark.then(|| head(text, rest.is_empty())).flatten()?;
            match kind {
                Kind::Number => number.parse().ok(),
                Kind::Letter => {
                    let letter = u32::from(number.chars().next()?.to_ascii_lowercase());
                    let first = if letter < 0x80 { u32::from('a') } else { u32::from('א') };
                    letter.checked_sub(first).map(|place| place + 1)
                }
                Kind::Title => None,
            }
        }
        (Inline::Strong(inner), _) => leading_number(inner),
        _ => None,
    }
}

const SEPARATORS: [char; 8] = [' ', ':', '：', '.', ')', '-', '–', '—'];

/// The mark, what it counts, and where it ends.
fn head(text: &str, alone: bool) -> Option<(Kind, String, usize)> {
    let begin = text.len() - text.trim_start().len();
    let bracket = usize::from(text[begin..].starts_with('('));
    let from = begin + bracket;
    let digits = text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let (kind, count) = match (digits, text[from..].chars().next()?) {
        (1..=3, _) => (Kind::Number, digits),
        (0, letter) if letter.is_alphabetic() => (Kind::Letter, letter.len_utf8()),
        _ => return None,
    };
    let behind = &text[from + count..];
    let marked = behind.starts_with(')') || (bracket == 0 && behind.starts_with('.'));
    // `1.5` is no mark, and neither is a lonely `1.`, which is an item that says nothing.
    let apart =
        behind.get(1..).is_some_and(|behind| behind.starts_with(' ') || (behind.is_empty() && !alone));
    if marked && apart {
        return Some((kind, text[from..from + count].to_owned(), from + count + 1));
    }
    let (number, end) = step_title(text)?;
    Some((Kind::Title, number.to_owned(), end))
}

/// Whether a letter comes next after another; the first is an `a` in its alphabet.
pub(super) fn follows(letter: &str, before: Option<&str>) -> bool {
    let first = |text: &str| text.chars().next().map_or(0, |letter| letter as u32);
    match before {
        None => matches!(letter, "a" | "A" | "א"),
        Some(before) => first(letter) == first(before) + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::plain;

    #[test]
    fn marks_are_told_from_numbers_in_text() {
        let of = |line: &str| {
            of(&[Inline::Text(line.into())]).map(|(kind, number, rest)| (kind, number, plain(&rest)))
        };
        let step = |kind, number: &str| Some((kind, number.to_owned(), "open".to_owned()));
        assert_eq!(of("1) open"), step(Kind::Number, "1"));
        assert_eq!(of("12. open"), step(Kind::Number, "12"));
        assert_eq!(of("(3) open"), step(Kind::Number, "3"));
        assert_eq!(of("b. open"), step(Kind::Letter, "b"));
        assert_eq!(of("א. open"), step(Kind::Letter, "א"));
        assert_eq!(of("Step 4 – open"), step(Kind::Title, "4"));
        for line in ["1.5 seconds", "2024. A year", "e.g. this", "open", "1.", ""] {
            assert_eq!(of(line), None, "{line}");
        }
        let strong = [Inline::Strong(vec![Inline::Text("Step 1:".into())]), Inline::Text(" open".into())];
        assert_eq!(super::of(&strong).unwrap().1, "1");
        assert!(follows("a", None) && follows("b", Some("a")) && !follows("d", Some("a")));
    }
}

//! Words that rules know, in English and Hebrew.

use regex::Regex;

/// A pattern that is compiled once.
macro_rules! pattern {
    ($(#[doc = $doc:literal])* $name:ident = $pattern:expr) => {
        $(#[doc = $doc])*
        static $name: std::sync::LazyLock<regex::Regex> =
            std::sync::LazyLock::new(|| $crate::audit::words::compiled($pattern));
    };
}
pub(super) use pattern;

/// The end of a word is that of an English one: to know where those of all scripts end would cost ten times as much in
/// a text that has a single dash or arrow in it. Hebrew words say themselves what may stand beside them.
pub(super) fn compiled(pattern: &str) -> Regex {
    Regex::new(&pattern.replace(r"\b", r"(?-u:\b)")).expect("the pattern is sound")
}

/// Words that fill a place and say nothing.
const FILLERS: &[&str] = &[
    "n/a",
    "na",
    "n.a",
    "n.a.",
    "tbd",
    "tba",
    "tbc",
    "to do",
    "todo",
    "fixme",
    "to be defined",
    "to be determined",
    "to be added",
    "to be completed",
    "to be filled",
    "to be updated",
    "to be decided",
    "fill in",
    "fill me",
    "xx",
    "xxx",
    "xxxx",
    "placeholder",
    "pending",
    "unknown",
    "ditto",
    "etc",
    "empty",
    "blank",
    "insert here",
    "coming soon",
    "wip",
    "not applicable",
    "not defined",
    "not specified",
    "unspecified",
    "not available",
    "see above",
    "as above",
    "same as above",
    "later",
    "להשלים",
    "יושלם",
    "יושלם בהמשך",
    "טרם נקבע",
    "לא רלוונטי",
    "לא ידוע",
    "בהמשך",
    "למלא",
    "חסר",
    "יעודכן",
    "יעודכן בהמשך",
    "ל״ר",
    "ל\"ר",
    "כנ״ל",
    "כנ\"ל",
];

/// Words that say that there is nothing, and mean it.
const NONE: &[&str] = &[
    "none",
    "no",
    "nothing",
    "nil",
    "no data",
    "not needed",
    "not required",
    "nothing needed",
    "none required",
    "none needed",
    "no data needed",
    "no attachments",
    "אין",
    "ללא",
    "לא נדרש",
    "אין צורך",
    "אין נתונים",
];

/// Longer texts are no filler; they are not compared.
const LONGEST: usize = 64;

/// Whether a text is empty, or only fills its place.
pub(crate) fn is_filler(text: &str) -> bool {
    if text.len() > LONGEST {
        return !text.chars().any(char::is_alphanumeric);
    }
    let bare = bare(text);
    bare.is_empty() || FILLERS.contains(&bare.to_lowercase().as_str())
}

/// Whether a text says that there is nothing.
pub(super) fn is_none(text: &str) -> bool {
    text.len() <= LONGEST && NONE.contains(&bare(text).to_lowercase().as_str())
}

fn bare(text: &str) -> &str {
    text.trim_matches(|character: char| !character.is_alphanumeric())
}

/// How many words with a letter or a digit a text has; more than `enough` are not counted.
pub(super) fn count(text: &str, enough: usize) -> usize {
    text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).take(enough).count()
}

/// The words of a text in lower case, without marks.
pub(super) fn simplified(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

/// The beginning of a text, on one line, to be quoted.
pub(super) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 60;
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        if let Some((end, _)) = out.char_indices().nth(LENGTH) {
            out.truncate(end);
            out.truncate(out.trim_end().len());
            out.push('…');
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filler_says_nothing_and_none_says_that_there_is_nothing() {
        for filler in [
            "",
            " ",
            "*",
            "-",
            "—",
            "...",
            "…",
            "N/A",
            "n/a.",
            "TBD",
            "[TBD]",
            "**TBD**",
            "להשלים",
            "לא רלוונטי",
            "???",
        ] {
            assert!(is_filler(filler), "{filler}");
            assert!(!is_none(filler), "{filler}");
        }
        for none in ["None", "none.", "(none)", "אין", "Not needed"] {
            assert!(is_none(none) && !is_filler(none), "{none}");
        }
        for content in ["503", "x > 0", "nothing is left behind", "TBD by the lead: 503", "No job", "אין job"]
        {
            assert!(!is_filler(content) && !is_none(content), "{content}");
        }
    }

    #[test]
    fn excerpts_are_short_and_on_one_line() {
        assert_eq!(excerpt("a  b\n c"), "a b c");
        assert_eq!(excerpt(&"שלום ".repeat(40)).chars().count(), 60);
        assert_eq!(excerpt(&"x".repeat(100)).chars().count(), 61);
    }
}

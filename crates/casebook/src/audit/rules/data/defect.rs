//! What makes a payload fail to parse, and where.

use serde::de::IgnoredAny;

use crate::audit::words::pattern;

/// What test data is written in, as far as it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Json,
    JsonLines,
    Yaml,
}

/// The first thing that is wrong: line and column from 1, and what is said of it in English and Hebrew.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Defect {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) reason: (String, String),
    pub(super) remedy: (&'static str, &'static str),
}

pattern! {
    ELLIPSIS = r"\.\.\.|…"
}
pattern! {
    BARE_NAME = r"^\s*[{,\[]?\s*[A-Za-z_$][\w$]*\s*:"
}
pattern! {
    /// Words and a colon before what a JSON begins with.
    LABEL = r#"^\s*[^{\[\s"][^{\["]*:\s*[{\[]"#
}
pattern! {
    PYTHON = r"^\s*(?:None|True|False)\b"
}
pattern! {
    /// The place within the block, which is not that in the file.
    PLACE = r"^(?:error:\s*)?line \d+,? column \d+:\s*|\s*\(?\bat line \d+,? column \d+\)?"
}
pattern! {
    PLACEHOLDER = r"^\s*(?:<[^>]*>|\{\{|\$\{|%\w)"
}

impl Language {
    /// By what the fence says; else by how the content begins.
    pub(super) fn of(fence: Option<&str>, text: &str) -> Option<Self> {
        match fence.unwrap_or("").to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "yaml" | "yml" => Some(Self::Yaml),
            // Wiki markup's {code} and a bare fence say nothing; {code} alone is taken for Java.
            "" | "java" | "text" | "txt" | "none" | "plain" | "plaintext" | "javascript" | "js" => {
                begins_as_json(text)
            }
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::JsonLines => "JSON Lines",
            Self::Yaml => "YAML",
        }
    }
}

/// Whether the first line is a brace or bracket, or a label before a line that is.
fn begins_as_json(text: &str) -> Option<Language> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let begins = |line: &str| {
        line.starts_with('{') && !line.starts_with("{{") || line.starts_with('[') && !line.contains("](")
    };
    let mut is_label = || first.ends_with(':') && lines.next().is_some_and(begins);
    (begins(first) || is_label()).then_some(Language::Json)
}

/// Parses the whole text.
pub(super) fn check(language: Language, text: &str) -> Result<(), Defect> {
    match language {
        Language::Json => json(text, 1),
        Language::JsonLines => text
            .lines()
            .zip(1..)
            .filter(|(line, _)| !line.trim().is_empty())
            .try_for_each(|(line, number)| json(line, number)),
        Language::Yaml => yaml(text),
    }
}

fn json(text: &str, first_line: u32) -> Result<(), Defect> {
    let Err(error) = serde_json::from_str::<IgnoredAny>(text) else { return Ok(()) };
    let line = error.line().max(1);
    let (reason, remedy) = cause(text, line, error.column(), &error);
    // Columns are bytes in the parser, and characters here.
    let before = text.lines().nth(line - 1).and_then(|text| text.get(..error.column().saturating_sub(1)));
    let column = before.map_or(error.column().max(1), |before| before.chars().count() + 1);
    Err(Defect {
        line: first_line + line as u32 - 1,
        column: column as u32,
        reason: (reason.0.to_owned(), reason.1.to_owned()),
        remedy,
    })
}

type Said = (&'static str, &'static str);

/// What a person did, told by what stands where the parser stopped.
fn cause(text: &str, line: usize, column: usize, error: &serde_json::Error) -> (Said, Said) {
    let at_line = text.lines().nth(line - 1).unwrap_or("");
    let start =
        (0..=column.saturating_sub(1).min(at_line.len())).rev().find(|at| at_line.is_char_boundary(*at));
    let (before, here) = at_line.split_at(start.unwrap_or(0));
    // A parser that wants a value behind a comma stops behind the blanks.
    let last = text
        .lines()
        .take(line - 1)
        .chain([before])
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .last();
    let begins = |what: &str| here.trim_start().starts_with(what);
    if error.is_eof() {
        return (
            ("it breaks off before its end", "הוא נקטע לפני הסוף"),
            ("close what is open, or paste the whole payload", "סגרו את מה שנפתח, או הדביקו את כל ה-payload"),
        );
    }
    if ELLIPSIS.find(here).is_some_and(|found| here[..found.start()].trim_matches(['"', ',', ' ']).is_empty())
    {
        return (
            ("\"...\" stands for what was left out", "\"...\" במקום מה שהושמט"),
            ("write the whole payload", "כתבו את ה-payload המלא"),
        );
    }
    if begins("//") || begins("/*") || begins("#") {
        return (
            ("there is a comment in it, which JSON does not have", "יש בו הערה, וב-JSON אין הערות"),
            ("move the comment out of the block", "העבירו את ההערה אל מחוץ לבלוק"),
        );
    }
    if (begins("}") || begins("]")) && last == Some(',') {
        return (
            ("there is a comma behind the last value", "יש פסיק אחרי הערך האחרון"),
            ("take the comma out", "מחקו את הפסיק"),
        );
    }
    if begins("'") || begins("‘") || begins("“") || begins("”") {
        return (
            ("its quotes are not the straight double quotes of JSON", "המירכאות אינן מירכאות כפולות וישרות"),
            ("write \" for each", "החליפו כל אחת ב-\""),
        );
    }
    if PYTHON.is_match(here) {
        return (
            ("None, True and False are Python's words", "None, True, False הן מילים של Python"),
            ("write null, true, false", "כתבו null, true, false"),
        );
    }
    // A parser takes the first brace of two for an object's.
    if PLACEHOLDER.is_match(here) || begins("{") && last == Some('{') {
        return (
            ("a value is left to be filled in", "ערך שלא מולא"),
            ("write the value that is sent", "כתבו את הערך שנשלח"),
        );
    }
    let is_first = last.is_none();
    let is_labelled =
        is_first && text.contains(['{', '[']) && !BARE_NAME.is_match(text.trim_start_matches(['{', '[']));
    if is_first && (is_labelled || at_line.trim_end().ends_with(':') || LABEL.is_match(at_line)) {
        return (
            ("there is a label inside the fence", "יש כותרת בתוך הבלוק"),
            ("move the label before the block", "העבירו את הכותרת אל לפני הבלוק"),
        );
    }
    if BARE_NAME.is_match(here) {
        return (
            ("a name has no quotes", "שם בלי מירכאות"),
            ("write the names in double quotes", "כתבו את השמות במירכאות כפולות"),
        );
    }
    if error.to_string().starts_with("trailing characters") {
        return (
            ("there is more behind its end", "יש טקסט אחרי הסוף"),
            ("put each payload into a block of its own", "הכניסו כל payload לבלוק משלו"),
        );
    }
    if begins("\"") || begins("{") || begins("[") {
        return (
            ("a comma is missing before this", "חסר פסיק לפני זה"),
            ("write the comma", "הוסיפו את הפסיק"),
        );
    }
    (
        ("this is not expected here", "זה לא צפוי כאן"),
        (
            "mend the place that is named, so that a parser takes it",
            "תקנו את המקום המצוין כך שהטקסט יהיה תקין",
        ),
    )
}

fn yaml(text: &str) -> Result<(), Defect> {
    let parsed: Result<Vec<IgnoredAny>, _> = serde_saphyr::from_multiple(text);
    let Err(error) = parsed else { return Ok(()) };
    let place = error.location();
    let said = error.to_string();
    let first = PLACE.replace_all(said.lines().next().unwrap_or("").trim(), "").into_owned();
    Err(Defect {
        line: place.map_or(1, |place| place.line() as u32),
        column: place.map_or(1, |place| place.column() as u32),
        reason: (first.clone(), format!("`{first}`")),
        remedy: (
            "mend the place that is named, so that a parser takes it",
            "תקנו את המקום המצוין כך שהטקסט יהיה תקין",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_did_is_named_with_its_place() {
        for (text, place, said) in [
            ("Valid payload:\n{\"a\": 1}", (1, 1), "label"),
            ("Payload\n{\"a\": 1}", (1, 1), "label"),
            ("Payload: {\"a\": 1, ...}", (1, 1), "label"),
            ("{\"a\": 1, ...}", (1, 10), "..."),
            ("{\"a\": [1, 2, ...]}", (1, 14), "..."),
            ("{\n  \"a\": 1, // one\n  \"b\": 2\n}", (2, 11), "comment"),
            ("{\n  # one\n  \"b\": 2\n}", (2, 3), "comment"),
            ("{\n  a: 1\n}", (2, 3), "quotes"),
            ("{\"a\": 1,\n}", (2, 1), "comma behind"),
            ("[1, 2,]", (1, 7), "comma behind"),
            ("{'a': 1}", (1, 2), "straight"),
            ("{\"a\": None}", (1, 7), "Python"),
            ("{\"a\": <id>}", (1, 7), "filled"),
            ("{\"a\": {{value}}}", (1, 8), "filled"),
            ("{\"a\": 1", (1, 7), "breaks off"),
            ("{\"a\": 1}\n{\"a\": 2}", (2, 1), "more behind"),
            ("{\"a\": 1\n \"b\": 2}", (2, 2), "comma is missing"),
        ] {
            let defect = check(Language::Json, text).unwrap_err();
            assert!(defect.reason.0.contains(said), "{text}: {defect:?}");
            assert_eq!((defect.line, defect.column), place, "{text}: {defect:?}");
        }
        for text in ["{\"a\": \"...\"}", "[]", "{\"url\": \"http://x\", \"b\": null}", "17"] {
            assert_eq!(check(Language::Json, text), Ok(()), "{text}");
        }
        assert!(check(Language::Yaml, "a: 1\nb: [1, 2\n").is_err());
        let defect = check(Language::Yaml, "a: 1\n b: 2\n").unwrap_err();
        assert!(!defect.reason.0.contains("line") && !defect.reason.0.starts_with("error"), "{defect:?}");
        assert_eq!(check(Language::Yaml, "a: 1\nb:\n  - x\n"), Ok(()));
        let defect = check(Language::JsonLines, "{\"a\": 1}\n{\"a\": }").unwrap_err();
        assert_eq!(defect.line, 2);
    }

    #[test]
    fn the_language_is_told_by_fence_or_content() {
        assert_eq!(Language::of(Some("JSON"), ""), Some(Language::Json));
        assert_eq!(Language::of(None, "Payload:\n{\"a\": 1}"), Some(Language::Json));
        assert_eq!(Language::of(None, "  [1]"), Some(Language::Json));
        assert_eq!(Language::of(None, "curl -d '{}' $focus"), None);
        assert_eq!(Language::of(Some("bash"), "{ a; }"), None);
        assert_eq!(Language::of(Some("python"), "{'a': 1}"), None);
    }
}

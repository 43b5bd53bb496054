//! A ticket's title: `PZ-7 Broker outage`, `Test Case 3: Login`, `[PZ-7] Login`, `Login (PZ-7)`.

use std::sync::LazyLock;

use regex::Regex;

use crate::markup::{Inline, Inlines, plain};

/// What a title says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Title {
    /// The ticket's key.
    pub(super) key: Option<String>,
    /// The rest of it; empty when there is no more.
    pub(super) summary: String,
    /// Whether it is surely a ticket's: it has a key or says `Ticket 3`.
    pub(super) is_ticket: bool,
}

static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    // A dash with no space beside it is a part of a word: `Test-driven`.
    pattern(
        r"(?i)^(?:(?P<word>xray test|test case|test|ticket|tc|מקרה בדיקה|טסט|טיקט|בדיקה)\b[ #]*)?(?:(?P<number>[0-9]{1,4})\b)?(?P<mark>\s*[:)]+[-–—]*|\s*\.(?:\s|$)|\s+[-–—]+(?:\s|$)|[-–—]+\s)?\s*",
    )
});
/// What a team counts its test cases by, where it is no key: `TC104`, `TC 104`.
static COUNTED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^tc[ #_]*[0-9]{1,5}\b"));
static KEY_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^[\[(]?(?P<key>[A-Z][A-Z0-9_]+(?:-[A-Z0-9_]+)*-[0-9]+)(?:[\])]|\b)\s*[:\-–—|]*\s*")
});
static KEY_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"[\s\-–—]*[\[(]\s*(?P<key>[A-Z][A-Z0-9_]+(?:-[A-Z0-9_]+)*-[0-9]+)\s*[\])]\s*$")
});
static KEY: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[A-Z][A-Z0-9_]+(?:-[A-Z0-9_]+)*-[0-9]+\b"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("it is a constant, and tested")
}

/// What looks like a key and is a standard's name.
const NO_PROJECTS: [&str; 7] = ["UTF", "SHA", "ISO", "RFC", "CVE", "HTTP", "AES"];

fn is_key(text: &str) -> bool {
    !NO_PROJECTS.iter().any(|name| text.strip_prefix(name).is_some_and(|rest| rest.starts_with('-')))
}

/// The key that a text begins with, and what stands behind it.
fn key_first(text: &str) -> Option<(&str, &str)> {
    let found = KEY_FIRST.captures(text)?;
    let key = found.name("key")?.as_str();
    is_key(key).then(|| (key, &text[found[0].len()..]))
}

/// The first key in a text.
pub(super) fn key_in(text: &str) -> Option<&str> {
    KEY.find_iter(text).map(|found| found.as_str()).find(|key| is_key(key))
}

impl Title {
    /// What words say as a title.
    pub(super) fn of(words: &str) -> Self {
        let words = words.trim();
        let bare = words.trim_start_matches(|first: char| !(first.is_alphanumeric() || "[(".contains(first)));
        let prefix = PREFIX.captures(bare);
        let behind = prefix.as_ref().map_or(bare, |prefix| &bare[prefix[0].len()..]);
        // `TC-104` is a key, and not the 104th test case.
        if let Some((key, summary)) = key_first(bare).or_else(|| key_first(behind)) {
            return Self { key: Some(key.to_owned()), summary: summary.to_owned(), is_ticket: true };
        }
        let is_counted = COUNTED.is_match(bare);
        if let Some(prefix) = prefix.filter(|prefix| prefix.name("word").is_some() && !is_counted) {
            let is_ticket = prefix.name("number").is_some();
            if prefix.name("mark").is_some() {
                return Self { key: None, summary: behind.to_owned(), is_ticket };
            }
            if is_ticket {
                return Self { key: None, summary: words.to_owned(), is_ticket };
            }
        }
        if let Some(found) = KEY_LAST.captures(words).filter(|found| is_key(&found["key"])) {
            let summary = words[..found.get(0).map_or(0, |all| all.start())].to_owned();
            return Self { key: Some(found["key"].to_owned()), summary, is_ticket: true };
        }
        Self { key: None, summary: words.to_owned(), is_ticket: is_counted }
    }

    /// Whether it only says that a test follows: `Test Case`.
    pub(super) fn says_nothing(&self) -> bool {
        let summary = self.summary.trim();
        self.key.is_none() && PREFIX.find(summary).is_none_or(|found| found.len() == summary.len())
    }

    /// The summary with the marks that it had in the title.
    pub(super) fn summary_in(&self, text: &[Inline]) -> Inlines {
        let whole = plain(text);
        if self.summary.is_empty() {
            return Inlines::new();
        }
        if let Some(at) = whole.find(&self.summary)
            && let Some(Inline::Text(first)) = text.first()
            && at <= first.len()
            && whole.trim_end().ends_with(&self.summary)
        {
            let left = first[at..].trim_start();
            let first = (!left.is_empty()).then(|| Inline::Text(left.to_owned()));
            return first.into_iter().chain(text[1..].iter().cloned()).collect();
        }
        vec![Inline::Text(self.summary.clone())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_give_key_and_summary() {
        for (words, key, summary, is_ticket) in [
            ("PZ-7 Broker outage", Some("PZ-7"), "Broker outage", true),
            ("[PZ-7] Broker outage", Some("PZ-7"), "Broker outage", true),
            ("🔍 PZ-7: Broker outage", Some("PZ-7"), "Broker outage", true),
            ("Test Case PZ-7 – Broker outage", Some("PZ-7"), "Broker outage", true),
            ("Broker outage (PZ-7)", Some("PZ-7"), "Broker outage", true),
            ("TC-104 – Search finds products", Some("TC-104"), "Search finds products", true),
            ("TEST-104 Search finds products", Some("TEST-104"), "Search finds products", true),
            ("📋 (TC-104) Search", Some("TC-104"), "Search", true),
            ("3. PZ-7 Search", Some("PZ-7"), "Search", true),
            ("TC104: Search", None, "TC104: Search", true),
            ("TC 104 – Search", None, "TC 104 – Search", true),
            ("TC: Search", None, "Search", false),
            ("Test 500 errors are logged", None, "Test 500 errors are logged", true),
            ("Test – Search", None, "Search", false),
            ("Test-driven search", None, "Test-driven search", false),
            ("Tcpdump shows it", None, "Tcpdump shows it", false),
            ("Ticket 3: Login", None, "Login", true),
            ("טסט 3: כניסה", None, "כניסה", true),
            ("Test Case: Login", None, "Login", false),
            ("Test every login", None, "Test every login", false),
            ("Testing 1 2 3", None, "Testing 1 2 3", false),
            ("UTF-8 is read", None, "UTF-8 is read", false),
            ("", None, "", false),
        ] {
            let title = Title::of(words);
            let expected = Title { key: key.map(str::to_owned), summary: summary.to_owned(), is_ticket };
            assert_eq!(title, expected, "{words}");
        }
        assert_eq!(key_in("like SHA-256 in PZ-7"), Some("PZ-7"));
    }
}

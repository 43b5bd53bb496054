//! Related issues: each with its key, and the title that it has.
//!
//! Which title an issue has is known only when all tickets have been read; what a ticket says of others is kept until
//! then.

use std::collections::HashSet;
use std::ops::Range;

use casebook_ticket::{At, Field, Standard};

use crate::audit::case::{self, Case};
use crate::audit::text::{Kind, Line};
use crate::audit::words::{count, excerpt, is_filler, is_none, pattern, simplified};
use crate::audit::{Finding, Titles};

pattern! {
    KEY = r"\b[A-Z][A-Z0-9]+-(?:[0-9]+|[A-Z][A-Z0-9-]+)\b"
}
pattern! {
    /// How an issue is related, which is no part of its title.
    RELATION = r"(?i)^\W*(?:(?:is|are|related|relates|linked|links|blocks?|blocked|blocking|tests|tested|clones?|cloned|duplicates?|duplicated|causes?|caused|depends|requires?|required|covers?|covered|follows?|following|follow-up|up|see|also|similar|same|as|like|fixes|fixed|implements?|implemented|verifies|verified|reported|found|derived|split|part|parent|child|epic|story|bug|defect|test|task|sub-?task|requirement|feature|regression|successor|predecessor|ref|reference|jira|key|by|to|of|on|in|for|from|with|the|issue|ticket|קשור|קשורה|תלוי|תלויה|חוסם|חוסמת|נחסם|ראו|המשך|של|טיקט|באג|אפיק)\b\W*)+"
}
pattern! {
    /// What ends a title that stands before the key.
    ENDS_TITLE = r"(?:[:(\[|–—]|\s-)\s*$"
}
pattern! {
    /// What stands between one issue, with its title, and the next.
    ENDS_ISSUE = r"(?:[,;]|\s(?:and|ו-?))\W*$"
}

/// Another issue that a ticket names.
#[derive(Clone, Debug)]
pub struct Named {
    at: At,
    key: Box<str>,
    /// The title that the ticket gives it.
    title: Box<str>,
}

impl Named {
    /// What is wrong with the title, when another is known.
    pub(in crate::audit) fn against(&self, titles: &Titles, standard: &Standard) -> Option<Finding> {
        let known = titles.of(&self.key).filter(|known| !is_true(&self.title, known))?;
        let finding = case::finding(standard, "related-issue-title-untrue", &Field::RelatedIssues, self.at);
        let finding = finding.with("key", &*self.key).with("title", excerpt(known));
        Some(finding.with("text", excerpt(&self.title)))
    }
}

/// Adds what is wrong as far as the ticket alone tells it, and yields the issues whose titles are still to be compared.
pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) -> Vec<Named> {
    let mut named = Vec::new();
    let field = &Field::RelatedIssues;
    for (line, text) in case.lines(field).filter(|(line, _)| matches!(line.kind, Kind::Prose | Kind::Cell)) {
        if is_none(text) || is_filler(text) || text.trim_end().ends_with(':') {
            continue;
        }
        let keys: Vec<_> = KEY.find_iter(text).map(|key| key.range()).collect();
        let Some(first) = keys.first() else {
            // A line that goes on belongs to the one before, and a cell to its row.
            if !line.continues && line.kind == Kind::Prose {
                findings.push(
                    case.finding("related-issue-without-key", field, line.at).with("text", excerpt(text)),
                );
            }
            continue;
        };
        let key = &text[first.clone()];
        if case.key.as_deref() == Some(key) {
            findings.push(case.finding("related-issue-is-itself", field, line.at).with("key", key));
            continue;
        }
        let titles = match &keys[..] {
            [_] if line.kind == Kind::Cell && bare(&text[first.end..]).is_empty() => {
                titles_beside(case, line)
            }
            [key] => vec![title(text, key)],
            keys => titles(text, keys),
        };
        if titles.first().is_some_and(|title| title.is_empty()) {
            findings.push(case.finding("related-issue-without-title", field, line.at).with("key", key));
        }
        for (key, title) in keys.iter().zip(titles).filter(|(_, title)| !title.is_empty()) {
            named.push(Named { at: line.at, key: text[key.clone()].into(), title: title.into() });
        }
    }
    named
}

/// The title that stands in another cell of a key's row. Of several nobody can tell which one it is.
fn titles_beside<'c>(case: &'c Case<'_>, line: &Line) -> Vec<&'c str> {
    let titles: Vec<_> = case.text.beside(line).map(bare).filter(|title| !title.is_empty()).collect();
    match titles[..] {
        [] => vec![""],
        [title] => vec![title],
        _ => Vec::new(),
    }
}

/// The title of the one issue that a text names: what stands behind its key, or before it with a mark between them.
fn title<'t>(text: &'t str, key: &Range<usize>) -> &'t str {
    // A key in an address: the address is none of the title.
    let is_blank = char::is_whitespace;
    let (before, behind) = (&text[..key.start], &text[key.end..]);
    let word = before.rfind(is_blank).map_or(0, |blank| blank + 1);
    let is_address = before[word..].contains("://");
    let behind = if is_address { behind.find(is_blank).map_or("", |blank| &behind[blank..]) } else { behind };
    let before = if is_address { &before[..word] } else { before };
    let behind = bare(behind);
    if !behind.is_empty() {
        return behind;
    }
    // A word is what it is, and not what it is called: "Outage: PZ-2".
    let before = if ENDS_TITLE.is_match(before) { bare(before) } else { "" };
    if count(before, 2) > 1 { before } else { "" }
}

/// The titles of several issues that a text names, each behind its key. Where they do not follow each other like that,
/// nobody can tell what belongs to which; then there are none, or only an empty one when the first has none.
fn titles<'t>(text: &'t str, keys: &[Range<usize>]) -> Vec<&'t str> {
    let ends = keys.iter().skip(1).map(|key| key.start).chain([text.len()]);
    let parts: Vec<_> = keys.iter().zip(ends).map(|(key, end)| &text[key.end..end]).collect();
    let titles: Vec<_> =
        parts.iter().map(|part| bare(ENDS_ISSUE.split(part).next().unwrap_or(part))).collect();
    let follow = || parts[..parts.len() - 1].iter().all(|part| ENDS_ISSUE.is_match(part));
    if titles[0].is_empty() {
        vec![""]
    } else if follow() && titles.iter().all(|title| !title.is_empty()) {
        titles
    } else {
        Vec::new()
    }
}

/// A text without what tells the relation, and without marks around it; nothing when there are no words, or an address.
fn bare(text: &str) -> &str {
    let text = &text[RELATION.find(text).map_or(0, |relation| relation.end())..];
    let title = text.trim_matches(|character: char| !character.is_alphanumeric() && character != ')');
    if count(title, 1) == 0 || title.contains("://") { "" } else { title }
}

/// Whether a title is the one that an issue has: it may leave words out, or add some.
fn is_true(title: &str, known: &str) -> bool {
    let (one, other) = (simplified(title), simplified(known));
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<HashSet<_>>();
    let (a, b) = (words(&one), words(&other));
    a.is_subset(&b) || b.is_subset(&a) || strsim::normalized_levenshtein(&one, &other) > 0.9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<&str> {
        let keys: Vec<_> = KEY.find_iter(text).map(|key| key.range()).collect();
        if let [key] = &keys[..] { vec![title(text, key)] } else { titles(text, &keys) }
    }

    #[test]
    fn a_title_is_told_from_an_address_and_from_a_relation() {
        for (text, title) in [
            ("PZ-2: MongoDB outage", "MongoDB outage"),
            ("blocks PZ-2 – MongoDB outage", "MongoDB outage"),
            ("MongoDB outage (PZ-2)", "MongoDB outage"),
            ("MongoDB outage: PZ-2", "MongoDB outage"),
            ("https://jira.example.com/browse/PZ-2 MongoDB outage", "MongoDB outage"),
            ("https://jira.example.com/browse/PZ-2", ""),
            ("https://jira.example.com/browse/PZ-2?focusedId=1", ""),
            ("PZ-2: https://jira.example.com/x", ""),
            ("follows up on PZ-2", ""),
            ("found while we tested PZ-2", ""),
            ("Follow-up: PZ-2", ""),
            ("Outage: PZ-2", ""),
            ("PZ-2 (blocked by)", ""),
        ] {
            assert_eq!(told(text), [title], "{text}");
        }
        assert_eq!(told("PZ-2 MongoDB outage, PZ-3 Kafka outage"), ["MongoDB outage", "Kafka outage"]);
        assert_eq!(told("PZ-2, PZ-3: outages"), [""]);
        assert_eq!(told("PZ-2: MongoDB outage (see PZ-3)"), Vec::<&str>::new(), "nothing is compared");
    }

    #[test]
    fn a_title_may_be_shorter_or_longer_and_not_another() {
        let known = "Integration – RabbitMQ outage on historic configure";
        for same in [
            "RabbitMQ outage on Historic configure",
            "Integration - RabbitMQ outage on historic configure (see there)",
            "Integration RabbitMQ outage on historic configur",
        ] {
            assert!(is_true(same, known), "{same}");
        }
        for other in
            ["RabbitMQ outage on Live configure", "MongoDB outage", "Kubernetes outage on historic configure"]
        {
            assert!(!is_true(other, known), "{other}");
        }
    }
}

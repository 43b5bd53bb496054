//! Related issues: each with its key, and the title that it has.
//!
//! Which title an issue has is known only when all tickets have been read; what a ticket says of others is kept until
//! then.

use std::collections::HashSet;

use casebook_ticket::{At, Field, Standard};

use crate::audit::case::{self, Case};
use crate::audit::text::Kind;
use crate::audit::words::{count, excerpt, is_filler, is_none, pattern, simplified};
use crate::audit::{Finding, Titles};

pattern! {
    KEY = r"\b[A-Z][A-Z0-9]+-(?:[0-9]+|[A-Z][A-Z0-9-]+)\b"
}
pattern! {
    /// What stands between a key and a title without being one.
    LINK = r"(?i)^\W*(?:(?:is |are )?(?:related|relates|linked|links|blocks|blocked|tests|tested|clones|cloned|duplicates|duplicated|causes|caused|depends|requires|covers|covered|parent|child|epic|story|bug|test|by|to|of|on|is|issue|ticket|in)\b\W*)+"
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
    let is_list = |kind| matches!(kind, Kind::Prose);
    for (line, text) in case.lines(field).filter(|(line, _)| is_list(line.kind)) {
        if is_none(text) || is_filler(text) || text.trim_end().ends_with(':') {
            continue;
        }
        let keys: Vec<_> = KEY.find_iter(text).collect();
        let Some(key) = keys.first() else {
            // A line that goes on belongs to the one before.
            if !line.continues {
                findings.push(
                    case.finding("related-issue-without-key", field, line.at).with("text", excerpt(text)),
                );
            }
            continue;
        };
        if case.key.as_deref() == Some(key.as_str()) {
            findings.push(case.finding("related-issue-is-itself", field, line.at).with("key", key.as_str()));
            continue;
        }
        let title = if keys.len() > 1 { "" } else { title(text, key.start(), key.end()) };
        if count(title, 1) == 0 {
            findings
                .push(case.finding("related-issue-without-title", field, line.at).with("key", key.as_str()));
        } else {
            named.push(Named { at: line.at, key: key.as_str().into(), title: title.into() });
        }
    }
    named
}

/// What stands behind the key, or before it when nothing does.
fn title(text: &str, start: usize, end: usize) -> &str {
    let bare = |text: &'_ str| -> (usize, usize) {
        let begin = LINK.find(text).map_or(0, |found| found.end());
        (begin, text.len())
    };
    let (behind, before) = (&text[end..], &text[..start]);
    let (from, to) = bare(behind);
    let title =
        behind[from..to].trim_matches(|character: char| !character.is_alphanumeric() && character != ')');
    if count(title, 1) > 0 {
        return title;
    }
    let (from, to) = bare(before);
    before[from..to].trim_matches(|character: char| !character.is_alphanumeric() && character != ')')
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
    use super::is_true;

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

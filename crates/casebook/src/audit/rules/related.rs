//! Related issues: each with its key, and the title that it has.

use std::collections::HashSet;

use casebook_ticket::Field;

use crate::audit::Finding;
use crate::audit::case::Case;
use crate::audit::text::Kind;
use crate::audit::words::{count, excerpt, is_filler, is_none, pattern, simplified};

pattern! {
    KEY = r"\b[A-Z][A-Z0-9]+-(?:[0-9]+|[A-Z][A-Z0-9-]+)\b"
}
pattern! {
    /// What stands between a key and a title without being one.
    LINK = r"(?i)^\W*(?:(?:is |are )?(?:related|relates|linked|links|blocks|blocked|tests|tested|clones|cloned|duplicates|duplicated|causes|caused|depends|requires|covers|covered|parent|child|epic|story|bug|test|by|to|of|on|is|issue|ticket|in)\b\W*)+"
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
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
        } else if let Some(known) =
            case.context.titles.of(key.as_str()).filter(|known| !is_true(title, known))
        {
            findings.push(
                case.finding("related-issue-title-untrue", field, line.at)
                    .with("key", key.as_str())
                    .with("title", excerpt(known))
                    .with("text", excerpt(title)),
            );
        }
    }
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

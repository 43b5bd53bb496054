//! Files that a ticket promises, and that are not there.

use casebook_ticket::{At, Field, Format};

use crate::audit::Finding;
use crate::audit::case::Case;
use crate::audit::marks::Marks;
use crate::audit::text::Kind;
use crate::audit::words::pattern;

pattern! {
    /// The name of a file, without folders that a command or a URL has.
    FILE = r"(?i)[\w\u{5d0}-\u{5ea}][\w\u{5d0}-\u{5ea}.()-]*\.(?:png|jpe?g|gif|bmp|svg|webp|log|txt|pdf|zip|tar|gz|csv|xlsx?|docx?|pptx?|har|mp4|mov|avi|webm|json|ya?ml|xml|html?|pcapn?g?|prp|h5|eml|msg|out)\b"
}
pattern! {
    /// A line that says that something is attached.
    ATTACHED = r"(?i)\battach(?:ed|ment|ments|ing)?\b|\bscreenshot:|מצורף|מצורפ|צרופ"
}
pattern! {
    LINK = r"(?i)^(?:[a-z][a-z0-9+.-]*:|//|#|mailto)"
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let field = &Field::Attachments;
    let mut promised = promised(case);
    let is_absent = case.number(field).is_none();
    let Some((at, first)) = promised.next() else { return };
    if is_absent {
        // Said once: there are no attachments at all.
        let names: Vec<_> = std::iter::once(first).chain(promised.map(|(_, name)| name)).collect();
        findings.push(case.finding("attachment-missing", field, at).with("text", names.join(", ")));
        return;
    }
    for (at, name) in std::iter::once((at, first)).chain(promised) {
        findings.push(case.finding("attachment-missing", field, at).with("text", name));
    }
}

/// Each file that is promised and not there, once, with where it is first promised.
pub(super) fn promised<'c>(case: &'c Case<'_>) -> impl Iterator<Item = (At, &'c str)> {
    let attachments = case.number(&Field::Attachments);
    let listed = attachments.map_or("", |number| case.text.words(number));
    // Where Jira tells what is attached, that is so. In a text, it is a promise like any other.
    let is_record =
        matches!(case.ticket.origin.format, Format::JiraJson | Format::JiraCsv | Format::XrayJson);
    let can_look = case.context.repository.is_some() || !case.ticket.origin.file.is_empty();
    let mut names: Vec<(At, &str)> = Vec::new();
    for (line, text) in case.text.marked(Marks::FILE) {
        let is_listed = Some(line.section) == attachments;
        if is_listed && (is_record || !can_look) {
            continue;
        }
        let found: Vec<&str> = match line.kind {
            Kind::Address if !LINK.is_match(text) => vec![text.trim()],
            Kind::Address => continue,
            _ if is_listed || ATTACHED.is_match(text) => {
                FILE.find_iter(text).map(|name| name.as_str()).collect()
            }
            _ => continue,
        };
        for name in found {
            let is_known = names.iter().any(|(_, known)| *known == name);
            if !is_known && (is_listed || !listed.contains(name)) && !case.context.has_file(case.ticket, name)
            {
                names.push((line.at, name));
            }
        }
    }
    names.into_iter()
}

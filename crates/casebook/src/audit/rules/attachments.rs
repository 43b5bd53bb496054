//! Files that a ticket promises, and that are not there.

use casebook_ticket::{At, Field, Format};
use percent_encoding::percent_decode_str;

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
    /// The address of a page, which is read and not attached.
    PAGE = r"(?i)\.html?$"
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
    let is_there = |name: &str| case.context.has_file(case.ticket, name);
    for (line, text) in case.text.lines() {
        let is_listed = Some(line.section) == attachments;
        if !is_listed && line.kind != Kind::Address && !line.marks.has(Marks::FILE) {
            continue;
        }
        if is_listed && (is_record || !can_look) {
            continue;
        }
        let missing: Vec<&str> = match line.kind {
            Kind::Address => {
                let is_file =
                    FILE.is_match(text) && !LINK.is_match(text) && (is_listed || !PAGE.is_match(text));
                let name = text.trim();
                let is_missing =
                    is_file && !is_there(name) && !is_there(&percent_decode_str(name).decode_utf8_lossy());
                is_missing.then_some(name).into_iter().collect()
            }
            _ if is_listed || ATTACHED.is_match(text) => {
                let files = FILE.find_iter(text);
                let missing =
                    files.filter(|file| !with_blanks(&text[..file.end()], file.start()).any(is_there));
                missing.map(|file| file.as_str()).collect()
            }
            _ => continue,
        };
        for name in missing {
            let is_known = names.iter().any(|(_, known)| *known == name);
            if !is_known && (is_listed || !listed.contains(name)) {
                names.push((line.at, name));
            }
        }
    }
    names.into_iter()
}

/// The names that a file may have whose last word begins at an offset of a text that it ends: a name may have blanks.
fn with_blanks(text: &str, last: usize) -> impl Iterator<Item = &str> {
    const WORDS: usize = 12;
    let before = text[..last].rmatch_indices(' ').map(|(blank, _)| blank + 1);
    std::iter::once(last)
        .chain(before.skip_while(move |start| *start == last))
        .chain([0])
        .take(WORDS)
        .map(|start| &text[start..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::marks::{marks_of, promised};

    proptest! {
        #[test]
        fn what_says_that_something_is_attached_has_the_mark(text in promised(&ATTACHED)) {
            prop_assert!(marks_of(&text).has(Marks::FILE), "{text:?}");
        }
    }

    #[test]
    fn a_name_may_have_blanks() {
        let text = "The answer: my first shot.png";
        let names: Vec<_> = with_blanks(text, text.find("shot").unwrap()).collect();
        assert_eq!(
            names,
            ["shot.png", "first shot.png", "my first shot.png", "answer: my first shot.png", text]
        );
    }
}

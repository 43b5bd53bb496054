//! Fields that say two things, and a priority that does not go with the words.

use casebook_ticket::Field;
use casebook_ticket::markup::plain_blocks;

use crate::audit::Finding;
use crate::audit::case::Case;
use crate::audit::marks::Marks;
use crate::audit::text::Kind;
use crate::audit::words::{excerpt, pattern, simplified};

/// Fields that have one value.
const ONE_VALUE: &[Field] = &[Field::Key, Field::Summary, Field::Priority, Field::TestType, Field::Status];

pattern! {
    LOW = r"(?i)\b(?:low|lowest|trivial|minor|p[45])\b|נמוכ"
}
pattern! {
    HIGH = r"(?i)\b(?:highest|blocker|critical|urgent|p0)\b|קריטי|דחוף"
}
pattern! {
    SAYS_HIGH = r"(?i)\b(?:is|are|be|as|business[- ]|mission[- ]|highly|very|most|a)\s*critical\b|\bcritical (?:for|to|path|feature|flow|functionality|business|importance)\b|קריטי ל|קריטית ל"
}
pattern! {
    SAYS_LOW = r"(?i)\bnice[ -]to[ -]have\b|\bcosmetic\b|\blow priority\b"
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for field in ONE_VALUE {
        let Some(section) = case.filled(field).map(|number| &case.ticket.sections[number]) else { continue };
        let [first, others @ ..] = &section.body[..] else { continue };
        let value = plain_blocks(std::slice::from_ref(first));
        for other in others {
            let text = plain_blocks(std::slice::from_ref(other));
            if simplified(&text) != simplified(&value) && !text.trim().is_empty() {
                let finding = case.finding("field-contradiction", field, other.at());
                findings.push(finding.with("text", excerpt(&text)).with("other", excerpt(&value)));
            }
        }
    }
    priority(case, findings);
}

fn priority(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let Some(priority) = case.words(&Field::Priority) else { return };
    let contradicts = match (LOW.is_match(priority), HIGH.is_match(priority)) {
        (true, false) => &SAYS_HIGH,
        (false, true) => &SAYS_LOW,
        _ => return,
    };
    let mut lines = case.text.marked(Marks::WEIGHT).filter(|(line, text)| {
        let place = case.field(line.section);
        let is_own = matches!(
            place,
            Some(Field::Description | Field::Objective | Field::Assertions | Field::ExpectedResult)
        );
        is_own && line.kind != Kind::Heading && contradicts.is_match(text)
    });
    if let Some((line, text)) = lines.next() {
        let finding = case.finding("priority-contradiction", &Field::Priority, line.at);
        findings.push(finding.with("priority", excerpt(priority)).with("text", excerpt(text)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::marks::{marks_of, promised};

    proptest! {
        #[test]
        fn what_says_how_important_something_is_has_the_mark(
            text in prop_oneof![promised(&SAYS_HIGH), promised(&SAYS_LOW)],
        ) {
            prop_assert!(marks_of(&text).has(Marks::WEIGHT), "{text:?}");
        }
    }
}

//! Whether each base field, the test's type and its objective say what the standard wants of them.

use casebook_ticket::Field;
use casebook_ticket::markup::plain_blocks;

use crate::audit::Finding;
use crate::audit::case::Case;
use crate::audit::text::Kind;
use crate::audit::words::{count, excerpt, is_none, pattern, simplified};

use super::assertions::is_vague;
use crate::preconditions;

pattern! {
    /// A key, also of a test's own numbering: `PZ-13602`, `T_DATA_002`.
    KEY = r"^[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*[-_][0-9]+$"
}
pattern! {
    PRIORITY = r"(?i)\b(?:highest|high|medium|normal|low|lowest|blocker|critical|major|minor|trivial|urgent|p[0-5])\b|קריטי|גבוה|בינוני|נמוכ|נמוך|רגיל|דחוף"
}
pattern! {
    TEST_TYPE = r"(?i)\b(?:manual|generic|cucumber|exploratory|automated|unit|component|contract|integration|system|end[- ]to[- ]end|e2e|functional|non-functional|api|ui|gui|performance|load|stress|soak|endurance|scalability|volume|capacity|smoke|sanity|regression|security|penetration|resilience|reliability|robustness|recovery|failover|chaos|fault injection|acceptance|uat|usability|accessibility|compatibility|interoperability|configuration|installation|upgrade|migration|data quality|validation|negative|positive|property|fuzz|monitoring|infrastructure|e2e|benchmark)\b|ידני|אוטומטי|אינטגרציה|מערכת|יחידה|ביצועים|עומס|רגרסיה|אבטחה|קבלה|פונקציונלי|עמידות|שליל"
}
pattern! {
    /// What a requirement is found by.
    REQUIREMENT = r"[A-Z][A-Z0-9]*(?:[-_.][A-Z0-9]+)+|\b[A-Z]{2,} ?\d+|https?://|\b\d+(?:\.\d+)+\b|§"
}
pattern! {
    /// Words by which an objective says why.
    REASON = r"(?i)\bso that\b|\bbecause\b|\bsince\b|\bimpact|\bprevent|\bavoid|\botherwise\b|\bin order to\b|\bmatter|\brisk|\bcustomer|\busers?\b|\boperators?\b|\bprotect|\breliab|\bleak|\borphan|\blos[est]|\bimportant\b|\bcritical\b|\bbusiness\b|\bwhy\b|\bvalue\b|\bcosts?\b|\bdowntime|\bstability|\bdamage|\btrust|\bguarantee|\benables?\b|כדי|משום|בגלל|מפני|השפעה|מונע|למנוע|מניעת|סיכון|משתמש|לקוח|אחרת|חשוב|עסקי|יציבות|אמינות|נזק|לאפשר|מאפשר"
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let mut inadequate = |rule, field: &Field, text: &str| {
        findings.push(case.finding(rule, field, case.at(field)).with("text", excerpt(text)));
    };
    // Where several are given, each behind the first is a contradiction.
    let key = case.filled(&Field::Key).and_then(|number| case.ticket.sections[number].body.first());
    let key = key.map(|key| plain_blocks(std::slice::from_ref(key)));
    if let Some(key) = key.filter(|key| !KEY.is_match(key.trim())) {
        inadequate("key-malformed", &Field::Key, &key);
    }
    if let Some(summary) = case.words(&Field::Summary)
        && (count(summary, 3) < 3 || summary.chars().count() > 255)
    {
        inadequate("summary-vague", &Field::Summary, summary);
    }
    if let Some(priority) = case.words(&Field::Priority)
        && (!PRIORITY.is_match(priority) || count(priority, 9) > 8)
    {
        inadequate("priority-unknown", &Field::Priority, priority);
    }
    if let Some(kind) = case.words(&Field::TestType).filter(|kind| !TEST_TYPE.is_match(kind)) {
        inadequate("test-type-unknown", &Field::TestType, kind);
    }
    if let Some(description) = case.words(&Field::Description) {
        let repeats = || {
            let summary = case.words(&Field::Summary).map(simplified);
            description.len() < 512 && summary.is_some_and(|summary| simplified(description) == summary)
        };
        if count(description, 5) < 5 || repeats() {
            inadequate("description-thin", &Field::Description, description);
        }
    }
    if let Some(requirements) = case.words(&Field::Requirements).filter(|text| !REQUIREMENT.is_match(text)) {
        inadequate("requirement-without-id", &Field::Requirements, requirements);
    }
    if let Some(objective) = case.words(&Field::Objective) {
        if count(objective, 6) < 6 {
            inadequate("objective-thin", &Field::Objective, objective);
        } else if !REASON.is_match(objective) {
            inadequate("objective-without-reason", &Field::Objective, objective);
        }
    }
    lines(case, findings);
}

fn lines(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let field = &Field::PreConditions;
    let body = case.filled(field).map(|number| &case.ticket.sections[number].body[..]);
    for precondition in preconditions::read(body.unwrap_or_default()).iter().filter(|it| !it.is_row) {
        if let Some(id) = precondition.lone_id() {
            findings
                .push(case.finding("pre-condition-without-text", field, precondition.at).with("text", id));
        }
    }
    let field = &Field::ExpectedResult;
    for (line, text) in case.lines(field).filter(|(line, _)| matches!(line.kind, Kind::Prose | Kind::Cell)) {
        if is_vague(text) && !is_none(text) {
            findings.push(case.finding("expected-vague", field, line.at).with("text", excerpt(text)));
        }
    }
}

//! Whether the fields around a test say what the standard wants: post-conditions, results, configuration, recovery,
//! architecture and monitoring.

use casebook_ticket::Field;

use super::disruption::{is_not_needed, mutation};
use crate::audit::Finding;
use crate::audit::case::Case;
use crate::audit::text::Kind;
use crate::audit::words::{count, excerpt, is_none, pattern};

pattern! {
    NOT_APPLICABLE = r"(?i)^\W*(?:n/?a|not applicable|לא רלוונטי)\W*$"
}
pattern! {
    /// Words by which a state is told.
    STATE = r"(?i)\b(?:removed|restored|returned|back|no|not|none|running|runs|reachable|empty|deleted|closed|stopped|normal|healthy|ready|exists?|is|are|was|were|left|released|available|unchanged|intact|same|again|gone|cleared|cleaned|reset|up|down|works|idle|without)\b|הוסר|הוחזר|שוחזר|אין|לא|תקין|תקינ|נמחק|פעיל|זמין|נקי|חזר|ללא|רץ|רצים|סגור|פנוי|ריק|כמו לפני"
}
pattern! {
    /// A state by its name or a number: `remains PARTIALLY_REFUNDED`, `has 3 sessions`.
    NAMED_STATE = r"\b(?:remains?|stays?|keeps?|has|have|holds?|contains?|equals?|shows?)\s|\b[A-Z]+_[A-Z_]+\b"
}
pattern! {
    /// An order to put something back, which says when it is done.
    RESTORES = r"(?i)^\W*(?:restor(?:e|ing)|revert(?:ing)?|roll(?:ing)? ?back|undo(?:ing)?|unblock(?:ing)?|re-?connect(?:ing)?|re-?start(?:ing)?|re-?enabl(?:e|ing)|remov(?:e|ing)|delet(?:e|ing))\s+\S|^\W*(?:שחזר|שחזרו|שחזור|לשחזר|החזר|החזירו|החזרת|להחזיר|הסר|הסירו|הסרת|להסיר|מחק|מחקו|מחיקת|למחוק)\s+\S"
}
pattern! {
    NOT_EXECUTED = r"(?i)\b(?:not|never|no) (?:yet )?(?:been )?(?:executed|run|executions?|runs)\b|\bto be (?:executed|run)\b|\bno results? yet\b|\bunexecuted\b|טרם (?:בוצע|הורץ|רץ)|עוד לא (?:בוצע|הורץ|רץ)|לא (?:בוצע|הורץ|רץ)"
}
pattern! {
    DATE = r"(?i)\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d|\b\d{1,2}\.? ?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|(?:ינואר|פברואר|מרץ|אפריל|מאי|יוני|יולי|אוגוסט|ספטמבר|אוקטובר|נובמבר|דצמבר)"
}
pattern! {
    OUTCOME = r"(?i)\b(?:pass(?:ed|es)?|fail(?:ed|s|ure)?|blocked|skipped|aborted|executing|success(?:ful)?|ok|green|red|error|inconclusive|dirty)\b|עבר|נכשל|הצליח|הצלחה|כישלון|חסום|דולג"
}
pattern! {
    ENVIRONMENT = r"(?i)\b(?:environments?|env|staging|stage|production|prod|dev|development|qa|uat|sandbox|lab|cluster|namespace|locally|local|localhost|ci|on-prem|embedded|android|ios|ipados|iphone|ipad|pixel|galaxy|phone|tablet|emulator|simulator)\b|[a-z]+_(?:production|staging|dev|qa)\b|סביב|ייצור|מעבדה|מקומי"
}
pattern! {
    SERVICE = r"(?i)\$\w|\$\{|://|\b(?:server|service|host|broker|database|db|queue|cluster|kubernetes|k8s|rabbit\w*|mongo\w*|kafka|redis|postgres\w*|mysql|api|browser|chrome|firefox|os|linux|windows|version|image|port|device|frontend|backend|client|grpc|docker|url|endpoint|router|switch|phone|tablet|emulator|simulator|camera|sensor|controller|firmware|iphone|ipad)s?\b|\b(?:android|ios|macos|windows|pixel|galaxy)\s\S|\b(?-i:[A-Z]{2,})-\d|שרת|שירות|דפדפן|גרסה|מסד"
}
pattern! {
    /// `Name: value`, or `name = value`.
    ENTRY = r"^[\s\-*•]*[^\s:=][^:=]{0,48}\s?[:=]\s*\S"
}
pattern! {
    ACTION = r"(?i)\b(?:action|send|sent|post|get|put|request|restart|repeat|retry|rerun|run|call|configure|check|verify|validate|confirm|restore|start|open|connect|reconnect|submit|again|same payload|wait|poll|query|kubectl|curl)\b|פעולה|שלח|שליח|בצע|בקש|הרץ|ודא|בדוק|הפעל|חבר|שוב"
}
pattern! {
    EXPECTATION = r"(?i)\b(?:expect(?:ed|s)?|must|should|status|returns?|answers?|succeeds?|[1-5]\d\d|created|accepted|healthy|back to normal|works again|is (?:up|back|running|reachable|available)|ready|within)\b|→|=>|->|תוצאה|צפוי|צפויה|סטטוס|חוזר|חייב|מחזיר|מצליח|תקין"
}
pattern! {
    FLOW = r"→|->|=>|⇒|←|-->|\bthen\b|\bsends?\b|\bcalls?\b|\bconnects?\b|\bwrites?\b|\breads?\b|שולח|מתחבר|קורא|כותב|אחר כך"
}
pattern! {
    ARROW = r"→|⟶|⇒|←|-->|->|=>|<-|\s>\s"
}
pattern! {
    WATCHED = r"(?i)\b(?:metrics?|alerts?|alarms?|logs?|logged|logging|dashboards?|counters?|gauges?|histograms?|traces?|spans?|prometheus|grafana|kibana|datadog|sentry|pagerduty|slo|sli|track(?:s|ed)?|notif\w+|events?|probes?|health check)\b|_total\b|_seconds\b|מדד|מדדים|מטריק|התראה|התראות|לוג|לוגים|דשבורד|גרף"
}

/// Whether a text says that the field does not apply.
pub(super) fn is_not_applicable(text: &str) -> bool {
    text.len() < 64 && NOT_APPLICABLE.is_match(text)
}

/// Whether the results say that there was no run yet.
pub(super) fn is_not_executed(text: &str) -> bool {
    NOT_EXECUTED.is_match(text)
}

/// Whether a line tells how a run ended.
pub(super) fn has_outcome(text: &str) -> bool {
    OUTCOME.is_match(text)
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    post_conditions(case, findings);
    results(case, findings);
    configuration(case, findings);
    recovery(case, findings);
    let field = &Field::ArchitecturalContext;
    if let Some(text) = case.words(field) {
        let has_code = || case.lines(field).any(|(line, _)| line.kind == Kind::Code);
        // One part sends to the next, and that one to a third.
        let is_chain =
            || ARROW.split(text).filter(|part| part.contains(char::is_alphanumeric)).take(3).count() == 3;
        let is_told = count(text, 4) == 4 && (FLOW.is_match(text) || text.lines().count() > 1)
            || count(text, 15) == 15
            || is_chain();
        if !is_told && !has_code() {
            findings.push(case.finding("architecture-thin", field, case.at(field)));
        }
    }
    let field = &Field::Monitoring;
    if case.words(field).is_some_and(|text| !is_none(text) && !WATCHED.is_match(text)) {
        findings.push(case.finding("monitoring-vague", field, case.at(field)));
    }
}

fn post_conditions(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let field = &Field::PostConditions;
    let Some(text) = case.number(field).map(|number| case.text.words(number)) else { return };
    if is_none(text) || is_not_applicable(text) {
        if let Some((step, action)) = mutation(case) {
            findings.push(
                case.finding("post-conditions-none", field, case.at(field))
                    .with("text", excerpt(text))
                    .in_words("step", format!("step {step}"), format!("צעד {step}"))
                    .with("action", excerpt(action)),
            );
        }
        return;
    }
    // Two words of Hebrew are a sentence.
    let fewest = if text.contains(|letter| ('א'..='ת').contains(&letter)) { 2 } else { 3 };
    let is_restored = || case.lines(field).any(|(_, line)| RESTORES.is_match(line));
    let is_state = || STATE.is_match(text) || NAMED_STATE.is_match(text) || is_restored();
    if case.filled(field).is_some() && (count(text, fewest) < fewest || !is_state()) {
        findings.push(case.finding("post-conditions-vague", field, case.at(field)));
    }
}

fn results(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let field = &Field::TestResults;
    let Some(text) = case.words(field).filter(|text| !is_none(text) && !is_not_executed(text)) else {
        return;
    };
    let parts = [
        (DATE.is_match(text), "date", "תאריך"),
        (OUTCOME.is_match(text), "status", "סטטוס"),
        (ENVIRONMENT.is_match(text), "environment", "סביבה"),
    ];
    missing(case, "results-incomplete", field, &parts, findings);
}

fn configuration(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let field = &Field::TestConfiguration;
    let Some(text) = case.words(field) else { return };
    let entries = || case.lines(field).filter(|(_, line)| ENTRY.is_match(line)).take(2).count();
    let rows = || case.lines(field).filter(|(line, _)| line.kind == Kind::Cell).take(4).count();
    let parts = [
        (ENVIRONMENT.is_match(text), "the environment", "הסביבה"),
        (SERVICE.is_match(text) || entries() == 2 || rows() == 4, "the services", "השירותים"),
    ];
    missing(case, "configuration-incomplete", field, &parts, findings);
}

fn recovery(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let field = &Field::RecoveryValidation;
    let Some(text) = case.words(field).filter(|text| !is_none(text) && !is_not_needed(text)) else { return };
    let parts = [
        (ACTION.is_match(text), "what is done", "מה עושים"),
        (EXPECTATION.is_match(text), "what must be seen", "מה חייבים לראות"),
    ];
    missing(case, "recovery-incomplete", field, &parts, findings);
}

/// One finding that names the parts that are not there. While a cell is empty or filler, that one is said: what is
/// missing may belong into it.
fn missing(
    case: &Case<'_>,
    rule: &'static str,
    field: &Field,
    parts: &[(bool, &str, &str)],
    findings: &mut Vec<Finding>,
) {
    let absent: Vec<_> = parts.iter().filter(|(there, ..)| !there).collect();
    if absent.is_empty() || super::tables::has_blank_cell(case, field) {
        return;
    }
    let en: Vec<_> = absent.iter().map(|(_, en, _)| *en).collect();
    let he: Vec<_> = absent.iter().map(|(.., he)| *he).collect();
    findings.push(case.finding(rule, field, case.at(field)).in_words(
        "missing",
        en.join(", "),
        he.join(", "),
    ));
}

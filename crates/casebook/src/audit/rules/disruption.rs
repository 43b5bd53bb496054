//! Steps that break something: whether all was well before, whether it is put back, and whether the system comes back.

mod breaks;

use casebook_ticket::Field;

use crate::audit::Finding;
use crate::audit::case::{Case, Step};
use crate::audit::marks::Marks;
use crate::audit::text::Kind;
use crate::audit::words::{excerpt, is_none, pattern};

use breaks::{breaks_by_command, breaks_by_words_of_action, deleted};

pattern! {
    /// A step that looks, and does nothing.
    LOOKS = r"(?i)^\W*(?:\d+[.)]\s*)?(?:verify|check|confirm|ensure|assert|validate|observe|wait|look|see|note|monitor|read|get|list|compare|inspect|make sure|try|attempt)\b|^\W*(?:\d+[.)]\s*)?(?:ודאו?|וודא|בדוק|בדקו|המתן|הסתכל)(?:\W|$)"
}
pattern! {
    /// What comes back by itself.
    HEALS = r"(?i)^\W*(?:\w+\W+)?(?:delete|kill|evict|terminat\w*)\s+(?:\S+\s+){0,4}pods?\b|^\W*(?:\w+\W+){0,2}re-?boot|\bkubectl\b.*\bdelete\s+pods?\b"
}
pattern! {
    /// A step that puts something back.
    MENDS = r"(?i)\b(?:restor(?:e|es|ing)|undo|unblock\w*|re-?start\w*|re-?connect\w*|re-?enabl\w*|enable|revert|roll(?:ing)? ?back|resum(?:e|ing)|re-?creat\w*|clean ?-?up|cleanup|tear ?down|unfreeze|unpause|un-?cordon|re-?instate|re-?attach|re-?insert|heal|put (?:\S+ ){0,4}back|turn (?:\S+ )?back on|(?:power|turn|switch)(?:ing)? (?:on|up)|(?:power|turn|switch)(?:ing)? (?:the|\$?[\w-]+) (?:\S+ ){0,3}(?:on|up)\W*$|plug (?:\S+ ){0,3}(?:back|in)|free(?:ing)? (?:up|the|disk|space|all)|mak(?:e|ing) (?:\S+ ){1,4}(?:reachable|available)|(?:end|stop|lift|clear)(?:ping|ing)? the (?:\S+ ){0,2}(?:outage|fault|failure|block\w*|partition|simulation|throttling|limit)|(?:bring|take|switch|scale) (?:\S+ ){0,6}(?:back|up)|back (?:up|online|on)|start(?:ing)? (?:the |\$|\S+ (?:again|service|server|container|pod|broker|deployment))|start (?:rabbit|mongo|kube|kafka|redis|postgres|mysql|broker|server)\w*|scale (?:\S+ ){1,5}to [1-9]\d*|remov(?:e|ing) (?:the |all |any )?(?:\S+ ){0,3}(?:block\w*|rules?|fault|filter|limit|delay|drop|partition|isolation|restriction|(?:fill\w*|dummy|big|large) files?)|flush\w*|unload the rule)\b|--replicas[= ][1-9]|\biptables\b.*\s(?:-D|--delete|-F)\b|\bnft\s+(?:delete|flush)\b|\bsystemctl\s+start\b|\bdocker\b.*\s(?:start|unpause)\b|\btc\s+qdisc\s+del\b|\bstart_app\b|^undo\b|^\W*(?:\d+[.)]\s*)?(?:(?:cleanup|then|finally)\W+)?(?:start(?:ing)? \S+\W*$|(?:connect|attach|plug|insert)(?:ing)? (?:in |the |\$)|boot(?:ing)? (?:up |the )|(?:allow|permit)(?:ting|ing)? (?:the |all |traffic|access|network|connections?))|^\W*(?:ניקוי:\s*)?(?:חבר|חברו|לחבר|מחברים|חיבור|הדלק|הדליקו|הדלקת|להדליק|מדליקים|הרם|הרימו|הרמת|להרים|מרימים|פנו|לפנות|מפנים)(?:\s|$)|מפעילים|משחזרים|מסירים|מחזירים|מבטלים|מנקים|לנקות|משחררים|לשחרר|שחזר|שחזרו|שחזור|לשחזר|הסר|הסירו|הסרת|להסיר|החזר|החזירו|החזרת|להחזיר|בטל|ביטול|לבטל|הפעל|הפעילו|הפעלת|להפעיל|חבר מחדש|חיבור מחדש|ניקוי|נקה|נקו|שחרר|שחרור"
}
pattern! {
    /// That something worked.
    WENT_WELL = r"(?i)\b2\d\d\b|\b2xx\b|\b(?:reachable|running|healthy|ready|up|ok|success\w*|succeeds?|answers?|answered|returns?|returned|accepted|created|connected|available|responds?|works|normal|alive|online|true)\b|job_id|פעיל|זמין|תקין|רץ|מחובר|הצלחה|מחזיר|עונה"
}
pattern! {
    /// That something did not.
    WENT_BADLY = r"(?i)\b(?:unreachable|not reachable|unavailable|not running|refused|timeout|stopped|blocked|[45]\d\d|fails?|failed|down|no )\b|לא זמין|חסום|נכשל"
}
pattern! {
    NOT_NEEDED = r"(?i)^\W*(?:(?:recovery|this|it|validation)\s+(?:is\s+)?)*(?:not (?:needed|applicable|required|relevant)|no recovery|nothing (?:is |was )?(?:changed|broken|disrupted|to recover))|^\W*(?:n/?a)\b|^\W*(?:לא נדרש|אין צורך|לא רלוונטי|שום דבר לא)"
}
pattern! {
    CHANGES = r"(?i)^\W*(?:\d+[.)]\s*)?(?:send (?:a |the )?)?(?:post|put|patch|delete|create|place|start|make|book|open an? (?:new )?(?:account|order|issue|ticket|case|request)|add|insert|upload|update|write|configure|launch|submit|import|register|publish|modify|change|set|install|deploy|restart)\b|\b(?:POST|PUT|PATCH|DELETE)\s+(?:https?:|/|\$)|\bkubectl\s+(?:apply|create|scale|patch|delete)\b|^\W*(?:צור|צרו|יצירת|יוצרים|ליצור|הוסף|עדכן|שנה|העלה|כתוב)(?:\s|$)"
}

/// Whether a text says that nothing has to recover.
pub(super) fn is_not_needed(text: &str) -> bool {
    NOT_NEEDED.is_match(text)
}

/// The first step that breaks or changes something: its name, and what it does.
pub(super) fn mutation<'c>(case: &'c Case<'_>) -> Option<(&'c str, &'c str)> {
    let changes = |step: &&Step| !LOOKS.is_match(&step.action.text) && changes(step);
    // What is broken is the better example.
    let found = case.steps.iter().find(|step| breaks(step)).or_else(|| case.steps.iter().find(changes));
    found.map(|step| (step.name.as_str(), step.action.text.as_str()))
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let disruptive: Vec<usize> =
        (0..case.steps.len()).filter(|number| is_disruptive(case, *number)).collect();
    let (Some(first), Some(last)) = (disruptive.first(), disruptive.last()) else { return };
    let report = |rule, number: usize, field: &Field, findings: &mut Vec<Finding>| {
        let step = &case.steps[number];
        let text = if breaks_by_words_of_action(step) { &step.action } else { &step.data };
        findings.push(
            case.finding(rule, field, text.at)
                .in_words("step", format!("step {}", step.name), format!("צעד {}", step.name))
                .with("text", excerpt(&text.text)),
        );
    };
    // One cell that says nothing is a finding of its own, and may be where the missing check belongs.
    if blank_cells(case) != 1 {
        if !case.steps[..*first].iter().any(is_baseline) {
            report("disruption-without-baseline", *first, &Field::TestSteps, findings);
        }
        let last = disruptive.iter().rfind(|number| !heals(&case.steps[**number]));
        let is_mended = |last: usize| case.steps[last + 1..].iter().any(mends) || is_mended_afterwards(case);
        if let Some(last) = last.filter(|last| !is_mended(**last)) {
            report("disruption-without-undo", *last, &Field::TestSteps, findings);
        }
    }
    if !checks_recovery(case, *last) {
        report("disruption-without-recovery", *last, &Field::RecoveryValidation, findings);
    }
}

fn blank_cells(case: &Case<'_>) -> usize {
    case.steps
        .iter()
        .flat_map(|step| [&step.action, &step.data, &step.expected])
        .filter(|part| part.is_filler)
        .count()
}

fn breaks(step: &Step) -> bool {
    let is_suspect = step.action.marks.has(Marks::BREAKS) || step.data.marks.has(Marks::BREAKS);
    let is_done = || !LOOKS.is_match(&step.action.text) && !mends_by(&step.action.text);
    is_suspect && is_done() && (breaks_by_words_of_action(step) || breaks_by_command(&step.data.text))
}

fn changes(step: &Step) -> bool {
    CHANGES.is_match(&step.action.text) || CHANGES.is_match(&step.data.text)
}

/// Whether a text has a word, or begins one with it: `queue` is in `the queues`.
fn has_word(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric) || !word.is_ascii())
}

/// Whether a step breaks something that the test has not made itself.
fn is_disruptive(case: &Case<'_>, number: usize) -> bool {
    let (before, step) = (&case.steps[..number], &case.steps[number]);
    let is_made = |object: &str| {
        let mut made = before.iter().filter(|step| changes(step));
        made.any(|step| has_word(&step.action.text, object) || has_word(&step.data.text, object))
    };
    breaks(step) && !deleted(step).is_some_and(|object| is_made(&object))
}

fn mends_by(text: &str) -> bool {
    MENDS.is_match(text)
}

fn heals(step: &Step) -> bool {
    HEALS.is_match(&step.action.text) || HEALS.is_match(&step.data.text)
}

fn mends(step: &Step) -> bool {
    let says_so = |text: &str| text.lines().any(|line| mends_by(line.trim()));
    !LOOKS.is_match(&step.action.text) && (says_so(&step.action.text) || says_so(&step.data.text))
}

/// Whether a step shows that all is well: the expectation says so, or the action.
fn is_baseline(step: &Step) -> bool {
    let (action, expected) = (&step.action.text, &step.expected.text);
    let says_so = action.to_lowercase().contains("baseline") || action.contains("snapshot");
    says_so || WENT_WELL.is_match(expected) && !WENT_BADLY.is_match(expected)
}

/// Whether post-conditions or recovery tell somebody to put things back, which is more than to say that they are.
fn is_mended_afterwards(case: &Case<'_>) -> bool {
    [Field::PostConditions, Field::RecoveryValidation].iter().any(|field| {
        case.lines(field).filter(|(line, _)| line.kind != Kind::Heading).any(|(_, line)| {
            MENDS
                .find(line)
                .is_some_and(|found| line[..found.start()].chars().filter(|c| c.is_alphabetic()).count() < 8)
        })
    })
}

/// Whether something shows that the system came back. Where the standard has a field for it, that field's absence is
/// said by another rule.
fn checks_recovery(case: &Case<'_>, last: usize) -> bool {
    if case.standard.rule(&Field::RecoveryValidation).is_none() {
        let mended = case.steps[last + 1..].iter().position(mends).map(|number| last + 1 + number);
        return mended.is_some_and(|mended| {
            case.steps[mended..].iter().any(|step| WENT_WELL.is_match(&step.expected.text))
        });
    }
    let Some(number) = case.number(&Field::RecoveryValidation) else { return true };
    let text = case.text.words(number);
    !(is_none(text) || is_not_needed(text)) || crate::audit::words::is_filler(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_something_is_told_from_what_puts_it_back() {
        for (bad, good) in [
            ("Power off the sensor", "Power on the sensor"),
            ("Power off the sensor on the roof", "Power the sensor on"),
            ("Fill the disk", "Free the disk"),
            ("Fill up the disk of $db", "Remove the big file"),
            ("Turn off the switch", "Turn on the switch"),
            ("Switch the uplink off", "Switch the uplink on"),
            ("Pull the plug", "Put the plug back"),
            ("Pull out the network cable", "Plug in the network cable"),
            ("Disconnect the cable", "Connect the cable"),
            ("Stop nginx", "Start nginx"),
            ("Block traffic to $db", "Allow traffic to $db"),
            ("Simulate an outage of the broker", "Stop the outage"),
            ("לכבות את השרת", "להדליק את השרת"),
            ("מכבים את השרת", "מפעילים את השרת"),
            ("מנתקים את הכבל", "מחברים את הכבל"),
            ("ניתוק חיבור הרשת", "חיבור הכבל"),
        ] {
            assert!(breaks::breaks_by_words(bad, "") && !mends_by(bad), "{bad}");
            assert!(mends_by(good), "{good}");
        }
    }
}

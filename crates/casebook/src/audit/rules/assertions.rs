//! Assertions and expectations that cannot fail, or that nobody can carry out.

use casebook_ticket::{At, Field};

use super::status::accepts_success_and_failure;
use crate::audit::case::{Case, Part};
use crate::audit::marks::Marks;
use crate::audit::text::{Kind, Line};
use crate::audit::words::{count, excerpt, pattern};
use crate::audit::{Finding, Severity};

pattern! {
    /// A whole text that only judges.
    VAGUE = r"(?ix)^\W*(?:(?:the|a|an|all|each)\s+[\w-]+\s+(?:[\w-]+\s+)?)?
        (?:(?:it|the|this|that|system|server|service|test|tests|everything|all|application|app|feature|page|request|operation
            |result|results|response|login|log-in|logout|data|screen|looks?|displayed|shown|loads?|loaded|complete[sd]?|finish(?:es|ed)
            |performed|executed|processed|component|functionality|function|flow|process|must|should|shall|will|can|is|are|to|be|and
            |we|see|verify|check|ensure|validate|make|sure|error|errors|failure|outage|case|correct|expected|behaves?|behavior
            |behaviour|handles?|handled|continues?|remains?|returns?)\W+){0,10}
        (?:works?|working|passes|pass|passed|succeeds?|success|successful|successfully|ok|okay|fine|good|well|correct|correctly
            |proper|properly|appropriate|appropriately|as\ (?:expected|intended|designed|it\ should|usual|required)|gracefully|normally
            |expected|stable|functional|smoothly|reasonable|acceptable|without\ (?:any\ )?(?:issues|problems))
        (?:\W+(?:and|works?|properly|correctly|fine|well|as\ (?:expected|intended|designed|it\ should|usual|required)|gracefully
            |successfully|normally|without\ (?:any\ )?(?:issues|problems)|behaviou?r|results?|response|status))*\W*$"
}
pattern! {
    VAGUE_HE = r"^\W*(?:(?:המערכת|השרת|השירות|הכול|הכל|הטסט|הבדיקה|הבקשה|התוצאה|צריכה?|אמורה?|חייבת?|לעבוד|להיות)\s+)*(?:עובדת?|לעבוד|תקינה?|בסדר|כצפוי|כמצופה|כמתוכנן|(?:לפי|על פי|בהתאם ל)\s?(?:ה?ציפיות|המצופה|הצפוי|המתוכנן)|מצליחה?|הצלחה|עוברת?|נכון|נכונה)(?:\s+(?:כצפוי|כמצופה|כמתוכנן|(?:לפי|על פי|בהתאם ל)\s?(?:ה?ציפיות|המצופה|הצפוי|המתוכנן)|כמו שצריך|כראוי|תקין|היטב|בהצלחה|נכון))*\W*$"
}
pattern! {
    ALWAYS_TRUE = r"(?i)\bor (?:true|1)\b\s*(?:$|[,)#;:])|\|\|\s*(?:true|1)\b|\bassert(?: | ?\()(?:true|1|not false|!false)\s*\)?\s*(?:$|[,;#])|\bassert_?true\s*\(\s*true\b|\bexpect\s*\(\s*true\s*\)\s*\.\s*to(?:be|equal|betruthy)\b|\btrue\s*(?:==|is)\s*true\b|\b1(?:==| == )1\b"
}
pattern! {
    NEVER_NEGATIVE = r"(?i)(?:\blen\s*\([^)]*\)|\.(?:length|len\(\)|size\(\)|count\(\))|\b\w*count\w*|\bnumber of [\w -]{1,40}|\bsize\b|\belapsed\w*|\bduration\w*|\blength\b)\s*(?:is\s+)?(?:>=|≥|&gt;=|(?:is )?at least|greater than or equal to)\s*(?:0(?:\.0+)?|zero)(?:$|[^.\d])|(?:>|greater than)\s*-1\b|\b(?:0|zero) or more\b|\bany number of\b|\bat least (?:0|zero)(?:$|[^.,\d\w]|[.,](?:$|\D))"
}
pattern! {
    ANY_STATUS = r"(?i)\bstatus(?:_?code)?\s*(?:<\s*600|<=\s*599|>\s*0\b|>=\s*[01]00\b|is not none|!=\s*(?:none|null)|(?:is )?any(?:thing)?\b)|\b(?:[12]00|[12]xx)\s*(?:-|–|to|through|\.\.)\s*(?:599|5xx)\b|\bany (?:http )?(?:status|response|answer)(?: code)?(?: (?:is|will be) (?:accepted|fine|ok(?:ay)?|allowed))?\W*$|\bresponse (?:is not none|!= ?none|is (?:returned|received)\W*$)"
}
pattern! {
    /// A choice between success and failure in words.
    EITHER = r"(?ix)\b(?:either|is|are|be|returns?|answers?|ends)\ (?:(?:an?|with|in)\ ){0,2}
        (?:(?:success\w*|succeeds?|succeeded|pass|passes|passed|ok|2(?:0[0-9]|xx)(?:\ ok)?)\ (?:response\ |answer\ |status\ )?or\ (?:an?\ |with\ |is\ |returns?\ |answers?\ |gives?\ |shows?\ )*(?:errors?|fail\w*)
          |(?:errors?|fail\w*)\ (?:response\ |answer\ |status\ )?or\ (?:an?\ |with\ |is\ )*(?:success\w*|succeeds?|succeeded|pass|passes|passed|ok|2(?:0[0-9]|xx)))\b
        (?:\ (?:response|answer|status|code))?\W*$
        |\beither\ (?:succeeds|passes)\ or\ fails\b|\beither\ fails\ or\ (?:succeeds|passes)\b
        |(?:הצלחה|מצליחה?|עוברת?)\ או\ (?:שגיאה|כישלון|נכשלת?)(?:\W|$)|(?:שגיאה|כישלון|נכשלת?)\ או\ (?:הצלחה|מצליחה?|עוברת?)(?:\W|$)"
}
pattern! {
    SWALLOWED = r"(?i)\bexcept\b[^:]{0,40}:\s*(?:pass|continue|log\w*\.|print|return\b|\.\.\.)|\bcatch\s*(?:\([^)]*\))?\s*\{\s*(?:\}|console\.|log)|\b(?:assert\w*|failures?|mismatch\w*|exceptions?|errors?)\b[^.]{0,30}\b(?:caught and logged|logged and ignored|swallowed|only logged|just logged|ignored)\b|^\W*(?:caught|catch) (?:and|,) log|\blogs? (?:a )?warning (?:if|when) (?:it |they )?(?:not|fails?|differs?)|\bcaught and logged\b|\b(?:pass|passes|succeeds) (?:regardless|either way|in any case|anyway)\b|\bor (?:it|they|that|the (?:error|exception|failure|warning)) (?:is|are) (?:only |just )?(?:logged|ignored|caught|swallowed)\b|^\W*if (?:it|this|that|the (?:assertion|check|test|step)) fails,? [^.]{0,30}\b(?:is|are) (?:only |just )?(?:logged|ignored|caught)\b|\b(?:either way|in any case|regardless of the (?:result|outcome|status|response))\b|נתפס(?:ת|ים|ות)? ונרשמ|נתפס ונרשם|בכל מקרה עובר| או ש(?:הוא|היא|זה) (?:נרשם|נרשמת)|^\W*אם (?:זה|הוא|היא|הבדיקה|הצעד) נכשלת?,? .{0,30}(?:נרשם|נרשמת)"
}
pattern! {
    EXCEPT = r"(?i)^\s*(?:except\b.*:|\}?\s*catch\b.*\{)\s*(?:#.*|//.*)?$"
}
pattern! {
    GOES_ON = r"(?i)^\s*(?:pass|continue|log\w*[.(]|print|console\.|return\b|\.\.\.|warnings?\.)"
}
pattern! {
    /// Both sides of a comparison.
    COMPARISON = r"\b(?:assert|expect)\s*\(?\s*[^\s=<>!]+\s*(?:==|>=|<=)\s*[^\s=<>!,;)]+"
}
pattern! {
    /// What a person or a program can look at.
    OBSERVABLE = r#"(?i)[0-9"'“”«»=<>≥≤≠$`(\[]|\b(?:no|not|none|never|only|same|equals?|contains?|includ\w+|exist\w*|absent|empty|null|true|false|unchanged|response|repl(?:y|ies)|answer\w*|status|code|body|headers?|fields?|keys?|values?|messages?|errors?|logs?|logged|stack ?trace|traceback|exceptions?|panics?|crash\w*|jobs?|pods?|services?|containers?|process\w*|threads?|connections?|sockets?|queues?|topics?|exchanges?|metrics?|alerts?|counters?|gauges?|dashboards?|files?|records?|rows?|tables?|documents?|columns?|database|memory|cpu|disk|latency|time\w*|duration|seconds?|milliseconds?|within|count|number|size|length|list|id|ids|url|endpoint|page|button|screen|picture|image|window|dialog|label|text|colou?r|element|menu|link|title|version|state|reachable|running|stopped|restored|removed|created|deleted|closed|rejected|refused|accepted|frames?|samples?|channels?|streams?|events?|token|session|user|exit|restart\w*|order|schema|json|type|format)\b|סטטוס|קוד|תשובה|תגובה|גוף|הודע|שגיא|לוג|רשומ|קובץ|קבצים|מדד|התראה|שירות|זמן|שניות|מספר|ערך|שדה|מסך|כפתור|תמונה|אין|לא |ללא|נוצר|נמחק|קיים|ריק|זהה|בדיוק|פעיל|סגור|רץ"#
}
pattern! {
    LOG = r"(?i)\blogs?\b|_logs?\b|\blog[ _]lines?\b|\bstdout\b|\bstderr\b|\bjournal|לוג"
}
pattern! {
    /// A lone common word, in quotes.
    LONE_WORD = r#"(?i)["'“”`](unavailable|errors?|failed|failure|fail|exceptions?|timeout|timed out|refused|rejected|warn(?:ing)?|down|connection|disconnected|lost|retry)["'“”`]"#
}
pattern! {
    /// The same without quotes, when a line says nothing else.
    LONE_WORD_SAID = r"(?i)^\W*(?:the |an? |any |some )?(?:[\w-]+ )?logs?(?: (?:lines?|files?|entry|entries))? (?:says?|saying|said|contains?|containing|has|have|with|shows?|includes?|mentions?|match(?:es|ing|ed)?) (?:an? |the |some )?/?(unavailable|errors?|failed|failure|exceptions?|timeout|refused|rejected|warnings?|down|disconnected|lost|retry)(?:/i?)?(?: (?:lines?|messages?|entry|entries))?\W*$|^\W*(?:an? |the |some )?(unavailable|errors?|failed|failure|exceptions?|timeout|refused|rejected|warnings?|down|disconnected|lost|retry|שגיאה|שגיאות)(?: (?:lines?|messages?|entry|entries))?(?: (?:(?:is|are) )?(?:found|seen|shown|written|logged|appears?|stands?|is|are|מופיעה?|מופיעות))? (?:(?:in|to) (?:the |any |some )?(?:[\w-]+ )?logs?(?: files?)?|בלוג(?:ים)?)\W*$"
}
pattern! {
    /// What narrows a search for a word, or makes it one for the word's absence.
    NARROWED = r"(?i)\bnot in\b|\bno\b|\bnot\b|\bnever\b|\bwithout\b|\babsent\b|\bnone\b|\band\b|&&|\b(?:same|one) line\b|אין|לא |ללא|וגם"
}

/// Whether a text only judges, and says nothing that is seen.
pub(super) fn is_vague(text: &str) -> bool {
    // What is in quotes is a text that is seen: "Login successful".
    let is_quoted = text.trim_start().starts_with(['"', '“']) && text.trim_end().ends_with(['"', '”']);
    text.len() < 200 && !is_quoted && (VAGUE.is_match(text) || VAGUE_HE.is_match(text))
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let field = &Field::Assertions;
    let lines: Vec<_> = case.lines(field).filter(|(line, _)| line.kind != Kind::Address).collect();
    for (number, (line, text)) in lines.iter().enumerate() {
        if is_label(line, text) {
            continue;
        }
        let next = lines.get(number + 1).map(|(_, text)| *text);
        if !judge(case, field, (line.at, line.marks), text, next, findings) && is_vague(text) {
            let finding = case.finding("assertion-cannot-fail", field, line.at).severity(Severity::Major);
            findings.push(finding.with("text", excerpt(text)).in_words(
                "reason",
                "it is a judgement, and nothing that is seen",
                "זה שיפוט ולא משהו שרואים",
            ));
        }
    }
    not_executable(case, &lines, findings);
    for step in &case.steps {
        let Part { text, at, marks, .. } = &step.expected;
        judge(case, &Field::TestSteps, (*at, *marks), text, None, findings);
    }
    let field = &Field::ExpectedResult;
    for (line, text) in case.lines(field).filter(|(line, _)| line.kind != Kind::Address) {
        judge(case, field, (line.at, line.marks), text, None, findings);
    }
}

/// Assertions, each with the lines that go on with it, that name nothing to look at.
fn not_executable(case: &Case<'_>, lines: &[(&Line, &str)], findings: &mut Vec<Finding>) {
    let mut rest = lines;
    while let [(line, text), behind @ ..] = rest {
        let more = behind.iter().take_while(|(line, _)| line.continues).count();
        let is_judged = line.kind == Kind::Prose && !is_label(line, text) && !is_vague(text);
        let all = || behind[..more].iter().map(|(_, text)| *text).chain([*text]);
        if is_judged && !all().any(|text| OBSERVABLE.is_match(text)) && count(text, 2) == 2 {
            let finding = case.finding("assertion-not-executable", &Field::Assertions, line.at);
            findings.push(finding.with("text", excerpt(text)));
        }
        rest = &behind[more..];
    }
}

/// Whether a line introduces others.
fn is_label(line: &Line, text: &str) -> bool {
    let text = text.trim();
    line.kind == Kind::Heading
        || line.kind != Kind::Code && text.ends_with(':')
        || line.kind == Kind::Code && (text.starts_with('#') || text.starts_with("//"))
}

/// Whether something was found.
fn judge(
    case: &Case<'_>,
    field: &Field,
    (at, marks): (At, Marks),
    text: &str,
    next: Option<&str>,
    findings: &mut Vec<Finding>,
) -> bool {
    if let Some((en, he)) = cannot_fail(text, marks, next) {
        let finding = case.finding("assertion-cannot-fail", field, at).with("text", excerpt(text));
        findings.push(finding.in_words("reason", en, he));
        return true;
    }
    if marks.has(Marks::LOG)
        && let Some(word) = lone_word_in_log(text)
    {
        findings.push(case.finding("log-match-too-wide", field, at).with("word", word));
        return true;
    }
    false
}

fn cannot_fail(text: &str, marks: Marks, next: Option<&str>) -> Option<(&'static str, &'static str)> {
    let has = |mark| marks.has(mark);
    if accepts_success_and_failure(text) || has(Marks::EITHER) && EITHER.is_match(text) {
        Some(("it accepts success and failure alike", "הוא מקבל הצלחה וכישלון כאחד"))
    } else if has(Marks::ANY_STATUS) && ANY_STATUS.is_match(text) {
        Some(("every answer fulfils it", "כל תשובה מקיימת אותו"))
    } else if has(Marks::ALWAYS_TRUE) && ALWAYS_TRUE.is_match(text)
        || has(Marks::COMPARES) && compares_with_itself(text)
    {
        Some(("it is always true", "הוא נכון תמיד"))
    } else if has(Marks::NEVER_NEGATIVE) && NEVER_NEGATIVE.is_match(text) {
        Some(("a number of things is never below zero", "כמות לעולם אינה שלילית"))
    } else if has(Marks::SWALLOWED)
        && (SWALLOWED.is_match(text)
            || EXCEPT.is_match(text) && next.is_some_and(|next| GOES_ON.is_match(next)))
    {
        Some((
            "what it finds is logged or ignored, and the test goes on",
            "מה שהוא מוצא נרשם או נבלע, והטסט ממשיך",
        ))
    } else {
        None
    }
}

fn compares_with_itself(text: &str) -> bool {
    let Some(comparison) = COMPARISON.find(text) else { return false };
    let mut sides = comparison.as_str().split(['=', '<', '>']).map(str::trim).filter(|side| !side.is_empty());
    let (left, right) = (sides.next().unwrap_or_default(), sides.next().unwrap_or_default());
    let left =
        left.trim_start_matches("assert").trim_start_matches("expect").trim_start_matches([' ', '\t', '(']);
    left == right
}

fn lone_word_in_log(text: &str) -> Option<&str> {
    let word = LONE_WORD
        .captures(text)
        .or_else(|| LONE_WORD_SAID.captures(text))?
        .iter()
        .skip(1)
        .flatten()
        .next()?;
    let is_narrowed = text.len() < 500 && NARROWED.is_match(text);
    (LOG.is_match(text) && !is_narrowed).then(|| word.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::marks::{marks_of, promised};

    proptest! {
        #[test]
        fn a_line_that_a_pattern_matches_has_its_mark(
            either in promised(&EITHER),
            any_status in promised(&ANY_STATUS),
            always_true in promised(&ALWAYS_TRUE),
            comparison in promised(&COMPARISON),
            never_negative in promised(&NEVER_NEGATIVE),
            swallowed in promised(&SWALLOWED),
            except in promised(&EXCEPT),
            log in promised(&LOG),
        ) {
            let of_marks = [
                (Marks::EITHER, either),
                (Marks::ANY_STATUS, any_status),
                (Marks::ALWAYS_TRUE, always_true),
                (Marks::COMPARES, comparison),
                (Marks::NEVER_NEGATIVE, never_negative),
                (Marks::SWALLOWED, swallowed),
                (Marks::SWALLOWED, except),
                (Marks::LOG, log),
            ];
            for (mark, text) in of_marks {
                prop_assert!(marks_of(&text).has(mark), "{mark:?} {text:?}");
            }
        }
    }

    #[test]
    fn a_judgement_is_told_from_what_is_seen() {
        for bad in [
            "Operation completed successfully",
            "Login successful",
            "data is displayed correctly",
            "Screen looks good",
            "The page loads successfully",
        ] {
            assert!(is_vague(bad), "{bad}");
        }
        for good in [
            "\"Login successful\"",
            "The message Login successful is shown",
            "The data is displayed in 3 rows",
        ] {
            assert!(!is_vague(good), "{good}");
        }
    }

    #[test]
    fn a_choice_between_success_and_failure_and_a_lone_word_are_found_in_other_words() {
        let reason = |text: &str| cannot_fail(text, marks_of(text), None).map(|(en, _)| en);
        for bad in [
            "It should either succeed or return an error",
            "Either 200 or an error",
            "The answer is an error or 200",
        ] {
            assert_eq!(reason(bad), Some("it accepts success and failure alike"), "{bad}");
        }
        for good in ["200 or an error message in red", "The answer is 503 or an error"] {
            assert_eq!(reason(good), None, "{good}");
        }
        for bad in
            ["any log line matches /unavailable/", "log line matching unavailable", "a log line with errors"]
        {
            assert!(lone_word_in_log(bad).is_some(), "{bad}");
        }
        for good in ["GET /errors/ is in the access log", "a log line with errors of the provider"] {
            assert!(lone_word_in_log(good).is_none(), "{good}");
        }
    }

    #[test]
    fn both_sides_of_a_comparison_are_held_against_each_other() {
        for same in ["assert a == a", "expect(x.y >= x.y)", "assert (count <= count)", "assert a==a, 'b'"] {
            assert!(compares_with_itself(same), "{same}");
        }
        for other in ["assert a == b", "a == a", "assert status == 503", "expect(a >= ab)", "assert == 1"] {
            assert!(!compares_with_itself(other), "{other}");
        }
    }
}

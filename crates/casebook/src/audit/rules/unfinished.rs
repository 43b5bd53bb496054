//! Text that was left unfinished: marks to be filled, a generator's remarks, damaged characters.

use crate::audit::Finding;
use crate::audit::case::{Case, Filling};
use crate::audit::marks::Marks;
use crate::audit::text::Kind;
use crate::audit::words::{excerpt, is_filler, pattern};

pattern! {
    UNFINISHED = r"(?i)\[(?:TBD|TODO|TBA|TBC|XXX|INSERT[^\]]*|YOUR[^\]]*|FILL[^\]]*|\.\.\.)\]|\b(?:TODO|FIXME|TBD)\b\s*:|:\s*\W*\b(?:TBD|TODO|TBA)\b\W*$|<(?:insert|your|fill|add|placeholder)\b[^>]*>|\{insert\b|\blorem ipsum\b|\bas an ai\b|\bas a(?:n ai)? (?:large )?language model\b|\blet me know if\b|\bhope this helps\b|\bfeel free to (?:ask|adjust|modify|change|let)\b|\bwould you like me to\b|\bi can (?:also )?(?:create|generate|write|provide)\b|^\W*(?:certainly|sure|of course)[!,.] (?:here|i)\b|^\W*here(?: is|'s) (?:the|a|an|your) (?:complete|updated|full|detailed|ready|revised|improved)\b|\?\?\?|רק תגיד|אם תרצה,? אני|אני יכול ליצור|להשלים כאן|יושלם בהמשך"
}
pattern! {
    /// A sentence that breaks off.
    BREAKS_OFF = r"(?i)\S+(?:\s+\S+){3,}\s+(?:and|or|the|to|of|with|for|a|an|that|is|are|if|when|from|in|by|as)$"
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for (line, text) in case.text.marked(Marks::UNFINISHED) {
        // Filler and marks in a section, or a cell, are said by other rules.
        let is_judged = case.filling(line.section) == Filling::Filled && !is_filler(text);
        if is_judged && UNFINISHED.is_match(text) {
            findings
                .push(case.finding_in("text-unfinished", line.section, line.at).with("text", excerpt(text)));
        }
    }
    for number in 0..case.ticket.sections.len() {
        let Some((line, text)) = case.text.section(number).last() else { continue };
        let text = text.trim_end();
        // A text in front of the first heading, or before a list, may end in anything.
        let is_prose = line.kind == Kind::Prose && case.filling(number) == Filling::Filled;
        if is_prose && (BREAKS_OFF.is_match(last_words(text)) || text.len() > 40 && text.ends_with(',')) {
            findings.push(case.finding_in("text-unfinished", number, line.at).with("text", excerpt(text)));
        }
    }
    let mut damaged = case.text.marked(Marks::DAMAGED);
    if let Some((line, text)) = damaged.next() {
        let lines = 1 + damaged.count();
        let en = format!("characters were lost in {lines} lines, first in \"{}\"", excerpt(text));
        let he = format!("אבדו תווים ב-{lines} שורות, הראשונה: \"{}\"", excerpt(text));
        findings.push(case.finding_in("encoding-damaged", line.section, line.at).in_words("text", en, he));
    }
}

/// The end of a long line.
fn last_words(text: &str) -> &str {
    let start = text.char_indices().rev().nth(120).map_or(0, |(start, _)| start);
    &text[start..]
}

//! Text that was left unfinished: marks to be filled, a generator's remarks, damaged characters.

use crate::audit::Finding;
use crate::audit::case::{Case, Filling};
use crate::audit::marks::Marks;
use crate::audit::text::Kind;
use crate::audit::words::{excerpt, is_filler, pattern};

pattern! {
    /// A mark in brackets. A button of that name is written `[Insert]`, and needs nobody to fill it.
    IN_BRACKETS = r"(?i)\[(?:TBD|TODO|TBA|TBC|XXX)\]|\[(?:your|(?-i:INSERT|insert|FILL|fill))\s[^\]]*\]|\[fill[ -]in\b[^\]]*\]|:\s*\[\.\.\.\]\W*$|<(?:insert|your|fill|add)[\s_-][^>=]*>|<placeholder>|\blorem ipsum\b|\?\?\?|להשלים כאן|יושלם בהמשך"
}
pattern! {
    /// A note to oneself, as programmers write it; elsewhere in a line it is a column's name, or a label.
    NOTE = r"(?:^\W*|[.;(#/]\s*)(?:TODO|FIXME|TBD)\s*:"
}
pattern! {
    /// A label (1) with nothing but filler behind it. What is in quotes is a text that somebody sees.
    LABEL = r"(?i)^(.*):[\s*_(\[]*(?:TBD|TODO|TBA|TBC)[\s*_)\].]*$"
}
pattern! {
    /// That what follows is seen.
    SEEN = r"(?i)\b(?:says?|said|shows?|shown|reads?|displays?|displayed|contains?|is|are|text|message|label(?:l?ed)?)\W*$"
}
pattern! {
    /// What a generator says to its user, and not the ticket to its reader.
    REMARK = r"(?i)\bas an ai(?:,| (?:language )?model\b| assistant\b)|\bas a (?:large )?language model\b|\blet me know if\b|\bhope this helps\b|\bfeel free to (?:ask|adjust|modify|change|let)\b|\bwould you like me to\b|\bi can (?:also )?(?:create|generate|write|provide)\b[^.]{0,80}\b(?:for you|if you(?:'d)? (?:like|want|wish|need|prefer))\b|^\W*i can (?:also )?(?:create|generate|write|provide) (?:the|a|an|more|another|you)\b[^.]{0,30}\b(?:template|ticket|test case|version)s?\b|^\W*(?:certainly|sure|of course)[!,.] (?:here|i)\b|^\W*here(?: is|'s) (?:the|a|an|your) (?:complete|updated|full|detailed|ready|revised|improved)\b|רק תגיד|אם תרצה,? אני|אני יכול (?:גם )?ליצור (?:לך|עבורך|בשבילך)"
}
pattern! {
    /// A sentence that breaks off. Prepositions end many that do not: `the queue that it is sent to`.
    BREAKS_OFF = r"\S+(?:\s+\S+){3,}\s+(?:and|or|the|a|an|if|when|(?:so|(?i:verify|ensure|check|confirm|validate|means?|says?))\s+that)$"
}

pub(super) fn look(case: &Case<'_>, findings: &mut Vec<Finding>) {
    for (line, text) in case.text.marked(Marks::UNFINISHED) {
        // Filler in a section, or a cell, is said by other rules.
        let is_judged = case.filling(line.section) == Filling::Filled && !is_filler(text);
        if is_judged && is_unfinished(text) {
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

/// Whether a line has a mark to be filled, or a remark that is not the ticket's.
fn is_unfinished(text: &str) -> bool {
    let is_labelled = || LABEL.captures(text).is_some_and(|found| !SEEN.is_match(&found[1]));
    IN_BRACKETS.is_match(text) || NOTE.is_match(text) || REMARK.is_match(text) || is_labelled()
}

/// The end of a long line.
fn last_words(text: &str) -> &str {
    let start = text.char_indices().rev().nth(120).map_or(0, |(start, _)| start);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::marks::{marks_of, promised};

    proptest! {
        #[test]
        fn what_is_unfinished_has_the_mark(
            text in prop_oneof![promised(&IN_BRACKETS), promised(&NOTE), promised(&LABEL), promised(&REMARK)],
        ) {
            prop_assert!(marks_of(&text).has(Marks::UNFINISHED), "{text:?}");
        }
    }

    #[test]
    fn what_is_unfinished_is_told_from_texts_that_are_tested() {
        for bad in [
            "Send [TBD] to it",
            "Owner: [TBD]",
            "Owner: TBA",
            "**Owner:** *TBC*",
            "Data: [...]",
            "[XXX]",
            "[FILL IN the name]",
            "[fill in]",
            "[INSERT NAME HERE]",
            "[Your name]",
            "<fill in>",
            "<add your text>",
            "<your-token>",
            "<placeholder>",
            "# TODO: check it",
            "sent(); // FIXME: twice",
            "I can generate more test cases.",
            "If that helps, I can provide the Gherkin if you like",
            "Certainly! Here are the steps",
            "Sure, here is the ticket",
            "Here is an updated ticket",
            "Here is your complete ticket:",
            "As an AI language model I cannot run it",
            "Let me know if you need more",
            "אם תרצה, אני יכול ליצור טסט נוסף",
            "אני יכול ליצור עבורך טסט",
        ] {
            assert!(is_unfinished(bad), "{bad}");
        }
        for good in [
            "The TODO: column of the board is empty",
            "The page says: TBD",
            "The cell's text: TBD",
            "Owner: \"TBD\"",
            "the label [...] is shown",
            "Press [Insert], then [Fill form]",
            "<add key=\"x\" value=\"y\"/>",
            "<fill>red</fill>",
            "todo: buy milk",
            "I can create an order as user bob",
            "As a user I can also create an order",
            "The sensor is registered as an AI camera",
            "Here is the list",
            "כמשתמש אני יכול ליצור הזמנה",
        ] {
            assert!(!is_unfinished(good), "{good}");
        }
    }

    #[test]
    fn a_sentence_that_breaks_off_is_told_from_one_that_ends_in_a_small_word() {
        for bad in [
            "The order cannot be placed, and then the",
            "The order is placed by a customer or",
            "It must be seen in the page so that",
            "Place the order once more and verify that",
        ] {
            assert!(BREAKS_OFF.is_match(bad), "{bad}");
        }
        for good in [
            "The server is up and the user is logged in",
            "The LTE stick is plugged in",
            "The message is then shown as is",
            "The account the file is owned by",
            "The queue that messages are sent to",
            "No other order is placed after that",
            "The parcel is sent to warehouse A",
        ] {
            assert!(!BREAKS_OFF.is_match(good), "{good}");
        }
    }
}

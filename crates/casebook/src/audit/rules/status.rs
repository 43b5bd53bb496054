//! Status codes between which an expectation leaves the choice.

use crate::audit::words::pattern;

pattern! {
    CODE = r"(?i)\b(?:20[0-26]|30[12478]|40[0-9]|41[0-8]|42[2-9]|431|451|50[0-8]|[245]xx)\b"
}
pattern! {
    /// What may stand between alternatives beside the word that makes them such.
    BETWEEN = r"(?ix)^(?:[\s,/|\[\](){}'`=\x22.-]
        |או|\b(?:or|also|even|with|a|an|the|http|https|status|statuscode|status_code|code|codes|response|resp|result|res|r
            |ok|created|accepted|no\ content|bad|request|unauthorized|forbidden|not\ found|conflict|unprocessable|entity
            |internal|server|error|errors|gateway|service|unavailable|timeout|is|equals|success|failure)\b)*$"
}
pattern! {
    CHOICE = r"(?i)\bor\b|או|/|\|"
}
pattern! {
    NEGATED = r"(?i)(?:\b(?:not|never|neither|none of|no|without|instead of|rather than|except)\b|!=|<>|לא|ללא)\W*(?:(?:in|be|a|any|of|an|return\w*|answer\w*|status|code|http)\W+)*$"
}

/// Whether a text accepts a success and an error in one expectation, e.g. `200 or 400`, `in [200, 503]`,
/// `2xx/4xx`. `400 or 422` is a choice among errors, and fine; so is a code for each of two cases.
pub(super) fn accepts_success_and_failure(text: &str) -> bool {
    if !(text.contains('2') && text.contains(['4', '5'])) {
        return false;
    }
    let mut chain = Chain::default();
    let mut before: Option<usize> = None;
    for code in CODE.find_iter(text) {
        let between = before.map(|end| &text[end..code.start()]);
        before = Some(code.end());
        let is_linked = between.is_some_and(|between| between.len() <= 60 && BETWEEN.is_match(between));
        let is_choice = is_linked && between.is_some_and(|between| CHOICE.is_match(between));
        let is_comma = is_linked && between.is_some_and(|between| between.contains(','));
        if !is_choice && !is_comma {
            if chain.is_too_wide() {
                return true;
            }
            let prefix = &text[..code.start()];
            chain = Chain {
                is_negated: NEGATED.is_match(tail(prefix)),
                is_choice: prefix.trim_end_matches([' ', '"', '\'', '`']).ends_with(['[', '(', '{']),
                ..Chain::default()
            };
        }
        chain.is_choice |= is_choice;
        match code.as_str().as_bytes()[0] {
            b'2' => chain.successes += 1,
            b'4' | b'5' => chain.errors += 1,
            _ => {}
        }
    }
    chain.is_too_wide()
}

/// Codes that follow each other as alternatives.
#[derive(Default)]
struct Chain {
    /// How many of them are of a success, and of an error.
    successes: usize,
    errors: usize,
    /// Whether it is a choice, and not a mere enumeration.
    is_choice: bool,
    is_negated: bool,
}

impl Chain {
    fn is_too_wide(&self) -> bool {
        self.successes > 0 && self.errors > 0 && self.is_choice && !self.is_negated
    }
}

/// The last characters of a text.
fn tail(text: &str) -> &str {
    let start = text.char_indices().rev().nth(31).map_or(0, |(start, _)| start);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::accepts_success_and_failure;

    #[test]
    fn a_choice_between_success_and_error_is_told_from_other_codes() {
        for bad in [
            "200 or 400",
            "Status is 200 OK or 400 Bad Request",
            "assert response.status_code in [200, 400]",
            "assert r.status_code in (200, 201, 503)",
            "status_code == 200 or response.status_code == 404",
            "2xx or 4xx",
            "HTTP 200/503",
            "returns 200, 400 or 500",
            "200 או 400",
            "status in {200,404}",
            "503 or 200",
        ] {
            assert!(accepts_success_and_failure(bad), "{bad}");
        }
        for good in [
            "400 or 422",
            "502 or 503",
            "assert response.status_code in [502, 503]",
            "200 or 201",
            "200 for a valid view and 400 for an invalid one",
            "200 before the outage, 503 during it",
            "503, not 200",
            "status not in [200, 400]",
            "not 200 or 404",
            "200 channels or 400 samples",
            "takes 200 ms or 0.5 s",
            "status 503 instead of 200",
            "the range is 200 to 500",
            "",
        ] {
            assert!(!accepts_success_and_failure(good), "{good}");
        }
    }
}

mod arbitrary;
mod bindings;
mod expected;

use proptest::prelude::*;

use super::*;
use crate::At;

fn statement(text: &str) -> Result<Statement, SyntaxError> {
    parse_statement(text, At::new(7, 10))
}

fn predicate(text: &str) -> Result<Predicate, SyntaxError> {
    parse_predicate(text, At::new(7, 10))
}

#[test]
fn every_example_is_of_the_language_and_canonical() {
    for word in VERBS {
        let read = statement(word.example).unwrap_or_else(|error| panic!("{}: {error}", word.example));
        assert_eq!(read.to_string(), word.example);
        assert!(word.usage.starts_with(word.word) && word.example.starts_with(word.word), "{}", word.word);
    }
    for word in PREDICATES {
        let read = predicate(word.example).unwrap_or_else(|error| panic!("{}: {error}", word.example));
        assert_eq!(read.to_string(), word.example);
        assert_eq!(read.word(), word.word);
    }
}

#[test]
fn the_reference_has_every_word() {
    // Read when it is tested: whoever only builds need not have it.
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/casebook/language.md");
    let reference = std::fs::read_to_string(reference).unwrap();
    for word in VERBS.iter().chain(PREDICATES) {
        assert!(
            reference.contains(&format!("`{}", word.word)),
            "docs/casebook/language.md lacks {}",
            word.word
        );
        assert!(reference.contains(word.example), "docs/casebook/language.md lacks `{}`", word.example);
    }
}

#[test]
fn other_ways_of_writing_become_canonical() {
    for (text, canonical) in [
        ("tcp   $rabbit\tfrom $focus deadline 1500ms", "tcp $rabbit from $focus deadline 1500ms"),
        ("k8s restarts $focus", "k8s restarts $focus since start"),
        ("k8s diff $before hold 60s", "k8s diff before hold 1m"),
        ("http GET ${focus}/x/${answer.json.job_id}", "http GET $focus/x/$answer.json.job_id"),
        ("http GET $focus/x/${answer.json.id}7", "http GET $focus/x/${answer.json.id}7"),
        (
            "http POST ${focus} undo DELETE ${focus}/${a.json.id} deadline 1000ms as a",
            "http POST $focus undo DELETE $focus/$a.json.id deadline 1s as a",
        ),
        ("http GET $focus with \"Accept:text/html\"", "http GET $focus with \"Accept: text/html\""),
        ("http POST $a undo DELETE $b.json.self as b", "http POST $a undo DELETE $b.json.self as b"),
        ("metric $focus up{job=\"a b\"} as m", "metric $focus up{job=\"a b\"} as m"),
    ] {
        assert_eq!(statement(text).map(|it| it.to_string()), Ok(canonical.to_owned()), "{text}");
    }
    for (text, canonical) in [
        ("added 0", "added = 0"),
        ("json $['a-b'].c[*] = 1e2", "json $[\"a-b\"].c[*] = 100.0"),
        ("json $.n 1..5", "json $.n 1..5"),
        ("json $.n count >= 2", "json $.n count >= 2"),
        ("text has-any \"a\" \"b\"", "has-any \"a\" \"b\""),
        (r#"text matches "\d+ \"x\" \\.""#, r#"text matches "\\d+ \"x\" \\.""#),
        ("elapsed 1s..3s", "elapsed 1s..3s"),
        ("timeout refused", "timeout refused"),
        ("status 5xx 404", "status 5xx 404"),
        ("value >= 0", "value >= 0"),
        ("elapsed 0s..3s", "elapsed 0s..3s"),
        ("count <= 0", "count <= 0"),
    ] {
        assert_eq!(predicate(text).map(|it| it.to_string()), Ok(canonical.to_owned()), "{text}");
    }
}

/// A mistake, where it is, and words of what is said about it.
const MISTAKES: &[(&str, u32, &str)] = &[
    ("htpp GET $focus", 10, "write `http`"),
    ("http POSTT $focus", 15, "write `POST`"),
    ("http POST http://10.0.0.1/x", 20, "environment's file"),
    ("tcp 10.0.0.1:5672", 14, "environment's file"),
    ("http POST $Focus/x", 20, "in lower case"),
    ("http GET $focusServer", 19, "lower-case letters"),
    ("http GET $focus @Live", 26, "no name of test data"),
    ("http GET $focus status 200", 26, "each predicate is a code span of its own"),
    ("http GET", 18, "What to talk to"),
    ("http GET $focus with Accept", 31, "in quotes"),
    ("http GET $focus deadline 5", 35, "has no unit"),
    ("http POST $focus undo", 31, "The method"),
    ("http POST $focus undo DELET $focus/x", 32, "write `DELETE`"),
    ("http POST $focus undo DELETE http://10.0.0.1/x", 39, "environment's file"),
    ("http POST $focus undo DELETE $focus/x undo DELETE $focus/y", 48, "end the span before it"),
    ("http POST $focus undo DELETE $focus/x read-only", 48, "not expected here"),
    ("http POST $focus read-only undo DELETE $focus/x", 37, "end the span before it"),
    ("k8s snapshot jobs", 27, "`as` is missing"),
    ("k8s snaphot jobs as a", 14, "write `snapshot`"),
    ("block $rabbit", 23, "block $NAME from $NAME"),
    ("block $rabbit from $focus as x", 36, "no name"),
    ("delay $rabbit from $focus 2s", 36, "`by` is expected"),
    ("logs $focus", 21, "`since` is missing"),
    ("wait until block $rabbit from $focus status 200 within 5s", 21, "cannot be repeated"),
    ("wait until wait until tcp $a open within 5s", 21, "cannot wait for itself"),
    ("wait until tcp $rabbit open", 37, "`within` is missing"),
    ("status 200", 10, "Expected Result"),
    ("$answer.json.x", 10, "the name alone"),
    ("undo 4", 15, "`step` is expected"),
    ("shell df", 16, "in quotes"),
    ("shell \"df", 16, "not closed"),
    ("http GET $focus\nhttp GET $focus", 25, "one line"),
    ("use", 13, "A name"),
    ("scale $x to -1", 22, "whole number"),
    ("frobnicate $x", 10, "write one of: http"),
    ("http GET $focus deadline 0s", 35, "no time at all"),
    ("wait until tcp $a open within 0s", 40, "no time at all"),
    ("wait until tcp $a open within 5s every 0s", 49, "no time at all"),
    ("wait until tcp $a open within 1s every 1m", 43, "looked once only"),
    ("delay $rabbit from $focus by 0s", 39, "no time at all"),
    ("grpc $a/b.C/D read 0", 29, "none at all"),
    ("block $rabbit from $focus for 0s", 40, "no time at all"),
    ("block $rabbit from $focus for 500ms", 40, "write `1s`"),
    ("block $rabbit from $focus for 1500ms", 40, "write `2s`"),
    ("http POST $focus/x undo GET $focus/y", 34, "A `GET` undoes nothing"),
    ("http POST $focus/x undo HEAD $focus/y", 34, "A `HEAD` undoes nothing"),
    ("http POST $focus/x undo OPTIONS $focus/y", 34, "A `OPTIONS` undoes nothing"),
    ("http POST $focus/x undo DELETE $rabbit/y", 10, "undo it where it was made"),
    ("wait until http POST $a/x undo DELETE $b/y status 200 within 5s", 10, "undo it where it was made"),
];

#[test]
fn mistakes_say_where_and_what_to_do() {
    for (text, column, words) in MISTAKES {
        let error = statement(text).expect_err(text);
        assert!(error.to_string().contains(words), "{text}: {error}");
        assert_eq!((error.at.line, error.at.column), (7, *column), "{text}: {error}");
    }
    for (text, column, words) in [
        ("statsu 200", 10, "write `status`"),
        ("status", 16, "missing"),
        ("status OK", 17, "no status code"),
        ("status 700", 17, "no status code"),
        ("http GET $x", 10, "Data of its step"),
        ("json error exists", 15, "no path"),
        ("json $.error", 22, "is missing"),
        ("json $.error contians \"x\"", 23, "write `contains`"),
        ("json $.error = x", 25, "no value"),
        ("json $.n < x", 21, "no number"),
        ("text matches \"(\"", 23, "no regular expression"),
        ("has-none \"\"", 19, "in every text"),
        ("elapsed < 3", 20, "has no unit"),
        ("count = NaN", 18, "no number"),
        ("up and down", 13, "code span of its own"),
        ("elapsed 5s..1s", 18, "ends before it begins"),
        ("elapsed < 0s", 18, "known before"),
        ("elapsed >= 0s", 18, "known before"),
        ("json $.ok count 5..1", 26, "ends before it begins"),
        ("json $.n 5..-1", 19, "ends before it begins"),
        ("json $.n count <= -1", 25, "known before"),
        ("count < 0", 16, "known before"),
        ("added = -1", 16, "known before"),
        ("value 5..1", 16, "ends before it begins"),
    ] {
        let error = predicate(text).expect_err(text);
        assert!(error.to_string().contains(words), "{text}: {error}");
        assert_eq!((error.at.line, error.at.column), (7, column), "{text}: {error}");
    }
}

#[test]
fn what_is_meant_for_the_language_is_told_from_prose() {
    let kind = |text| match meaning(text, At::default()) {
        Meaning::Statement(_) => "statement",
        Meaning::Predicate(_) => "predicate",
        Meaning::Assertion(..) => "assertion",
        Meaning::Wrong(_) => "wrong",
        Meaning::Prose => "prose",
    };
    for (text, expected) in [
        ("http GET $focus/health", "statement"),
        ("$answer", "statement"),
        ("status 200", "predicate"),
        ("up", "predicate"),
        ("step 5: status 200", "assertion"),
        ("step 5: http GET $x", "wrong"),
        ("http", "prose"),
        ("status", "prose"),
        ("", "prose"),
        ("tests/test_rabbit.py", "prose"),
        ("kubectl get jobs -n panda", "prose"),
        ("telnet 10.10.100.107 5672", "prose"),
        ("POST https://host/focus-server/configure", "prose"),
        ("echo $HOME", "prose"),
        ("Response.status_code", "prose"),
        ("grpc-job-* created", "prose"),
        ("$focus/configure", "prose"),
        ("step 5", "prose"),
        ("ping $rabbit", "wrong"),
        ("curl $focus/health", "wrong"),
        ("statsu 200", "wrong"),
        ("blok $rabbit from $focus", "wrong"),
        ("status is 200", "wrong"),
    ] {
        assert_eq!(kind(text), expected, "{text}");
    }
}

#[test]
fn an_outcome_lists_what_fits_it() {
    for outcome in Outcome::ALL {
        for word in PREDICATES {
            let example = predicate(word.example).unwrap();
            let is_listed = outcome.predicates().contains(&word.word);
            assert_eq!(example.fits(*outcome), is_listed, "{} of {outcome:?}", word.word);
        }
    }
}

proptest! {
    #[test]
    fn statements_are_read_as_they_are_displayed(one in arbitrary::statement()) {
        let text = one.to_string();
        prop_assert_eq!(parse_statement(&text, At::default()), Ok(one), "{}", text);
    }

    #[test]
    fn predicates_are_read_as_they_are_displayed(one in arbitrary::predicate()) {
        let text = one.to_string();
        prop_assert_eq!(parse_predicate(&text, At::default()), Ok(one), "{}", text);
    }

    #[test]
    fn no_text_panics(text in any::<String>(), words in arbitrary::words()) {
        for text in [text, words] {
            let _ = (parse_statement(&text, At::new(1, 1)), parse_predicate(&text, At::new(1, 1)));
            let _ = (parse_assertion(&text, At::new(1, 1)), meaning(&text, At::new(1, 1)));
        }
    }

    #[test]
    fn what_can_be_read_is_displayed_the_same_ever_after(text in arbitrary::words()) {
        if let Ok(one) = parse_statement(&text, At::default()) {
            prop_assert_eq!(parse_statement(&one.to_string(), At::default()), Ok(one));
        }
        if let Ok(one) = parse_predicate(&text, At::default()) {
            prop_assert_eq!(parse_predicate(&one.to_string(), At::default()), Ok(one));
        }
    }
}

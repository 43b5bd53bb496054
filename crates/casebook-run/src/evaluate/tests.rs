use casebook_ticket::At;
use casebook_ticket::language::parse_predicate;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn holds(predicate: &str, seen: &Observation) -> (Option<bool>, String) {
    let parsed =
        parse_predicate(predicate, At::default()).unwrap_or_else(|error| panic!("{predicate}: {error:?}"));
    let judged =
        judge(&parsed, seen, &|reference| (reference.to_string() == "$before.value").then(|| json!(7)));
    (judged.holds, judged.why)
}

fn answer(status: u16, text: &str) -> Observation {
    Observation {
        status: Some(status),
        text: text.into(),
        json: serde_json::from_str(text).unwrap_or_default(),
        headers: vec![("retry-after".into(), "2".into())],
        elapsed: 0.0026,
        ..Observation::default()
    }
}

#[test]
fn a_refusal_is_told_with_what_it_says() {
    let why = |status: u16, text: &str| holds("status 201", &answer(status, text)).1;
    assert_eq!(why(400, r#"{"error": "channels: too many"}"#), "the status is 400: channels: too many");
    assert_eq!(why(502, "\n Bad gateway \nnginx"), "the status is 502: Bad gateway");
    assert_eq!(why(503, ""), "the status is 503");
    assert_eq!(why(200, r#"{"error": null, "job_id": "1-1"}"#), "the status is 200");
    let long = why(500, &"é".repeat(500));
    assert!(long.ends_with("éé…") && long.chars().count() < 230, "{long}");
}

#[test]
fn an_answer_is_what_the_ticket_says_or_not() {
    let body = r#"{"error": "RabbitMQ unavailable: connection refused", "detail": [{"path": "$.a"}, {"path": "$.b"}], "count": 3}"#;
    let seen = answer(503, body);
    let table = [
        ("status 502 503", true),
        ("status 5xx", true),
        ("status 2xx", false),
        ("status 500", false),
        ("json $.error contains \"rabbitmq\"", true),
        ("json $.error matches \"rabbitmq\"", false),
        ("json $.error matches \"(?i)^rabbitmq\"", true),
        ("json $.job_id absent", true),
        ("json $.error absent", false),
        ("json $.job_id exists", false),
        ("json $.job_id = 3", false),
        ("json $.job_id != 3", false),
        ("json $.count = 3", true),
        ("json $.count 1..3", true),
        ("json $.count > $before.value", false),
        ("json $.detail count = 2", true),
        ("json $.detail[*].path = \"$.b\"", true),
        ("json $.detail[*].path = \"$.c\"", false),
        ("json $.detail[*].path absent", false),
        ("json $.detail[*].other absent", true),
        ("json $.detail[*].path has-none \"c\"", true),
        ("json $.detail[*].path has-none \"b\"", false),
        ("header Retry-After >= 1", true),
        ("header Retry-After = \"2\"", true),
        ("header X-Other exists", false),
        ("header X-Other absent", true),
        ("elapsed < 3s", true),
        ("elapsed < 2ms", false),
        ("elapsed 1ms..3ms", true),
        ("text contains \"refused\" \"UNAVAILABLE\"", true),
        ("text contains \"refused\" \"frozen\"", false),
        ("has-any \"frozen\" \"refused\"", true),
        ("has-none \"panic\" \"Traceback\"", true),
        ("has-none \"panic\" \"REFUSED\"", false),
    ];
    for (predicate, wanted) in table {
        let (seen, why) = holds(predicate, &seen);
        assert_eq!(seen, Some(wanted), "{predicate}: {why}");
        assert_eq!(why.is_empty(), wanted, "{predicate}: {why}");
    }
}

#[test]
fn no_answer_is_no_good_answer() {
    for outcome in [Outcome::Refused, Outcome::TimedOut, Outcome::Cut, Outcome::Unreachable] {
        let seen = Observation { outcome, ..Observation::default() };
        for predicate in
            ["status 2xx", "json $.a absent", "has-none \"panic\"", "rows >= 0", "header A absent"]
        {
            assert_eq!(holds(predicate, &seen).0, Some(false), "{predicate} of {:?}", seen.outcome);
        }
        assert_eq!(holds("elapsed < 3s", &seen).0, Some(true), "how long a look took is seen");
        let unanswered = Observation { asked: true, ..seen };
        let (quick, why) = holds("elapsed < 3s", &unanswered);
        assert_eq!(quick, Some(false), "{:?}", unanswered.outcome);
        assert!(why.starts_with("there was no answer"), "{why}");
    }
}

#[test]
fn what_could_not_be_carried_out_tells_nothing() {
    let seen = Observation { outcome: Outcome::Failed("no such program".into()), ..answer(200, "{}") };
    for predicate in
        ["status 200", "json $.a absent", "elapsed < 1s", "down", "refused", "applied", "added = 0"]
    {
        assert_eq!(holds(predicate, &seen).0, None, "{predicate}");
    }
    for predicate in ["rows = 0", "added = 0", "value = 0", "applied", "undone", "exists", "absent"] {
        assert_eq!(
            holds(predicate, &Observation::default()).0,
            None,
            "{predicate} of nothing that was counted"
        );
    }
}

#[test]
fn of_a_text_that_was_cut_only_what_was_found_is_known() {
    let seen = Observation { left_out: 10, json: Json::Null, ..answer(200, "began well") };
    for (predicate, wanted) in [
        ("has-any \"well\"", Some(true)),
        ("has-any \"panic\"", None),
        ("has-none \"panic\"", None),
        ("has-none \"well\"", Some(false)),
        ("text matches \"panic\"", None),
        ("json $.a absent", None),
    ] {
        assert_eq!(holds(predicate, &seen).0, wanted, "{predicate}");
    }
}

#[test]
fn of_a_text_that_was_cut_a_pattern_says_only_what_it_says_of_the_whole() {
    let text = "began well\n[..]\nand one more ended so";
    let seen = Observation { left_out: 10, ..answer(200, text) };
    for (predicate, wanted) in [
        ("text matches \"(?s)^[^!]*$\"", None),
        ("text matches \"well$\"", None),
        ("text matches \"^and\"", None),
        ("text matches \"[.]\"", None),
        ("text matches \"o[mn]e\"", Some(true)),
        ("has-any \"[..]\"", None),
        ("has-none \"[..]\"", None),
    ] {
        assert_eq!(holds(predicate, &seen).0, wanted, "{predicate}");
    }
}

#[test]
fn whole_numbers_are_compared_to_the_last_digit() {
    let seen =
        answer(200, r#"{"id": 9007199254740992, "ns": "1764331200000000001", "one": 1.0, "part": 0.5}"#);
    for (predicate, wanted) in [
        ("json $.id = 9007199254740993", false),
        ("json $.id != 9007199254740993", true),
        ("json $.id = 9007199254740992", true),
        ("json $.id >= $large", false),
        ("json $.id < $large", true),
        ("json $.ns > 1764331200000000000", true),
        ("json $.one = 1", true),
        ("json $.part 0..1", true),
        ("json $.part < 1", true),
    ] {
        let parsed = parse_predicate(predicate, At::default()).unwrap();
        let judged = judge(&parsed, &seen, &|_| Some(json!(9_007_199_254_740_993_u64)));
        assert_eq!(judged.holds, Some(wanted), "{predicate}: {}", judged.why);
    }
}

#[test]
fn what_is_no_number_compares_with_nothing() {
    let number =
        |value: f64| Observation { numbers: [("value".to_owned(), value)].into(), ..Observation::default() };
    for predicate in ["value = 0", "value != 0", "value < 5", "value > 5", "value 0..5"] {
        assert_eq!(holds(predicate, &number(f64::NAN)).0, Some(false), "{predicate}");
    }
    assert_eq!(holds("value > 5", &number(f64::INFINITY)).0, Some(true));
    assert_eq!(holds("value < 5", &number(f64::INFINITY)), (Some(false), "value is inf".to_owned()));
}

#[test]
fn of_a_header_that_is_there_twice_both_are_looked_at() {
    let headers = ["id=1", "debug=1"].map(|value| ("set-cookie".to_owned(), value.to_owned()));
    let seen = Observation { headers: headers.into(), ..answer(200, "") };
    for (predicate, wanted) in [
        ("header Set-Cookie has-none \"debug\"", false),
        ("header Set-Cookie has-none \"trace\"", true),
        ("header Set-Cookie has-any \"debug\"", true),
        ("header Set-Cookie = \"id=1\"", true),
        ("header Set-Cookie absent", false),
    ] {
        assert_eq!(holds(predicate, &seen).0, Some(wanted), "{predicate}");
    }
}

#[test]
fn connections_health_numbers_and_flags() {
    let of = |outcome: Outcome, numbers: &[(&str, f64)]| Observation {
        outcome,
        numbers: numbers.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        ..Observation::default()
    };
    let table = [
        ("open", of(Outcome::Answered, &[]), true),
        ("refused timeout unreachable", of(Outcome::TimedOut, &[]), true),
        ("refused timeout unreachable", of(Outcome::Answered, &[]), false),
        ("refused", of(Outcome::TimedOut, &[]), false),
        ("up", of(Outcome::Answered, &[]), true),
        ("up", of(Outcome::Answered, &[("up", 0.0)]), false),
        ("down", of(Outcome::Refused, &[]), true),
        ("down", of(Outcome::Answered, &[]), false),
        ("added = 0", of(Outcome::Answered, &[("added", 0.0), ("removed", 2.0)]), true),
        ("removed = 0", of(Outcome::Answered, &[("added", 0.0), ("removed", 2.0)]), false),
        ("value > $before.value", of(Outcome::Answered, &[("value", 8.0)]), true),
        ("value > $before.value", of(Outcome::Answered, &[("value", 7.0)]), false),
        ("applied", of(Outcome::Answered, &[("applied", 1.0)]), true),
        ("undone", of(Outcome::Answered, &[("undone", 0.0)]), false),
        ("exists", of(Outcome::Answered, &[("exists", 1.0)]), true),
        ("absent", of(Outcome::Answered, &[("exists", 1.0)]), false),
        ("absent", of(Outcome::Answered, &[("exists", 0.0)]), true),
    ];
    for (predicate, seen, wanted) in table {
        let (found, why) = holds(predicate, &seen);
        assert_eq!(found, Some(wanted), "{predicate} of {seen:?}: {why}");
    }
    let unknown = of(Outcome::Answered, &[("value", 8.0)]);
    assert_eq!(holds("value > $after.value", &unknown).0, None, "a name without value");
}

proptest! {
    #[test]
    fn any_text_is_judged(text in ".*", wanted in "[^\"\\\\\r\n]+", left_out in 0_u64..2) {
        let seen = Observation { left_out, ..answer(200, &text) };
        for word in ["text contains", "has-any", "has-none", "text matches", "json $[*]"] {
            let test = if word.starts_with("json") { format!("{word} = \"{wanted}\"") } else { format!("{word} \"{wanted}\"") };
            if let Ok(predicate) = parse_predicate(&test, At::default()) {
                let judged = judge(&predicate, &seen, &|_| None);
                prop_assert_eq!(judged.why.is_empty(), judged.holds == Some(true));
            }
        }
    }

    #[test]
    fn a_text_holds_what_was_put_into_it(before in ".*", wanted in "[a-z]{1,8}", after in ".*") {
        let seen = answer(200, &format!("{before}{}{after}", wanted.to_uppercase()));
        prop_assert_eq!(holds(&format!("has-any \"{wanted}\""), &seen).0, Some(true));
        prop_assert_eq!(holds(&format!("has-none \"{wanted}\""), &seen).0, Some(false));
    }
}

//! What stands where predicates do is one, or is said to be none.

use super::bindings::Outage;
use super::*;

/// The problems of a step whose Expected Result is such a span beside one that is right.
fn problems(expected: &str) -> Vec<(ProblemKind, String)> {
    let mut outage = Outage::new();
    let row = format!("9 | Look | `http GET $focus/x` | `status 200` {expected}");
    outage.steps.push(Box::leak(row.into_boxed_str()));
    let problems = outage.checked().problems;
    problems.iter().map(|problem| (problem.kind, format!("{}; {}", problem.what, problem.remedy))).collect()
}

#[test]
fn what_looks_like_a_predicate_is_not_passed_over() {
    for (span, remedy) in [
        ("elapsed<3s", "write `elapsed < 3s`"),
        ("status=503", "no predicate"),
        ("status503", "write `status 503`"),
        ("status:503", "write `status 503`"),
        ("count=7", "write `count = 7`"),
        ("added=0", "write `added = 0`"),
        ("json$.ok=false", "write `json $.ok = false`"),
        ("has-none\"ok\"", "write `has-none \"ok\"`"),
        ("contains \"zzz\"", "write a predicate"),
        ("matches \"zzz\"", "write a predicate"),
        ("has-no \"ok\"", "write `has-none \"ok\"`"),
        ("has-not \"ok\"", "write `has-none \"ok\"`"),
        ("not has-any \"ok\"", "write a predicate"),
        ("no text \"x\"", "write a predicate"),
        ("row >= 3", "write `rows >= 3`"),
        ("jsn $.x exists", "write `json $.x exists`"),
        ("$.ok = false", "write a predicate"),
        ("json.ok = false", "write a predicate"),
        ("code 503", "write a predicate"),
        ("time < 3s", "write a predicate"),
        ("body contains \"x\"", "write a predicate"),
        ("st\u{430}tus\u{200b} 200", "write `status"),
        ("status\u{200b}=200", "write a predicate"),
        ("waiting for fiber", "quotation marks"),
        ("Up", "write `up`"),
        ("u\u{440}", "write `up`"),
        ("undon", "write `undone`"),
    ] {
        let problems = problems(&format!("`{span}`"));
        assert_eq!(problems.len(), 1, "{span}: {problems:?}");
        assert_eq!(problems[0].0, ProblemKind::Syntax, "{span}");
        let wanted = if remedy == "no predicate" { "is none" } else { remedy };
        assert!(problems[0].1.contains(wanted), "{span}: {}", problems[0].1);
    }
    assert_eq!(problems("`removed = 0`, `added=0`").len(), 2, "the first of them fits no answer");
}

#[test]
fn names_and_values_stand_among_predicates_as_they_are() {
    for span in [
        "job_id",
        "RabbitMQ",
        "503",
        "/configure?x=1",
        "https://host/?a=b",
        "report.png",
        "$focus",
        "text/plain",
        "up-to-date",
        "<html>",
        "Vec<u8>",
        "->",
        "step 5",
        "value1",
        "status_code",
        "$.error",
        "\"healthy\"",
        "--flag=1",
        "",
        "סטטוס",
    ] {
        assert_eq!(problems(&format!("as in `{span}`")), [], "{span}");
    }
}

#[test]
fn behind_a_statement_only_what_compares_is_a_predicate() {
    let problems = |text: &str| {
        let mut outage = Outage::new();
        let line = format!("It serves: `http GET $focus/x` `status 200` {text}");
        outage.post.push(Box::leak(line.into_boxed_str()));
        outage.problems()
    };
    for prose in [
        "as `POST /configure` says",
        "see `focus serve --launcher kubernetes`",
        "`kubectl get jobs -n panda`",
        "`404 Not Found`",
        "`echo -> out`",
    ] {
        assert_eq!(problems(prose), [], "{prose}");
    }
    for wrong in [
        "`elapsed<3s`",
        "`time < 3s`",
        "`body contains \"x\"`",
        "`has-no \"ok\"`",
        "`contains \"x\"`",
        "`not up`",
        "`st\u{430}tus 200`",
    ] {
        assert_eq!(problems(wrong), [(ProblemKind::Syntax, 501)], "{wrong}");
    }
}

#[test]
fn each_cell_of_a_step_has_its_own_kind_of_span() {
    for (row, expected) in [
        ("9 | Look | `tcp $rabbit from $focus` `open` | `elapsed < 30s`", vec![ProblemKind::Misplaced]),
        ("9 | Look | `http GET $focus/x` | `$answer` `status 200`", vec![ProblemKind::Misplaced]),
        ("9 | Do `freeze $rabbit` | `http GET $focus/x` | `status 200`", vec![ProblemKind::Misplaced]),
        ("9 | Do `http GET $focus/y` | | It is well", vec![ProblemKind::Misplaced]),
        ("9 | Do `http GET $focus/x` | `http  GET $focus/x` | `status 200`", vec![]),
        ("9 | Ask `$answer` | `http GET $focus/x` | `status 200` of `$focus`", vec![]),
        ("9 | Is the valve `open`? | `open` | It is", vec![]),
    ] {
        let mut outage = Outage::new();
        outage.steps.push(row);
        let kinds: Vec<_> = outage.checked().problems.iter().map(|problem| problem.kind).collect();
        assert_eq!(kinds, expected, "{row}");
    }
}

#[test]
fn what_begins_with_a_step_and_says_something_is_an_assertion_or_wrong() {
    for (span, is_wrong) in [
        ("step 1: applied", false),
        ("step 1 has-none \"ok\"", true),
        ("step1: status 500", true),
        ("step1 status 500", true),
        ("Step 1: status 500", true),
        ("STEP 1 : status 500", true),
        ("st\u{435}p 1: status 500", true),
        ("step 5", false),
        ("steps 1 to 5", false),
        ("stepping 1: x", false),
    ] {
        let is_told = matches!(meaning(span, At::default()), Meaning::Wrong(_));
        assert_eq!(is_told, is_wrong, "{span}");
    }
}

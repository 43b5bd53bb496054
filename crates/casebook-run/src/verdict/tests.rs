use super::*;
use crate::{Fault, FaultRecord, Observation, StatementRecord};
use jiff::Timestamp;

fn step(number: &str, kind: StepKind, holds: &[Option<bool>]) -> StepRecord {
    let judged =
        |holds: &Option<bool>| Judged { predicate: "status 200".into(), holds: *holds, why: "why".into() };
    let statement = StatementRecord {
        statement: "http GET $focus/ack".into(),
        began: Timestamp::UNIX_EPOCH,
        seen: Observation::default(),
        judged: holds.iter().map(judged).collect(),
    };
    StepRecord {
        number: number.into(),
        section: "test_steps".into(),
        kind,
        action: String::new(),
        expected: String::new(),
        began: Timestamp::UNIX_EPOCH,
        before: Vec::new(),
        statements: if kind == StepKind::Manual { Vec::new() } else { vec![statement] },
    }
}

fn fault(state: FaultState) -> FaultRecord {
    FaultRecord {
        statement: "block $rabbit from $focus".into(),
        step: "2".into(),
        fault: Fault {
            what: "block $rabbit from $focus".into(),
            inverse: "let $focus reach $rabbit again".into(),
        },
        state,
        applied: None,
        verified: None,
        ends: None,
        lost: false,
    }
}

fn case(steps: Vec<StepRecord>) -> CaseRecord {
    CaseRecord {
        key: "PZ-1".into(),
        summary: String::new(),
        ticket: String::new(),
        ticket_sha256: String::new(),
        began: Timestamp::UNIX_EPOCH,
        ended: Timestamp::UNIX_EPOCH,
        steps,
        assertions: Vec::new(),
        faults: vec![fault(FaultState::Verified)],
        made: vec![fault(FaultState::Verified)],
        error: None,
        verdict: Verdict::Error,
        reason: String::new(),
    }
}

fn asserted(step: &str, kind: StepKind, judged: Vec<Judged>) -> AssertionRecord {
    AssertionRecord { text: String::new(), step: step.into(), kind, judged }
}

/// An outage from beginning to end, with one step as given.
fn outage(number: usize, other: StepRecord) -> CaseRecord {
    use StepKind::{Baseline, Check, Fault, Proof, Recovery, Undo};
    let kinds = [Baseline, Fault, Proof, Check, Undo, Recovery];
    let mut steps: Vec<_> =
        (1..).zip(kinds).map(|(number, kind)| step(&format!("{number}"), kind, &[Some(true)])).collect();
    steps[number - 1] = other;
    case(steps)
}

#[test]
fn each_kind_of_step_has_its_consequence() {
    use StepKind::{Baseline, Check, Fault, Manual, Proof, Recovery, Undo};
    let table = [
        (4, Check, Some(true), Verdict::Passed),
        (1, Baseline, Some(false), Verdict::Inconclusive),
        (1, Baseline, None, Verdict::Inconclusive),
        (2, Fault, Some(false), Verdict::Inconclusive),
        (3, Proof, Some(false), Verdict::Inconclusive),
        (4, Check, Some(false), Verdict::Failed),
        (4, Check, None, Verdict::Inconclusive),
        (4, Manual, Some(true), Verdict::Inconclusive),
        (5, Undo, Some(false), Verdict::Failed),
        (6, Recovery, Some(false), Verdict::Failed),
    ];
    for (number, kind, holds, verdict) in table {
        let other = step(&number.to_string(), kind, &[holds]);
        let (seen, why) = case_verdict(&outage(number, other));
        assert_eq!(seen, verdict, "{kind:?} {holds:?}: {why}");
        assert!(verdict == Verdict::Passed || why.contains(&format!("step {number}")), "{why}");
    }
}

#[test]
fn a_server_that_refuses_everything_proves_nothing_even_when_checks_fail_too() {
    let mut case = outage(1, step("1", StepKind::Baseline, &[Some(false)]));
    case.steps[3] = step("4", StepKind::Check, &[Some(false)]);
    assert_eq!(case_verdict(&case).0, Verdict::Inconclusive);
}

#[test]
fn what_was_not_seen_to_be_undone_overrides_all() {
    for state in [FaultState::Intended, FaultState::Applied, FaultState::Undone] {
        let mut case = outage(4, step("4", StepKind::Check, &[Some(false)]));
        case.error = Some("the runner was interrupted".into());
        case.faults.push(fault(state));
        assert_eq!(case_verdict(&case).0, Verdict::Dirty, "{state:?}");
        let left = case.faults.pop();
        case.made.extend(left);
        assert_eq!(case_verdict(&case).0, Verdict::Dirty, "what a request made: {state:?}");
    }
}

#[test]
fn assertions_count_like_steps() {
    let mut case = outage(4, step("4", StepKind::Check, &[Some(true)]));
    for (holds, verdict) in
        [(Some(false), Verdict::Failed), (None, Verdict::Inconclusive), (Some(true), Verdict::Passed)]
    {
        let judged = vec![Judged { predicate: "status 503".into(), holds, why: String::new() }];
        case.assertions = vec![asserted("4", StepKind::Check, judged)];
        assert_eq!(case_verdict(&case).0, verdict, "{holds:?}");
    }
}

#[test]
fn an_assertion_on_what_has_to_prove_a_fault_proves_it() {
    let mut case = outage(3, step("3", StepKind::Proof, &[]));
    for (holds, verdict) in [(Some(false), Verdict::Inconclusive), (Some(true), Verdict::Passed)] {
        let judged = vec![Judged { predicate: "refused timeout".into(), holds, why: String::new() }];
        case.assertions = vec![asserted("3", StepKind::Proof, judged)];
        let (seen, why) = case_verdict(&case);
        assert_eq!(seen, verdict, "{holds:?}: {why}");
        assert!(verdict == Verdict::Passed || why.starts_with("the fault is not proven"), "{why}");
    }
}

#[test]
fn an_assertion_on_the_baseline_is_one_of_it() {
    let mut case = outage(1, step("1", StepKind::Baseline, &[]));
    for (kind, verdict) in [(StepKind::Baseline, Verdict::Inconclusive), (StepKind::Check, Verdict::Failed)] {
        let judged = vec![Judged { predicate: "status 200".into(), holds: Some(false), why: String::new() }];
        case.assertions = vec![asserted("1", kind, judged)];
        let (seen, why) = case_verdict(&case);
        assert_eq!(seen, verdict, "{why}");
        assert!(verdict == Verdict::Failed || why.starts_with("the baseline does not hold"), "{why}");
    }
}

#[test]
fn what_is_said_of_the_baseline_comes_first_wherever_it_stands() {
    let mut case = outage(5, step("5", StepKind::Baseline, &[Some(false)]));
    case.steps[1].statements.clear();
    let (verdict, why) = case_verdict(&case);
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(why.starts_with("the baseline does not hold, so nothing follows: step 5"), "{why}");
}

#[test]
fn one_of_several_symptoms_that_was_otherwise_before_a_fault_shows_it() {
    let mut case = outage(4, step("4", StepKind::Check, &[Some(true)]));
    case.steps[1].before = step("2", StepKind::Fault, &[Some(true), Some(false)]).statements;
    assert_eq!(case_verdict(&case).0, Verdict::Passed);
}

#[test]
fn what_was_so_before_a_fault_does_not_show_it() {
    let mut case = outage(4, step("4", StepKind::Check, &[Some(true)]));
    for (holds, verdict) in
        [(Some(true), Verdict::Inconclusive), (Some(false), Verdict::Passed), (None, Verdict::Passed)]
    {
        case.steps[1].before = step("2", StepKind::Fault, &[holds]).statements;
        let (seen, why) = case_verdict(&case);
        assert_eq!(seen, verdict, "{holds:?}: {why}");
        assert!(
            verdict == Verdict::Passed || why.contains("what is to show the fault was so before it"),
            "{why}"
        );
    }
}

#[test]
fn what_was_seen_after_a_fault_ended_by_itself_says_nothing() {
    let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
    let mut case = outage(4, step("4", StepKind::Check, &[Some(false)]));
    for (number, step) in (0..).zip(&mut case.steps) {
        step.began = at(10 * number);
        step.statements[0].began = at(10 * number);
        step.statements[0].seen.elapsed = 5.0;
    }
    for (ends, verdict) in [(36, Verdict::Failed), (34, Verdict::Inconclusive), (24, Verdict::Inconclusive)] {
        let fault =
            FaultRecord { verified: Some(at(40)), ends: Some(at(ends)), ..fault(FaultState::Verified) };
        case.faults = vec![fault];
        let (seen, why) = case_verdict(&case);
        assert_eq!(seen, verdict, "{ends}: {why}");
        assert!(verdict == Verdict::Failed || why.contains("ended by itself before step"), "{why}");
    }
    case.faults[0].fault.what = "block $rabbit from $focus for 3s".into();
    let why = case_verdict(&case).1;
    assert!(why.ends_with("as in `block $rabbit from $focus for 10m`"), "{why}");
    case.faults[0].verified = Some(at(20));
    assert_eq!(case_verdict(&case).0, Verdict::Failed, "what came after it was undone");
}

#[test]
fn what_was_seen_under_a_fault_that_somebody_else_ended_says_nothing() {
    for holds in [true, false] {
        let mut case = outage(4, step("4", StepKind::Check, &[Some(holds)]));
        case.faults[0].lost = true;
        let (verdict, why) = case_verdict(&case);
        assert_eq!(verdict, Verdict::Inconclusive, "{why}");
        assert!(
            why.starts_with("`block $rabbit from $focus` of step 2 was gone before it was undone"),
            "{why}"
        );
        case.faults[0].state = FaultState::Undone;
        assert_eq!(case_verdict(&case).0, Verdict::Dirty);
    }
}

#[test]
fn whoever_did_or_checked_nothing_did_not_pass() {
    assert_eq!(case_verdict(&case(Vec::new())).0, Verdict::Error);
    assert_eq!(case_verdict(&case(vec![step("1", StepKind::Check, &[])])).0, Verdict::Error);
    assert_eq!(case_verdict(&case(vec![step("1", StepKind::Manual, &[])])).0, Verdict::Error);
    let mut not_reached = outage(4, step("4", StepKind::Check, &[Some(true)]));
    not_reached.steps[5].statements.clear();
    assert_eq!(case_verdict(&not_reached).0, Verdict::Inconclusive);
    let mut failed = outage(4, step("4", StepKind::Check, &[]));
    failed.steps[3].statements[0].seen.outcome = Outcome::Failed("no such program".into());
    assert_eq!(case_verdict(&failed).0, Verdict::Inconclusive);
}

#[test]
fn a_run_is_its_worst_case() {
    let verdicts = [Verdict::Passed, Verdict::Dirty, Verdict::Failed];
    let cases: Vec<_> = verdicts.map(|verdict| CaseRecord { verdict, ..case(Vec::new()) }).into();
    assert_eq!(run_verdict(&cases), Verdict::Dirty);
    assert_eq!(run_verdict(&cases[..1]), Verdict::Passed);
    assert_eq!(run_verdict(&[]), Verdict::Error);
}

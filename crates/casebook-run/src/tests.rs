//! A run that several modules are tried with.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    AssertionRecord, CaseRecord, Fault, FaultRecord, FaultState, Judged, Observation, Outcome, RunRecord,
    StatementRecord, StepKind, StepRecord, Tool, Verdict, case_verdict, run_verdict,
};

/// So many milliseconds after a time that never changes.
pub(crate) fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_764_331_200_000 + milliseconds).unwrap()
}

fn step(
    number: &str,
    section: &str,
    kind: StepKind,
    texts: [&str; 2],
    done: Vec<StatementRecord>,
) -> StepRecord {
    StepRecord {
        number: number.into(),
        section: section.into(),
        kind,
        action: texts[0].into(),
        expected: texts[1].into(),
        began: done.first().map_or(at(0), |done| done.began),
        before: Vec::new(),
        statements: done,
    }
}

fn done(
    statement: &str,
    began: i64,
    seen: Observation,
    judged: &[(&str, Option<bool>, &str)],
) -> StatementRecord {
    let judged = judged.iter().map(|(predicate, holds, why)| Judged {
        predicate: (*predicate).into(),
        holds: *holds,
        why: (*why).into(),
    });
    StatementRecord { statement: statement.into(), began: at(began), seen, judged: judged.collect() }
}

fn answer(status: u16, text: String) -> Observation {
    Observation {
        asked: true,
        elapsed: 0.25,
        sent: "POST $server/configure\n\n{\"channels\": 3}".into(),
        status: Some(status),
        headers: vec![("content-type".into(), "application/json".into())],
        json: serde_json::from_str(&text).unwrap_or_default(),
        text,
        ..Observation::default()
    }
}

/// A step that asked and was refused with this text.
pub(crate) fn http_step(number: &str, text: String) -> StepRecord {
    let judged = [("status 502 503", Some(true), "")];
    let asked = done("http POST $server/configure @live as answer", 3000, answer(503, text), &judged);
    step(number, "test_steps", StepKind::Check, ["Ask for a job", "It is refused"], vec![asked])
}

/// A case that passed, with something broken and put back.
pub(crate) fn case() -> CaseRecord {
    let number = |name: &str, value: f64| BTreeMap::from([(name.to_owned(), value)]);
    let baseline = done(
        "http POST $server/configure @live as baseline",
        1000,
        answer(200, "{\"job_id\": \"1-1\"}".into()),
        &[("status 200", Some(true), "")],
    );
    let broken = Observation { numbers: number("applied", 1.0), elapsed: 0.02, ..Observation::default() };
    let text = "no process\n".into();
    let down = Observation { text, numbers: number("up", 0.0), ..Observation::default() };
    let log = Observation {
        text: "2025-11-28T12:00:03Z ERROR broker unavailable <gone> & \"away\"\n".into(),
        numbers: number("lines", 1.0),
        ..Observation::default()
    };
    let undone = Observation { numbers: number("undone", 1.0), ..Observation::default() };
    let has_any = &[("has-any \"broker unavailable\"", Some(true), "")];
    let mut case = CaseRecord {
        key: "LAB-1".into(),
        summary: "The broker is lost while a job is <configured>".into(),
        ticket: "tickets/LAB-1.md".into(),
        ticket_sha256: "ab".repeat(32),
        began: at(500),
        ended: at(6500),
        steps: vec![
            step(
                "pre-conditions 1",
                "pre_conditions",
                StepKind::Baseline,
                ["The same request succeeds", "200"],
                vec![baseline],
            ),
            step(
                "1",
                "test_steps",
                StepKind::Fault,
                ["End the broker", "It is away"],
                vec![done("kill $broker", 2000, broken, &[("applied", Some(true), "")])],
            ),
            step(
                "2",
                "test_steps",
                StepKind::Proof,
                ["Look at it", "down"],
                vec![done("process state $broker", 2500, down, &[("down", Some(true), "")])],
            ),
            http_step("3", "{\"error\": \"broker unavailable\"}".into()),
            step(
                "4",
                "test_steps",
                StepKind::Check,
                ["It was logged", ""],
                vec![done("logs $server since step 3", 4000, log, has_any)],
            ),
            step(
                "5",
                "test_steps",
                StepKind::Undo,
                ["Bring it back", ""],
                vec![done("undo step 1", 5000, undone, &[("undone", Some(true), "")])],
            ),
        ],
        assertions: vec![AssertionRecord {
            text: "step 3: status 502 503".into(),
            step: "3".into(),
            kind: StepKind::Check,
            judged: vec![Judged {
                predicate: "status 502 503".into(),
                holds: Some(true),
                why: String::new(),
            }],
        }],
        faults: vec![FaultRecord {
            statement: "kill $broker".into(),
            step: "1".into(),
            fault: Fault { what: "kill $broker".into(), inverse: "start $broker".into() },
            state: FaultState::Verified,
            applied: Some(at(2020)),
            verified: Some(at(5100)),
            ends: None,
            lost: false,
        }],
        made: vec![made()],
        error: None,
        verdict: Verdict::Error,
        reason: String::new(),
    };
    judge(&mut case);
    case
}

/// What the baseline of that case has made.
fn made() -> FaultRecord {
    let request = "http POST $server/configure @live";
    FaultRecord {
        statement: request.into(),
        step: "pre-conditions 1".into(),
        fault: Fault {
            what: request.into(),
            inverse: "http DELETE $server/job/$baseline.json.job_id".into(),
        },
        state: FaultState::Verified,
        applied: Some(at(1250)),
        verified: Some(at(6000)),
        ends: None,
        lost: false,
    }
}

fn judge(case: &mut CaseRecord) {
    (case.verdict, case.reason) = case_verdict(case);
}

/// The same case, as it comes to another verdict.
pub(crate) fn case_of(verdict: Verdict) -> CaseRecord {
    let mut case = case();
    case.key = format!("LAB-{}", verdict as u8 + 1);
    let (looked, asked) = (2, 3);
    match verdict {
        Verdict::Passed => {}
        Verdict::Failed => {
            let done = &mut case.steps[asked].statements[0];
            done.seen.status = Some(200);
            done.judged[0] =
                Judged { holds: Some(false), why: "the status is 200".into(), ..done.judged[0].clone() };
            case.assertions[0].judged = done.judged.clone();
        }
        Verdict::Inconclusive => {
            let why = "it is up".to_owned();
            case.steps[looked].statements[0].seen.numbers.insert("up".to_owned(), 1.0);
            case.steps[looked].statements[0].judged[0].holds = Some(false);
            case.steps[looked].statements[0].judged[0].why = why;
            for step in &mut case.steps[asked..5] {
                step.statements.clear();
            }
            case.assertions[0].judged[0].holds = None;
            case.assertions[0].judged[0].why = "the step was not reached".into();
        }
        Verdict::Error => {
            let done = &mut case.steps[asked].statements[0];
            done.seen =
                Observation { outcome: Outcome::Failed("no such name".into()), ..Observation::default() };
            done.judged[0].holds = None;
            done.judged[0].why = "it could not be carried out".into();
            case.assertions[0].judged = done.judged.clone();
            case.error = Some("the run was interrupted".into());
        }
        Verdict::Dirty => {
            case.faults[0].state = FaultState::Applied;
            case.faults[0].verified = None;
        }
    }
    judge(&mut case);
    assert_eq!(case.verdict, verdict, "{}", case.reason);
    case
}

/// A run of these cases.
pub(crate) fn run(cases: Vec<CaseRecord>) -> RunRecord {
    RunRecord {
        id: "20251128T120000Z-00c0ffee".into(),
        version: RunRecord::VERSION,
        environment: "lab one".into(),
        environment_sha256: "cd".repeat(32),
        values: BTreeMap::new(),
        tools: vec![Tool { name: "casebook".into(), version: "0.1.0".into() }],
        began: at(0),
        ended: at(7000),
        verdict: run_verdict(&cases),
        cases,
    }
}

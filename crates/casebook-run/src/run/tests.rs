//! Whole runs against a small server that needs a process, in all the ways in which it can be honest or not.

mod evidence;
mod lab;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use super::*;
use crate::FaultState;
use crate::courier::tests::courier;
use crate::processes;
use lab::{Lab, RUNS, Server, Silent, TICKET, never, planned};

#[tokio::test]
async fn the_verdict_is_what_the_server_deserves() {
    let table = [
        (Server::Honest, Verdict::Passed, "all that the ticket claims was seen"),
        (Server::ChecksNothing, Verdict::Failed, "step 4: `status 502 503` does not hold: the status is 200"),
        (Server::RefusesAlways, Verdict::Inconclusive, "the baseline does not hold"),
        (Server::RefusesForEver, Verdict::Failed, "step 8: `status 200` does not hold: the status is 503"),
        (Server::LeaksAJob, Verdict::Failed, "step 5: `added = 0` does not hold: added is 1"),
    ];
    for (server, verdict, reason) in table {
        let lab = Lab::start(server).await;
        let case = lab.run(TICKET, never()).await;
        assert_eq!(case.verdict, verdict, "{server:?}: {}", case.reason);
        assert!(case.reason.starts_with(reason), "{server:?}: {}", case.reason);
        assert!(lab.broker().is_some(), "{server:?}: the broker is back");
        assert!(case.faults.iter().chain(&case.made).all(|fault| fault.state == FaultState::Verified));
        assert_eq!(lab.made.running(), [""; 0], "{server:?}: what requests made is gone");
        assert_eq!(case.made.len(), lab.made.ever() as usize, "{server:?}");
        assert_eq!(case.faults.is_empty(), server == Server::RefusesAlways, "nothing is broken for nothing");
        assert_eq!(lab.state().pending().unwrap(), []);
    }
}

#[tokio::test]
async fn a_fault_that_does_not_take_hold_proves_nothing() {
    let lab = Lab::start(Server::ChecksNothing).await;
    // Somebody starts it again at once: what was to be seen of its absence says nothing about the server.
    let watched = Arc::new(Mutex::new(lab.broker().unwrap()));
    let (command, pid_file) = (lab.start_broker(), lab.path("broker.pid"));
    let supervisor = tokio::spawn(async move {
        loop {
            if processes::in_file(&pid_file).is_none() {
                let started = tokio::process::Command::new("sh").args(["-c", &command]).status().await;
                assert!(started.unwrap().success());
                *watched.lock().unwrap() = processes::in_file(&pid_file).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let held_up = TICKET.replace(
        "`process state $broker` |",
        "`wait until process state $broker up within 5s`, `process state $broker` |",
    );
    let case = lab.run(&held_up, never()).await;
    supervisor.abort();
    assert_eq!(case.verdict, Verdict::Inconclusive, "{}", case.reason);
    assert!(case.reason.starts_with("the fault is not proven to have taken hold"), "{}", case.reason);
    assert!(
        case.steps.iter().filter(|step| step.kind == StepKind::Check).all(|step| step.statements.is_empty())
    );
}

#[tokio::test]
async fn whoever_interrupts_finds_all_put_back() {
    let lab = Lab::start(Server::Honest).await;
    let (interrupt, stop) = watch::channel(false);
    let slow = TICKET
        .replace("`process state $broker` |", "`wait until process state $broker up within 60s` |")
        + "\n## Post-Conditions\n\n- It is known: `http POST $server/configure @live read-only` `status 200`\n";
    let pid_file = lab.path("broker.pid");
    let ended = tokio::spawn(async move {
        while processes::in_file(&pid_file).is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        interrupt.send(true).unwrap();
    });
    let case = lab.run(&slow, stop).await;
    ended.await.unwrap();
    assert_eq!((case.verdict, case.reason.as_str()), (Verdict::Error, "the run was interrupted"));
    assert!(lab.broker().is_some());
    assert_eq!((lab.made.ever(), lab.made.running().len()), (1, 0), "what requests made is gone");
    assert_eq!(case.steps.last().unwrap().statements.len(), 0, "nothing else is done");
    assert_eq!(lab.state().pending().unwrap(), []);
}

#[tokio::test]
async fn what_is_broken_does_not_wait_for_a_request_that_is_under_way() {
    let lab = Lab::start(Server::Hangs).await;
    let (interrupt, stop) = watch::channel(false);
    let slow = TICKET.replace(
        "`http POST $server/configure @live undo DELETE $server/job/$answer",
        "`http POST $server/configure @live deadline 10s undo DELETE $server/job/$answer",
    );
    let (pid_file, log) = (lab.path("broker.pid"), lab.path("log"));
    let watching = tokio::spawn(async move {
        while !std::fs::read_to_string(&log).unwrap().contains("hangs") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        interrupt.send(true).unwrap();
        while processes::in_file(&pid_file).is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        clock::now()
    });
    let case = lab.run(&slow, stop).await;
    let asked = case.steps.iter().find(|step| step.number == "4").unwrap().began;
    let back = watching.await.unwrap();
    assert!(back < asked + Duration::from_secs(8), "asked at {asked}, back at {back}");
    assert!(case.faults.iter().all(|fault| fault.state == FaultState::Verified));
    // Nobody knows whether the request has made something.
    assert_eq!(case.verdict, Verdict::Dirty, "{}", case.reason);
    assert_eq!(lab.state().pending().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_only_looked_at_is_ended_by_an_interruption_also_behind_a_change() {
    let lab = Lab::start(Server::Honest).await;
    let (interrupt, stop) = watch::channel(false);
    let slow = TICKET.replace(
        "| `kill $broker` | `applied` |",
        "| `kill $broker` then `wait until process state $broker up within 60s` | |",
    );
    let pid_file = lab.path("broker.pid");
    let ended = tokio::spawn(async move {
        while processes::in_file(&pid_file).is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        interrupt.send(true).unwrap();
    });
    let case = tokio::time::timeout(Duration::from_secs(30), lab.run(&slow, stop)).await.unwrap();
    ended.await.unwrap();
    assert_eq!((case.verdict, case.reason.as_str()), (Verdict::Error, "the run was interrupted"));
    assert!(lab.broker().is_some());
}

#[tokio::test]
async fn what_could_not_be_broken_is_no_success_also_where_nobody_expects_that_it_was() {
    let lab = Lab::start(Server::ChecksNothing).await;
    let unsaid = TICKET.replace("| `kill $broker` | `applied` |", "| `kill $broker` | It is away |");
    let pid_file = lab.path("broker.pid");
    lab.broker().unwrap().signal(rustix::process::Signal::KILL).unwrap();
    std::fs::remove_file(&pid_file).unwrap();
    let case = lab.run(&unsaid, never()).await;
    assert_eq!(case.verdict, Verdict::Inconclusive, "{}", case.reason);
    assert!(case.reason.starts_with("the fault was not put in place"), "{}", case.reason);
}

#[tokio::test]
async fn what_is_hidden_in_evidence_is_hidden_in_what_is_held_against_it() {
    let lab = Lab::start(Server::Honest).await;
    let mut environment = lab.environment("\"kill\"");
    // Which means something else in a regular expression.
    environment.redactor.hide("unavailable", "$gone");
    for (predicate, verdict) in [
        ("has-none \"broker unavailable\"", Verdict::Failed),
        ("has-any \"broker unavailable\"", Verdict::Passed),
        ("text matches \"broker unavailable\"", Verdict::Inconclusive),
        // What is looked for is in what is hidden, and not in what is written instead.
        ("has-none \"unavail\"", Verdict::Inconclusive),
        ("has-any \"unavail\"", Verdict::Inconclusive),
        ("has-none \"gone\"", Verdict::Inconclusive),
    ] {
        let text = TICKET
            .replace("`has-any \"broker unavailable\"`, `has-none \"panic\"`", &format!("`{predicate}`"));
        let plan = planned(&text, &environment).unwrap_or_else(|obstacles| panic!("{obstacles:?}"));
        let journal = lab.state().begin(&format!("run{}", RUNS.fetch_add(1, Ordering::Relaxed))).unwrap();
        let courier = courier(journal.path());
        let setting = Setting { environment: &environment, prober: &[], tag: "lab", courier, stop: never() };
        let ticket = ("tickets/LAB-1.md".into(), String::new());
        let case = run(&plan, ticket, journal, setting, &mut Silent).await;
        assert_eq!(case.verdict, verdict, "{predicate}: {}", case.reason);
    }
}

#[tokio::test]
async fn what_a_step_made_is_undone_by_its_number() {
    let lab = Lab::start(Server::Honest).await;
    let undone = TICKET.replace(
        "\n## Assertions",
        "| 9 | Take it back | `undo step 8` | `undone` |\n| 10 | It is gone | `http DELETE $server/job/$recovered.json.job_id` | `status 404` |\n\n## Assertions",
    );
    let case = lab.run(&undone, never()).await;
    assert_eq!(case.verdict, Verdict::Passed, "{}", case.reason);
    let steps: Vec<_> = case.made.iter().map(|made| made.step.as_str()).collect();
    assert_eq!(steps, ["pre-conditions 2", "8"]);
    assert_eq!(lab.made.running(), [""; 0]);
}

#[tokio::test]
async fn what_requests_made_is_there_until_the_end() {
    let lab = Lab::start(Server::Honest).await;
    let later = TICKET.to_owned()
        + "\n## Post-Conditions\n\n- It is there: `http DELETE $server/job/$recovered.json.job_id` `status 200`\n";
    let case = lab.run(&later, never()).await;
    assert_eq!(case.verdict, Verdict::Passed, "{}", case.reason);
    assert!(case.made.iter().all(|made| made.state == FaultState::Verified), "what is gone already is gone");
}

#[tokio::test]
async fn what_cannot_be_undone_overrides_the_verdict_and_stops_the_next_run() {
    let lab = Lab::start(Server::KeepsJobs).await;
    let case = lab.run(TICKET, never()).await;
    assert_eq!(case.verdict, Verdict::Dirty, "{}", case.reason);
    assert!(case.reason.contains("`http POST $server/configure @live` of step"), "{}", case.reason);
    assert!(lab.broker().is_some(), "the fault is put back all the same");
    assert!(case.faults.iter().all(|fault| fault.state == FaultState::Verified));
    let pending = lab.state().pending().unwrap();
    let known: Vec<_> =
        pending.iter().map(|it| (it.intended.case.as_str(), it.intended.step.as_str())).collect();
    assert_eq!(known, [("LAB-1", "8"), ("LAB-1", "pre-conditions 2")]);
}

#[tokio::test]
async fn what_is_waited_for_makes_no_more_than_it_is_asked_for() {
    let lab = Lab::start(Server::Honest).await;
    let waited = TICKET.replace(
        "`http POST $server/configure @live undo DELETE $server/job/$recovered.json.job_id as recovered`",
        "`wait until http POST $server/configure @live undo DELETE $server/job/$recovered.json.job_id status 503 within 100ms every 10ms as recovered`",
    );
    let case = lab.run(&waited, never()).await;
    assert_eq!(case.verdict, Verdict::Failed, "{}", case.reason);
    assert!(lab.made.ever() >= 2, "a try has made one");
    assert_eq!((case.made.len(), lab.made.running().len()), (lab.made.ever() as usize, 0));
}

#[tokio::test]
async fn a_snapshot_that_could_not_be_taken_is_not_waited_for() {
    let lab = Lab::start(Server::Honest).await;
    std::fs::remove_file(lab.path("jobs")).unwrap();
    let waited =
        TICKET.replace("`queue diff before` |", "`wait until queue diff before added = 0 within 60s` |");
    let began = std::time::Instant::now();
    let case = lab.run(&waited, never()).await;
    assert!(began.elapsed() < Duration::from_secs(30), "it was waited for");
    // Taking it is the baseline, without which nothing is broken.
    assert_eq!(case.verdict, Verdict::Inconclusive, "{}", case.reason);
}

#[tokio::test]
async fn what_stands_in_the_way_is_told_before_anything_is_touched() {
    let lab = Lab::start(Server::Honest).await;
    let obstacles = |text: &str, may: &str| {
        let told = planned(text, &lab.environment(may)).unwrap_err();
        told.into_iter()
            .map(|obstacle| format!("{}: {}", obstacle.at.line, obstacle.text))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let told = obstacles(TICKET, "");
    assert!(told.starts_with("22: `kill $broker`: the environment \"lab\" does not allow that; targets.broker.may must have \"kill\""), "{told}");
    let told = obstacles(&TICKET.replace("use $server $broker", "use $server $broker $kafka"), "\"kill\"");
    assert!(told.contains("has no $kafka; add [targets.kafka]"), "{told}");
    let told = obstacles(&TICKET.replace("`queue diff before`", "`k8s diff before`"), "\"kill\"");
    assert!(told.contains("`k8s diff before`"), "{told}");
    let on_cluster =
        TICKET.replace("queue snapshot $server as", "k8s snapshot jobs as").replace("queue diff", "k8s diff");
    let told = obstacles(&on_cluster, "\"kill\"");
    assert!(
        told.contains(
            "`k8s snapshot jobs as before`: the environment \"lab\" has no cluster; add [kubernetes]"
        ),
        "{told}"
    );
    let told = obstacles(&TICKET.replace("`kill $broker`", "`kil $broker`"), "\"kill\"");
    assert!(told.contains("kill"), "{told}");
    let told =
        obstacles("---\nkey: LAB-2\nsummary: A test of nothing\n---\n\n## Test Steps\n\n1. Look at it\n", "");
    assert!(told.contains("there is nothing to run"), "{told}");
    assert!(lab.broker().is_some());
}

#[tokio::test]
async fn a_baseline_that_is_told_of_elsewhere_does_not_hold_there_either() {
    let lab = Lab::start(Server::RefusesAlways).await;
    let bare = TICKET.replace(" `status 200` `json $.job_id exists`", "");
    let asserted = bare
        .replace("`queue snapshot $server as before`", "`queue snapshot $server as before` then `$baseline`")
        .replace("## Assertions\n\n", "## Assertions\n\n- `step 1: status 200`\n");
    let late = bare.replace("| 7 | Bring", "| 6.1 | Look back | `$baseline` | `status 200` |\n| 7 | Bring");
    for (text, step) in [(asserted, "1"), (late, "6.1")] {
        let case = lab.run(&text, never()).await;
        assert_eq!(case.verdict, Verdict::Inconclusive, "{}", case.reason);
        let wanted = format!(
            "the baseline does not hold, so nothing follows: step {step}: `status 200` does not hold"
        );
        assert!(case.reason.starts_with(&wanted), "{}", case.reason);
        assert!(case.faults.is_empty(), "nothing is broken for nothing");
    }
}

#[tokio::test]
async fn what_is_away_already_is_not_broken() {
    let lab = Lab::start(Server::Honest).await;
    let environment = lab.environment("\"freeze\"");
    let text = TICKET.replace("`kill $broker`", "`freeze $broker`");
    let plan = planned(&text, &environment).unwrap_or_else(|obstacles| panic!("{obstacles:?}"));
    lab.broker().unwrap().signal(rustix::process::Signal::STOP).unwrap();
    let journal = lab.state().begin(&format!("run{}", RUNS.fetch_add(1, Ordering::Relaxed))).unwrap();
    let courier = courier(journal.path());
    let setting = Setting { environment: &environment, prober: &[], tag: "lab", courier, stop: never() };
    let case = run(&plan, ("tickets/LAB-1.md".into(), String::new()), journal, setting, &mut Silent).await;
    assert_eq!(case.verdict, Verdict::Inconclusive, "{}", case.reason);
    assert!(case.reason.contains("what is to show the fault was so before it: `down`"), "{}", case.reason);
    assert!(case.faults.is_empty(), "nothing is broken for nothing");
}

#[tokio::test]
async fn what_shows_a_fault_was_otherwise_before_it() {
    let lab = Lab::start(Server::Honest).await;
    let case = lab.run(TICKET, never()).await;
    let before: Vec<_> = case.steps.iter().flat_map(|step| &step.before).collect();
    assert_eq!(before.len(), 1, "of the step that breaks something");
    assert_eq!(before[0].statement, "process state $broker");
    assert_eq!(before[0].judged[0].holds, Some(false), "it was up");
}

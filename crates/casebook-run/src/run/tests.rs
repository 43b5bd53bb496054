//! Whole runs against a small server that needs a process, in all the ways in which it can be honest or not.

mod lab;

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use super::*;
use crate::courier::tests::courier;
use crate::evidence::Evidence;
use crate::processes;
use crate::verify::verify;
use crate::{FaultState, RunRecord, run_verdict};
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
async fn evidence_can_be_judged_again_and_tells_when_it_was_changed() {
    let lab = Lab::start(Server::Honest).await;
    let text = TICKET
        .replace("\n## Assertions", "| 9 | Look again | `$answer` | `status 502 503` |\n\n## Assertions");
    let below = lab.path("evidence");
    let evidence = Evidence::begin(&below, "run").unwrap();
    let (place, sum) = evidence.ticket("LAB-1", text.as_bytes()).unwrap();
    let case = CaseRecord { ticket: place, ticket_sha256: sum, ..lab.run(&text, never()).await };
    let record = RunRecord {
        id: "run".into(),
        version: RunRecord::VERSION,
        environment: "lab".into(),
        environment_sha256: String::new(),
        values: BTreeMap::new(),
        tools: Vec::new(),
        began: case.began,
        ended: case.ended,
        verdict: run_verdict(std::slice::from_ref(&case)),
        cases: vec![case],
    };
    let directory = evidence.finish(&record).unwrap();
    let contradictions = |directory: &Path| verify(directory).unwrap().contradictions;
    assert_eq!(contradictions(&directory), [""; 0]);
    let page = std::fs::read_to_string(directory.join("report.html")).unwrap();
    assert!(
        page.contains("PASSED") && page.contains("kill $broker") && page.contains("broker unavailable: gone")
    );

    // Whoever changes what was seen has to change the sums too, and is found out by the verdicts.
    let changed = |change: &dyn Fn(&mut RunRecord)| {
        let mut record = record.clone();
        change(&mut record);
        let evidence = Evidence::begin(&below, "changed").unwrap();
        evidence.ticket("LAB-1", text.as_bytes()).unwrap();
        let directory = evidence.finish(&record).unwrap();
        let told = contradictions(&directory).join("\n");
        std::fs::remove_dir_all(directory).unwrap();
        told
    };
    let status = changed(&|record| {
        let step = record.cases[0].steps.iter_mut().find(|step| step.number == "4").unwrap();
        step.statements[0].seen.status = Some(200);
    });
    assert!(status.contains("LAB-1 step 4: `status 502 503` is not what is claimed of it"), "{status}");
    assert!(status.contains("assertion on step 4"), "{status}");
    let recalled = changed(&|record| {
        let step = record.cases[0].steps.iter_mut().find(|step| step.number == "9").unwrap();
        step.statements[0].seen.status = Some(502);
    });
    assert!(recalled.contains("LAB-1 step 9: $answer is not what was seen then"), "{recalled}");
    let other = changed(&|record| record.cases[0].ticket_sha256 = "00".repeat(32));
    assert!(other.contains("LAB-1: the ticket is not the one that was run"), "{other}");
    std::fs::write(below.join("run/steps/LAB-1/extra.txt"), "").unwrap();
    assert_eq!(contradictions(&directory), ["steps/LAB-1/extra.txt was added after the run"]);
    std::fs::remove_file(below.join("run/steps/LAB-1/extra.txt")).unwrap();
    let unheld = changed(&|record| {
        let step = record.cases[0].steps.iter_mut().find(|step| step.number == "4").unwrap();
        step.statements[0].judged.pop();
    });
    assert!(unheld.contains("LAB-1: step 4 is not as the ticket has it"), "{unheld}");
    let earlier = changed(&|record| record.cases[0].steps[4].began -= Duration::from_secs(60));
    assert!(earlier.contains("LAB-1: step 3 is earlier than what came before"), "{earlier}");
    let undone = changed(&|record| record.cases[0].steps.retain(|step| step.number != "6"));
    assert!(undone.contains("LAB-1: the number of steps is not as the ticket has it"), "{undone}");
    let other_kind = changed(&|record| record.cases[0].steps[4].kind = StepKind::Check);
    assert!(other_kind.contains("LAB-1: step 3 is not as the ticket has it"), "{other_kind}");
    let unasserted = changed(&|record| drop(record.cases[0].assertions.pop()));
    assert!(unasserted.contains("LAB-1: what it asserts is not as the ticket has it"), "{unasserted}");
    let painted = {
        let evidence = Evidence::begin(&below, "painted").unwrap();
        evidence.ticket("LAB-1", text.as_bytes()).unwrap();
        let directory = evidence.finish(&record).unwrap();
        let page = std::fs::read_to_string(directory.join("report.html")).unwrap();
        std::fs::write(directory.join("report.html"), page.replace("PASSED", "FAILED")).unwrap();
        contradictions(&directory)
    };
    assert!(painted.contains(&"report.html is not what run.json says".to_owned()), "{painted:?}");
    let verdict = changed(&|record| record.cases[0].verdict = Verdict::Failed);
    assert!(verdict.contains("comes to PASSED, not FAILED"), "{verdict}");
    let dirty = changed(&|record| record.cases[0].faults[0].state = FaultState::Applied);
    assert!(dirty.contains("comes to DIRTY, not PASSED"), "{dirty}");

    std::fs::write(directory.join("tickets/LAB-1.md"), "another").unwrap();
    std::fs::write(directory.join("more"), "").unwrap();
    let told = contradictions(&directory);
    assert_eq!(
        told,
        [
            "tickets/LAB-1.md was changed after the run",
            "more was added after the run",
            "tickets/LAB-1.md: it holds no test ticket: it has neither a ticket's key nor a heading of a test, such as Test Steps or Expected Result"
        ]
    );
}

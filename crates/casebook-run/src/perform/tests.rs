use std::process::Command;
use std::time::Duration;

use casebook_ticket::At;
use casebook_ticket::language::{Protocol, parse_statement};
use rustix::process::Signal;
use tokio::net::TcpListener;

use super::*;
use crate::environment::Environment;
use crate::processes::Killed;

fn environment(targets: &str) -> Environment {
    Environment::parse(
        "lab.toml",
        &format!("name = \"lab\"\nlimits = {{ deadline = 1.0 }}\n{targets}"),
        &|_| None,
    )
    .unwrap()
}

/// So long a log is looked at at least when it has to be quiet.
const QUIET: Duration = Duration::from_millis(100);

async fn seen(statement: &str, world: &mut World<'_>) -> Observation {
    perform(&parse_statement(statement, At::default()).unwrap(), world).await
}

#[tokio::test]
async fn connections_end_as_the_network_says() {
    let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (open_at, closed_at) = (open.local_addr().unwrap(), closed.local_addr().unwrap());
    drop(closed);
    let within =
        async |deadline, protocol, url: String| probe(protocol, &url, deadline).await.unwrap().outcome;
    // Who is answered does not wait so long.
    let outcome = async |protocol, url| within(Duration::from_secs(10), protocol, url).await;
    let deadline = Duration::from_millis(300);
    assert_eq!(outcome(Protocol::Tcp, format!("tcp://{open_at}")).await, Outcome::Answered);
    assert_eq!(outcome(Protocol::Tcp, format!("tcp://{closed_at}")).await, Outcome::Refused);
    assert_eq!(outcome(Protocol::Amqp, format!("amqp://{closed_at}")).await, Outcome::Refused);
    assert_eq!(
        within(deadline, Protocol::Amqp, format!("amqp://{open_at}")).await,
        Outcome::TimedOut,
        "a port is no broker"
    );
    let error = probe(Protocol::Tcp, "ftp://127.0.0.1:1", deadline).await.unwrap_err().to_string();
    assert!(error.contains("the scheme ftp is not known"), "{error}");
}

#[tokio::test]
async fn logs_are_those_since_the_step() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    std::fs::write(&log, "before\n").unwrap();
    let environment = environment(&format!("[targets.server]\nlogs = {{ file = {log:?} }}\n"));
    let mut world = World::new(&environment, &[], &[]);
    let append = |line: &str| std::fs::write(&log, std::fs::read_to_string(&log).unwrap() + line).unwrap();
    append("one\n");
    let step = casebook_ticket::language::StepId("4".into());
    world.begin(Some(&step));
    append("two\nthree\n");
    let since_step = seen("logs $server since step 4", &mut world).await;
    assert_eq!((since_step.text.as_str(), since_step.numbers["count"]), ("two\nthree\n", 2.0));
    assert_eq!(seen("logs $server since start", &mut world).await.text, "one\ntwo\nthree\n");
    std::fs::write(&log, "anew\n").unwrap();
    let anew = seen("logs $server since step 4", &mut world).await;
    assert_eq!(anew.text, "anew\n", "it was begun anew");
    assert!(anew.left_out > 0 && anew.numbers.is_empty(), "nobody knows how much there was: {anew:?}");
    let mut quickest = f64::MAX;
    for _ in 0..10 {
        let wait = "wait until logs $server since step 4 has-any \"anew\" within 20s";
        let waited = seen(wait, &mut world).await;
        assert_eq!((&waited.outcome, waited.text.as_str()), (&Outcome::Answered, "anew\n"));
        quickest = quickest.min(waited.elapsed);
    }
    assert!(quickest < QUIET.as_secs_f64(), "a look does not wait until the log is quiet");
    let other = seen("logs $server since step 5", &mut world).await;
    assert_eq!(other.outcome, Outcome::Failed("step 5 has not begun".into()));
}

#[tokio::test]
async fn a_log_that_was_begun_anew_is_not_whole() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let environment = environment(&format!("[targets.server]\nlogs = {{ file = {log:?} }}\n"));
    let mut world = World::new(&environment, &[], &[]);
    std::fs::write(&log, "before\n").unwrap();
    let whole = seen("logs $server since start", &mut world).await;
    assert_eq!((whole.text.as_str(), whole.left_out), ("before\n", 0), "there was none before");
    world.begin(Some(&casebook_ticket::language::StepId("1".into())));
    let rotated = directory.path().join("log.1");
    std::fs::write(&log, "before\npanic\n").unwrap();
    std::fs::rename(&log, &rotated).unwrap();
    std::fs::write(&log, "a new one, which is longer than that was\n").unwrap();
    let none = casebook_ticket::language::parse_predicate("has-none \"panic\"", At::default()).unwrap();
    let judged = |seen: &Observation| crate::evaluate::judge(&none, seen, &|_| None).holds;
    let anew = seen("logs $server since step 1", &mut world).await;
    assert_eq!(anew.text, "a new one, which is longer than that was\n");
    assert_eq!(judged(&anew), None, "what the other one says nobody has read");
    std::fs::rename(&rotated, &log).unwrap();
    assert_eq!(judged(&seen("logs $server since step 1", &mut world).await), Some(false));
    std::fs::write(&log, "cut\n").unwrap();
    assert_eq!(judged(&seen("logs $server since step 1", &mut world).await), None);
}

#[tokio::test]
async fn a_log_that_was_cut_and_has_grown_past_its_length_is_not_whole() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let environment = environment(&format!("[targets.server]\nlogs = {{ file = {log:?} }}\n"));
    let mut world = World::new(&environment, &[], &[]);
    std::fs::write(&log, "12:00:01 before\n".repeat(100)).unwrap();
    world.begin(Some(&casebook_ticket::language::StepId("1".into())));
    let anew = "panic\n".to_owned() + &"12:00:02 after\n".repeat(200);
    std::fs::write(&log, &anew).unwrap();
    let seen = seen("logs $server since step 1", &mut world).await;
    assert_eq!((seen.text.as_str(), seen.left_out), (anew.as_str(), 1));
    assert!(seen.numbers.is_empty(), "nobody knows how much there was");
}

#[tokio::test]
async fn what_is_waited_for_comes_or_not() {
    let directory = tempfile::tempdir().unwrap();
    let pid = directory.path().join("pid");
    let environment = environment(&format!("[targets.server]\nprocess = {{ pid_file = {pid:?} }}\n"));
    let mut world = World::new(&environment, &[], &[]);
    let never = seen("wait until process state $server up within 50ms every 10ms", &mut world).await;
    assert_eq!(never.outcome, Outcome::TimedOut);
    assert!(never.text.contains("`up` did not hold within 50ms"), "{}", never.text);
    let untold =
        seen("wait until logs $server since start count = 0 within 50ms every 10ms", &mut world).await;
    assert_eq!(untold.outcome, Outcome::TimedOut, "what cannot be told does not hold");
    // It is looked at once before.
    let waited = seen("wait until process state $server up within 20s every 10ms as server", &mut world);
    let later = async { std::fs::write(&pid, std::process::id().to_string()).unwrap() };
    let (seen, ()) = tokio::join!(biased; waited, later);
    assert_eq!((&seen.outcome, seen.numbers["up"]), (&Outcome::Answered, 1.0));
    assert!(seen.elapsed > 0.0);
}

#[tokio::test]
async fn a_snapshot_that_there_is_not_is_not_waited_for() {
    let environment = environment("[targets.server]\nqueues = [\"false\"]\n");
    let mut world = World::new(&environment, &[], &[]);
    let began = Instant::now();
    for (kind, why) in [("queue", "$before was not taken"), ("k8s", "$before was not taken")] {
        let never = seen(&format!("wait until {kind} diff before added = 0 within 60s"), &mut world).await;
        assert_eq!(never.outcome, Outcome::Failed(why.into()));
    }
    let failed = seen("queue snapshot $server as before", &mut world).await;
    assert!(matches!(failed.outcome, Outcome::Failed(_)));
    for statement in ["wait until queue diff before added = 0 within 60s", "queue diff before hold 60s"] {
        let never = seen(statement, &mut world).await;
        let Outcome::Failed(why) = never.outcome else { panic!("{statement}") };
        assert!(why.starts_with("$before could not be taken: false ended with code 1"), "{why}");
    }
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test]
async fn nothing_is_made_that_nobody_could_undo() {
    let environment = environment("[targets.server]\nurl = \"http://127.0.0.1:1\"\n");
    let mut world = World::new(&environment, &[], &[]);
    let made = seen("http POST $server/jobs undo DELETE $server/jobs/own", &mut world).await;
    assert_eq!(made.outcome, Outcome::Failed("what it makes could not be undone here".into()));
    let read = seen("http POST $server/jobs read-only", &mut world).await;
    assert_eq!(read.outcome, Outcome::Refused, "it is sent");
}

#[tokio::test]
async fn commands_are_run_where_they_are_allowed_only() {
    let refused = environment("");
    let mut world = World::new(&refused, &[], &[]);
    let refused = seen("shell \"touch x\" read-only", &mut world).await;
    assert!(matches!(refused.outcome, Outcome::Failed(why) if why.contains("shell = true")));
    let allowed = environment("shell = true\n");
    let mut world = World::new(&allowed, &[], &[]);
    let done = seen("shell \"echo '[1]'; exit 3\" read-only", &mut world).await;
    assert_eq!((done.numbers["exit"], &done.json), (3.0, &serde_json::json!([1])));
    let slow = seen("shell \"sleep 60\" read-only", &mut world).await;
    assert!(matches!(slow.outcome, Outcome::Failed(why) if why.contains("has not ended")));
}

#[tokio::test]
async fn an_orphan_is_not_gone() {
    let directory = tempfile::tempdir().unwrap();
    let pid_file = directory.path().join("pid");
    let environment = environment(&format!("[targets.server]\nprocess = {{ pid_file = {pid_file:?} }}\n"));
    let mut world = World::new(&environment, &[], &[]);
    let server = Killed::start(Command::new("sh").args(["-c", "sleep 60 & wait"]));
    let id = server.id;
    std::fs::write(&pid_file, id.pid.to_string()).unwrap();
    while id.family().get(1).is_none_or(|child| child.command() != "sleep 60") {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let child = id.family()[1];
    let snapshot = parse_statement("process snapshot $server as before", At::default()).unwrap();
    let before = perform(&snapshot, &mut world).await;
    assert_eq!(before.numbers, [("count".to_owned(), 2.0)].into());
    drop(server);
    let left = seen("process diff before", &mut world).await;
    assert_eq!((left.numbers["added"], left.numbers["removed"]), (0.0, 1.0), "{}", left.text);
    child.signal(Signal::KILL).unwrap();
    let gone = seen("wait until process diff before removed = 2 within 20s", &mut world).await;
    assert_eq!(gone.outcome, Outcome::Answered, "{}", gone.text);
}

#[tokio::test]
async fn of_a_process_that_is_not_there_nothing_is_noted() {
    let environment = environment("[targets.ghost]\nprocess = { pid_file = \"/nowhere/pid\" }\n");
    let mut world = World::new(&environment, &[], &[]);
    for statement in ["process snapshot $ghost as before", "process diff before hold 10ms"] {
        let ghost = seen(statement, &mut world).await;
        let Outcome::Failed(why) = ghost.outcome else { panic!("{statement}: {ghost:?}") };
        assert!(why.contains("the process of $ghost is not there"), "{why}");
    }
}

#[tokio::test]
async fn what_is_halted_is_down() {
    let sleeper = Killed::sleeper();
    let id = sleeper.id;
    let environment = environment(&format!("[targets.server]\nprocess = {{ pid = {} }}\n", id.pid));
    let mut world = World::new(&environment, &[], &[]);
    assert_eq!(seen("process state $server", &mut world).await.numbers, [("up".to_owned(), 1.0)].into());
    id.signal(Signal::STOP).unwrap();
    let halted = seen("wait until process state $server down within 20s", &mut world).await;
    assert_eq!((halted.outcome, halted.text), (Outcome::Answered, format!("process {}, halted", id.pid)));
    id.signal(Signal::CONT).unwrap();
    let on = seen("wait until process state $server up within 20s", &mut world).await;
    assert_eq!(on.outcome, Outcome::Answered);
}

#[test]
fn long_texts_lose_their_middle() {
    let text = "ש".repeat(KEPT);
    let (kept, left_out) = bounded(&text);
    assert!(kept.len() < KEPT + 16 && kept.starts_with('ש') && kept.ends_with('ש'));
    assert_eq!(kept.replace("\n[..]\n", "").len() as u64 + left_out, text.len() as u64);
    assert_eq!(bounded("short"), ("short".to_owned(), 0));
}

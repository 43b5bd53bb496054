use std::time::Duration;

use casebook_ticket::At;
use casebook_ticket::language::{Protocol, parse_statement};
use tokio::net::TcpListener;

use super::*;
use crate::environment::Environment;

fn environment(targets: &str) -> Environment {
    Environment::parse(
        "lab.toml",
        &format!("name = \"lab\"\nlimits = {{ deadline = 1.0 }}\n{targets}"),
        &|_| None,
    )
    .unwrap()
}

async fn seen(statement: &str, world: &mut World<'_>) -> Observation {
    perform(&parse_statement(statement, At::default()).unwrap(), world).await
}

#[tokio::test]
async fn connections_end_as_the_network_says() {
    let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (open_at, closed_at) = (open.local_addr().unwrap(), closed.local_addr().unwrap());
    drop(closed);
    let deadline = Duration::from_millis(300);
    let outcome = async |protocol, url: String| probe(protocol, &url, deadline).await.unwrap().outcome;
    assert_eq!(outcome(Protocol::Tcp, format!("tcp://{open_at}")).await, Outcome::Answered);
    assert_eq!(outcome(Protocol::Tcp, format!("tcp://{closed_at}")).await, Outcome::Refused);
    assert_eq!(outcome(Protocol::Amqp, format!("amqp://{closed_at}")).await, Outcome::Refused);
    assert_eq!(
        outcome(Protocol::Amqp, format!("amqp://{open_at}")).await,
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
    assert_eq!(seen("logs $server since step 4", &mut world).await.text, "anew\n", "it was begun anew");
    let other = seen("logs $server since step 5", &mut world).await;
    assert_eq!(other.outcome, Outcome::Failed("step 5 has not begun".into()));
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
    let later = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        std::fs::write(&pid, std::process::id().to_string()).unwrap();
    });
    let seen = seen("wait until process state $server up within 20s every 10ms as server", &mut world).await;
    later.await.unwrap();
    assert_eq!((&seen.outcome, seen.numbers["up"]), (&Outcome::Answered, 1.0));
    assert!(seen.elapsed > 0.0);
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

#[test]
fn long_texts_lose_their_middle() {
    let text = "ש".repeat(KEPT);
    let (kept, left_out) = bounded(&text);
    assert!(kept.len() < KEPT + 16 && kept.starts_with('ש') && kept.ends_with('ש'));
    assert_eq!(kept.replace("\n[..]\n", "").len() as u64 + left_out, text.len() as u64);
    assert_eq!(bounded("short"), ("short".to_owned(), 0));
}

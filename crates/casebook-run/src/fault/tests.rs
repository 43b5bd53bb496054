use std::io::Read as _;
use std::process::{Command, Stdio};

use tokio::time::timeout;

use super::*;
use crate::Fault;
use crate::journal::{Intended, State};
use crate::processes::{Killed, ProcessId};
use crate::undo::recover;

async fn again(injection: &Injection) -> Injection {
    assert!(injection.is_gone().await.unwrap(), "nothing is broken yet");
    injection.undo(&mut Work::default()).await.unwrap();
    serde_json::from_str(&serde_json::to_string(injection).unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_frozen_goes_on() {
    let sleeper = Killed::sleeper();
    let id = sleeper.id;
    let frozen = Injection::Frozen(Frozen { processes: vec![id], place: Place::default() });
    let later = again(&frozen).await;
    frozen.apply(&mut Work::default()).await.unwrap();
    assert_eq!(id.status().unwrap().state, 'T');
    assert!(!later.is_gone().await.unwrap());
    later.undo(&mut Work::default()).await.unwrap();
    assert!(later.is_gone().await.unwrap());
    assert_ne!(id.status().unwrap().state, 'T');
    later.undo(&mut Work::default()).await.unwrap();
}

#[tokio::test]
async fn nobody_else_is_frozen_who_has_the_id_now() {
    let sleeper = Killed::sleeper();
    let id = sleeper.id;
    let other = ProcessId { started: id.started - 1, ..id };
    let frozen = Injection::Frozen(Frozen { processes: vec![other], place: Place::default() });
    assert_eq!(frozen.apply(&mut Work::default()).await.unwrap_err(), "the process has ended");
    assert_ne!(id.status().unwrap().state, 'T');
    assert!(!frozen.is_gone().await.unwrap(), "what has ended is not whole");
}

#[tokio::test]
async fn what_was_ended_is_started_once() {
    for how in [How::Asked, How::Killed] {
        let directory = tempfile::tempdir().unwrap();
        let pid_file = directory.path().join("pid");
        let sleeper = Killed::sleeper();
        let id = sleeper.id;
        std::fs::write(&pid_file, id.pid.to_string()).unwrap();
        let start = format!(
            "sleep 60 >/dev/null 2>&1 & echo $! > '{}'; echo x >> '{}.starts'",
            pid_file.display(),
            pid_file.display()
        );
        let start = ["sh", "-c", &start].map(str::to_owned).to_vec();
        let ended = Injection::Ended(Ended {
            how,
            processes: vec![id],
            start,
            place: Place { address: None, pid_file: Some(pid_file.clone()) },
        });
        let later = again(&ended).await;
        ended.apply(&mut Work::default()).await.unwrap();
        assert!(id.status().is_none());
        assert!(!later.is_gone().await.unwrap());
        later.undo(&mut Work::default()).await.unwrap();
        later.undo(&mut Work::default()).await.unwrap();
        assert!(later.is_gone().await.unwrap());
        let again = crate::processes::in_file(&pid_file).unwrap();
        assert_ne!(again.pid, id.pid);
        assert_eq!(std::fs::read_to_string(format!("{}.starts", pid_file.display())).unwrap(), "x\n");
        again.signal(rustix::process::Signal::KILL).unwrap();
    }
}

#[tokio::test]
async fn packets_are_late_where_they_leave() {
    let network = crate::network::Network::own().unwrap();
    let here = ["127.0.0.1:5672".parse().unwrap(), "127.0.0.2:5672".parse().unwrap()];
    let delayed = Delayed::plan(network, here.to_vec(), 50).await.unwrap();
    assert_eq!((delayed.device.as_str(), delayed.addresses), ("lo", here.to_vec()));
}

fn sh(text: &str) -> Vec<String> {
    ["sh", "-c", text].map(str::to_owned).to_vec()
}

/// Puts back what does not come back so soon.
async fn in_vain(injection: &Injection, work: &mut Work<'_>, within: Duration) {
    assert!(timeout(within, injection.undo(work)).await.is_err(), "nobody answers there");
}

#[tokio::test]
async fn what_has_ended_in_its_freeze_is_not_whole_until_it_is_started_again() {
    let directory = tempfile::tempdir().unwrap();
    let pid_file = directory.path().join("pid");
    let sleeper = Killed::sleeper();
    let id = sleeper.id;
    std::fs::write(&pid_file, id.pid.to_string()).unwrap();
    let place = Place { address: None, pid_file: Some(pid_file.clone()) };
    let frozen = Injection::Frozen(Frozen { processes: vec![id], place });
    frozen.apply(&mut Work::default()).await.unwrap();
    assert!(!frozen.is_lost().await);
    drop(sleeper);
    assert!(frozen.is_lost().await, "nothing is frozen any more");
    let error = frozen.undo(&mut Work::default()).await.unwrap_err();
    assert_eq!(error, "its process has ended meanwhile: start it");
    assert!(!frozen.is_gone().await.unwrap());
    let other = Killed::sleeper();
    std::fs::write(&pid_file, other.id.pid.to_string()).unwrap();
    frozen.undo(&mut Work::default()).await.unwrap();
    assert!(frozen.is_gone().await.unwrap() && frozen.is_lost().await);
}

#[tokio::test]
async fn what_takes_its_time_to_end_is_awaited_before_it_is_started() {
    let directory = tempfile::tempdir().unwrap();
    let pid_file = directory.path().join("pid");
    let slow = "trap 'sleep 2; exit' TERM; echo ready; while :; do sleep 0.1; done";
    let mut slow = Killed::start(Command::new("sh").args(["-c", slow]).stdout(Stdio::piped()));
    slow.child.stdout.take().unwrap().read_exact(&mut [0; 6]).unwrap();
    let id = slow.id;
    std::fs::write(&pid_file, id.pid.to_string()).unwrap();
    let start = format!("sleep 60 >/dev/null 2>&1 & echo $! > '{}'", pid_file.display());
    let ended = Injection::Ended(Ended {
        how: How::Asked,
        processes: vec![id],
        start: sh(&start),
        place: Place { address: None, pid_file: Some(pid_file.clone()) },
    });
    let mut work = Work::default();
    // Whoever asked it to end is gone before it has.
    assert!(timeout(Duration::from_millis(200), ended.apply(&mut work)).await.is_err());
    assert!(id.status().is_some());
    ended.undo(&mut work).await.unwrap();
    let again = crate::processes::in_file(&pid_file).unwrap();
    assert!(id.status().is_none() && again != id && ended.is_gone().await.unwrap());
    again.signal(rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn who_breaks_still_is_awaited_by_whoever_puts_back() {
    let directory = tempfile::tempdir().unwrap();
    let broken = directory.path().join("broken");
    let (command, undo) =
        (format!("sleep 1; : > '{}'", broken.display()), format!("rm -f '{}'", broken.display()));
    let state = State::lock(&directory.path().join("state")).unwrap();
    let mut journal = state.begin("run").unwrap();
    let injection = Injection::Shell { command, undo };
    let fault = Fault { what: "break".into(), inverse: "mend".into() };
    let intended = Intended { case: "LAB-1".into(), step: "1".into(), fault, injection };
    let number = journal.intend(intended.clone()).unwrap();
    // The run is killed behind it: its program lives on, and only the journal knows of it.
    let late = "sleep 1; : > \"$BROKEN\"";
    let mut orphan = Command::new("sh").args(["-c", late]).env("BROKEN", &broken).spawn().unwrap();
    let process = ProcessId::of(orphan.id()).unwrap();
    let hand = serde_json::from_value(serde_json::json!({ "process": process, "mark": "x" })).unwrap();
    let beginning = Beginning { mends: false, hand: Some(hand) };
    journal.begin(number, crate::FaultState::Intended, &beginning).unwrap();
    std::thread::spawn(move || orphan.wait());
    let recovered = recover(state.pending().unwrap(), false).await;
    assert!(recovered.iter().map(|it| &it.error).eq([&None]));
    assert!(process.status().is_none() && !broken.exists(), "it was broken afterwards");
    assert_eq!(state.pending().unwrap(), []);
}

#[tokio::test]
async fn who_starts_it_already_is_awaited_and_nothing_is_started_twice() {
    let directory = tempfile::tempdir().unwrap();
    let (pid_file, starts) = (directory.path().join("pid"), directory.path().join("starts"));
    let sleeper = Killed::sleeper();
    let id = sleeper.id;
    let start = format!(
        "echo x >> '{}'; sleep 1; sleep 60 >/dev/null 2>&1 & echo $! > '{}'",
        starts.display(),
        pid_file.display()
    );
    // Nothing names its process: only what it was started with tells.
    for place in [Place { address: None, pid_file: Some(pid_file.clone()) }, nowhere().await] {
        drop(std::fs::remove_file(&starts));
        let is_found = place.pid_file.is_some();
        let ended =
            Injection::Ended(Ended { how: How::Killed, processes: vec![id], start: sh(&start), place });
        let mut work = Work::default();
        ended.apply(&mut work).await.unwrap();
        if is_found {
            ended.undo(&mut work).await.unwrap();
            ended.undo(&mut work).await.unwrap();
        } else {
            in_vain(&ended, &mut work, Duration::from_secs(5)).await;
            in_vain(&ended, &mut work, Duration::from_secs(2)).await;
        }
        assert_eq!(std::fs::read_to_string(&starts).unwrap(), "x\n", "by its file: {is_found}");
        crate::processes::in_file(&pid_file).unwrap().signal(rustix::process::Signal::KILL).unwrap();
        std::fs::remove_file(&pid_file).unwrap();
    }
}

/// An address at which nobody answers.
async fn nowhere() -> Place {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    Place { address: Some(("127.0.0.1".into(), port)), pid_file: None }
}

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::*;
use crate::environment::Redactor;
use crate::fault::{Frozen, Injection, Place, Work};
use crate::journal::State;
use crate::processes::Killed;

/// A fault that can be seen: a file.
fn file(directory: &Path, name: &str) -> Intended {
    let path = directory.join(name).display().to_string();
    Intended {
        case: "PZ-1".into(),
        step: name.into(),
        fault: Fault { what: format!("make {name}"), inverse: format!("remove {name}") },
        injection: Injection::Shell {
            command: format!("set -C; : > '{path}'"),
            undo: format!("rm -f '{path}'"),
        },
    }
}

#[tokio::test]
async fn what_was_broken_is_put_back_by_step_and_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(&directory.path().join("state")).unwrap();
    let mut stack = Stack::new(state.begin("run").unwrap());
    for name in ["1", "2", "3"] {
        stack.break_it(&format!("make {name}"), file(directory.path(), name)).await.unwrap();
    }
    let is_there = |name: &str| directory.path().join(name).exists();
    assert!(is_there("1") && is_there("2") && is_there("3") && stack.is_broken());
    stack.undo_step("2").await.unwrap();
    assert!(is_there("1") && !is_there("2") && is_there("3"));
    assert_eq!(state.pending().unwrap().len(), 2);
    stack.undo_all().await.unwrap();
    assert!(!is_there("1") && !is_there("3") && !stack.is_broken());
    assert_eq!(state.pending().unwrap(), []);
    assert!(
        stack.records().0.iter().all(|fault| fault.state == FaultState::Verified && fault.verified.is_some())
    );
}

#[tokio::test]
async fn what_cannot_be_broken_is_put_back_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(&directory.path().join("state")).unwrap();
    let mut stack = Stack::new(state.begin("run").unwrap());
    std::fs::write(directory.path().join("1"), "").unwrap();
    let error = stack.break_it("make 1", file(directory.path(), "1")).await.unwrap_err();
    assert!(error.starts_with("sh ended with code"), "{error}");
    assert!(!stack.is_broken() && state.pending().unwrap().is_empty());
    assert_eq!(stack.records().0[0].applied, None);
}

#[tokio::test]
async fn what_cannot_be_put_back_stays_known() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(&directory.path().join("state")).unwrap();
    let mut stack = Stack::new(state.begin("run").unwrap());
    let mut intended = file(directory.path(), "1");
    intended.injection = Injection::Shell { command: "true".into(), undo: "echo why >&2; exit 3".into() };
    stack.break_it("break", intended).await.unwrap();
    let error = stack.undo_all().await.unwrap_err();
    assert_eq!(error, "make 1: sh ended with code 3: why");
    assert!(stack.is_broken());
    let pending = state.pending().unwrap();
    assert_eq!(pending[0].state, FaultState::Applied);
    let recovered = recover(pending, false).await;
    assert!(recovered[0].error.as_ref().is_some_and(|error| error.contains("code 3")));
    assert_eq!(state.pending().unwrap().len(), 1, "it is still there for the next one");
}

#[tokio::test]
async fn whoever_comes_later_puts_back_from_the_journal_alone() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(&directory.path().join("state")).unwrap();
    let mut stack = Stack::new(state.begin("run").unwrap());
    for name in ["1", "2"] {
        stack.break_it("make", file(directory.path(), name)).await.unwrap();
    }
    drop(stack);
    let recovered = recover(state.pending().unwrap(), false).await;
    let steps: Vec<_> = recovered.iter().map(|fault| (fault.step.as_str(), fault.error.is_none())).collect();
    assert_eq!(steps, [("PZ-1 step 2", true), ("PZ-1 step 1", true)]);
    assert!(!directory.path().join("1").exists() && !directory.path().join("2").exists());
    assert_eq!(state.pending().unwrap(), []);
}

#[tokio::test]
async fn whoever_comes_later_tells_no_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(&directory.path().join("state")).unwrap();
    let mut journal = state.begin("run").unwrap();
    let mut redactor = Redactor::default();
    redactor.hide("pass\"word", "${TOKEN}");
    journal.hide(&redactor).unwrap();
    let mut stack = Stack::new(journal);
    let mut intended = file(directory.path(), "1");
    let undo = "echo 'pw=pass\"word' >&2; exit 3".into();
    intended.injection = Injection::Shell { command: "true".into(), undo };
    stack.break_it("break", intended).await.unwrap();
    drop(stack);
    let recovered = recover(state.pending().unwrap(), false).await;
    assert_eq!(recovered[0].error.as_deref(), Some("sh ended with code 3: pw=${TOKEN}"));
}

#[tokio::test]
async fn nothing_is_broken_that_is_broken_already() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(&directory.path().join("state")).unwrap();
    let mut stack = Stack::new(state.begin("run").unwrap());
    let sleeper = Killed::sleeper();
    let id = sleeper.id;
    let injection = Injection::Frozen(Frozen { processes: vec![id], place: Place::default() });
    injection.apply(&mut Work::default()).await.unwrap();
    let intended = Intended { injection: injection.clone(), ..file(directory.path(), "1") };
    let error = stack.break_it("freeze", intended.clone()).await.unwrap_err();
    assert!(error.starts_with("it is broken already"), "{error}");
    assert!(stack.records().0.is_empty() && state.pending().unwrap().is_empty());
    assert!(!injection.is_gone().await.unwrap(), "it was not mended either: it is somebody else's");
    injection.undo(&mut Work::default()).await.unwrap();
    stack.break_it("freeze", intended).await.unwrap();
    stack.undo_all().await.unwrap();
}

/// Whether somebody halts the process, as soon as it goes on; none when he is to go.
type Holds = Mutex<Option<bool>>;

#[test]
fn what_is_still_there_when_it_was_undone_is_told_and_stays_known() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(&directory.path().join("state")).unwrap();
    let sleeper = Killed::sleeper();
    let id = sleeper.id;
    let frozen = Injection::Frozen(Frozen { processes: vec![id], place: Place::default() });
    let intended = Intended { injection: frozen.clone(), ..file(directory.path(), "1") };
    let holds = Holds::new(Some(false));
    let end = Instant::now() + Duration::from_secs(30);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while Instant::now() < end
                && let Some(holds) = *holds.lock().unwrap()
            {
                if holds {
                    id.signal(Signal::STOP).unwrap();
                }
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for run in 0.. {
                // Whoever halts it may come too late.
                assert!(Instant::now() < end, "it was never seen to be there still");
                let mut stack = Stack::new(state.begin(&format!("run-{run}")).unwrap());
                stack.break_it("freeze", intended.clone()).await.unwrap();
                *holds.lock().unwrap() = Some(true);
                let undone = stack.undo_all().await;
                *holds.lock().unwrap() = Some(false);
                frozen.undo(&mut Work::default()).await.unwrap();
                let Err(error) = undone else { continue };
                assert_eq!(error, "make 1: it was undone (remove 1) and is still there");
                assert!(stack.is_broken());
                let pending = state.pending().unwrap();
                assert_eq!(pending.iter().map(|it| it.state).collect::<Vec<_>>(), [FaultState::Undone]);
                assert!(recover(pending, false).await[0].error.is_none());
                assert_eq!(state.pending().unwrap(), []);
                break;
            }
        });
        *holds.lock().unwrap() = None;
    });
}

#[tokio::test]
async fn what_somebody_else_has_put_back_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(&directory.path().join("state")).unwrap();
    let mut stack = Stack::new(state.begin("run").unwrap());
    let sleeper = Killed::sleeper();
    let id = sleeper.id;
    let injection = Injection::Frozen(Frozen { processes: vec![id], place: Place::default() });
    let intended = Intended { injection, ..file(directory.path(), "1") };
    for is_lost in [false, true] {
        stack.break_it("freeze", intended.clone()).await.unwrap();
        if is_lost {
            id.signal(Signal::CONT).unwrap();
            while id.status().unwrap().is_halted() {
                std::thread::yield_now();
            }
        }
        stack.undo_all().await.unwrap();
    }
    let lost: Vec<_> = stack.records().0.iter().map(|fault| (fault.state, fault.lost)).collect();
    assert_eq!(lost, [(FaultState::Verified, false), (FaultState::Verified, true)]);
}

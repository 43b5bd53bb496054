use std::time::{Duration, SystemTime};

use super::*;

fn intended(step: &str) -> Intended {
    Intended {
        case: "PZ-1".into(),
        step: step.into(),
        fault: Fault { what: "freeze $rabbit".into(), inverse: "let $rabbit go on".into() },
        injection: Injection::Shell { command: "true".into(), undo: "true".into() },
    }
}

fn steps(state: &State) -> Vec<String> {
    state.pending().unwrap().into_iter().map(|pending| pending.intended.step).collect()
}

#[test]
fn what_is_not_verified_is_pending_the_last_first() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(directory.path()).unwrap();
    let mut one = state.begin("2026-11-28-a").unwrap();
    let first = one.intend(intended("1")).unwrap();
    let second = one.intend(intended("2")).unwrap();
    let mut two = state.begin("2026-11-28-b").unwrap();
    two.intend(intended("3")).unwrap();
    assert_eq!(steps(&state), ["3", "2", "1"]);
    for known in [FaultState::Applied, FaultState::Undone] {
        one.note(first, known).unwrap();
        assert_eq!(steps(&state), ["3", "2", "1"], "{known:?}");
    }
    one.note(first, FaultState::Verified).unwrap();
    assert_eq!(steps(&state), ["3", "2"]);
    one.note(second, FaultState::Verified).unwrap();
    assert_eq!(steps(&state), ["3"]);
}

/// A power cut leaves any beginning of the file; whatever is left, nothing is forgotten that was broken.
#[test]
fn any_beginning_of_a_journal_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(directory.path()).unwrap();
    let mut journal = state.begin("run").unwrap();
    let mut written = vec![(0, Vec::new())];
    let length = |journal: &Journal| fs::metadata(journal.path()).unwrap().len();
    let number = journal.intend(intended("1")).unwrap();
    written.push((length(&journal), vec!["1"]));
    journal.note(number, FaultState::Applied).unwrap();
    let number = journal.intend(intended("2")).unwrap();
    written.push((length(&journal), vec!["2", "1"]));
    journal.note(number, FaultState::Verified).unwrap();
    written.push((length(&journal), vec!["1"]));
    let whole = fs::read(journal.path()).unwrap();
    for cut in 0..=whole.len() {
        fs::write(journal.path(), &whole[..cut]).unwrap();
        let wanted = written.iter().rev().find(|(length, _)| *length <= cut as u64).unwrap();
        assert_eq!(steps(&state), wanted.1, "{cut} bytes");
        let mut again = Journal::reopen(journal.path()).unwrap();
        again.note(1, FaultState::Verified).unwrap();
        let left: Vec<_> = wanted.1.iter().filter(|step| **step != "1").collect();
        assert_eq!(steps(&state).iter().collect::<Vec<_>>(), left, "{cut} bytes and more");
    }
}

#[test]
fn a_journal_that_nobody_understands_is_never_an_empty_one() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(directory.path()).unwrap();
    let mut journal = state.begin("run").unwrap();
    journal.intend(intended("1")).unwrap();
    let whole = fs::read_to_string(journal.path()).unwrap();
    fs::write(journal.path(), format!("nonsense\n{whole}")).unwrap();
    let error = state.pending().unwrap_err().to_string();
    assert!(error.contains("line 1") && error.contains("run.journal"), "{error}");
}

#[test]
fn one_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(directory.path()).unwrap();
    assert!(matches!(State::lock(directory.path()), Err(StateError::Busy(_))));
    state.begin("run").unwrap();
    assert!(state.begin("run").is_err(), "no journal is written twice");
    drop(state);
    State::lock(directory.path()).unwrap();
}

#[test]
fn a_journal_is_forgotten_when_nothing_in_it_is_pending() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(directory.path()).unwrap();
    let mut journal = state.begin("run").unwrap();
    let path = journal.path().to_owned();
    let number = journal.intend(intended("1")).unwrap();
    let far = SystemTime::now() + KEPT_FOR + Duration::from_secs(60);
    state.forget(&path).unwrap();
    state.forget_old(far).unwrap();
    assert_eq!(steps(&state), ["1"], "what is pending is never forgotten");
    journal.note(number, FaultState::Verified).unwrap();
    state.forget_old(SystemTime::now()).unwrap();
    assert!(path.exists(), "nobody else has a copy of it, and it is not old");
    state.forget_old(far).unwrap();
    assert!(!path.exists());
    let path = state.begin("another").unwrap().path().to_owned();
    state.forget(&path).unwrap();
    assert!(!path.exists());
    fs::write(&path, "odd\n").unwrap();
    assert!(state.forget(&path).is_err() && path.exists(), "what cannot be understood may say anything");
}

#[test]
fn a_line_that_could_not_be_written_wholly_spoils_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(directory.path()).unwrap();
    let mut journal = state.begin("run").unwrap();
    let number = journal.intend(intended("1")).unwrap();
    // The disk was full in the middle of a line, and has room again.
    let whole = fs::read_to_string(journal.path()).unwrap();
    fs::write(journal.path(), format!("{whole}{{\"at\":\"2026-")).unwrap();
    assert_eq!(steps(&state), ["1"]);
    journal.note(number, FaultState::Verified).unwrap();
    assert_eq!(steps(&state), [""; 0]);
    let text = fs::read_to_string(journal.path()).unwrap();
    assert!(text.starts_with(&whole) && text.lines().count() == 2, "{text}");
}

#[test]
fn a_spoiled_journal_hides_no_other_and_not_what_can_be_read_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(directory.path()).unwrap();
    let mut spoiled = state.begin("2026-11-28-a").unwrap();
    spoiled.intend(intended("1")).unwrap();
    let text = fs::read_to_string(spoiled.path()).unwrap();
    fs::write(spoiled.path(), format!("\0\0\0\u{fffd}\n{text}")).unwrap();
    state.begin("2026-11-28-b").unwrap().intend(intended("2")).unwrap();
    let left = state.left().unwrap();
    let known: Vec<_> = left.pending.iter().map(|pending| pending.intended.step.as_str()).collect();
    assert_eq!((known, left.spoiled.len()), (vec!["2", "1"], 1));
    let told = left.spoiled[0].to_string();
    assert!(told.contains("2026-11-28-a.journal is spoiled in line 1"), "{told}");
    assert!(state.pending().unwrap_err().to_string().contains("`casebook recover --by-hand`"));
    let aside = left.spoiled[0].set_aside().unwrap();
    assert!(aside.exists() && state.left().unwrap().spoiled.is_empty());
    assert_eq!(steps(&state), ["2"]);
}

#[test]
fn whoever_has_the_state_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::lock(directory.path()).unwrap();
    let journal = state.begin("run").unwrap();
    let told = State::lock(directory.path()).unwrap_err().to_string();
    let holder =
        format!(": process {}, journal {}; wait for its end", std::process::id(), journal.path().display());
    assert!(
        told.starts_with("another run is under way with the state ") && told.ends_with(&holder),
        "{told}"
    );
}

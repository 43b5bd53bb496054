use std::process::{Child, Command};

use super::*;
use crate::processes::ProcessId;

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn sleeper() -> (Killed, ProcessId) {
    let child = Killed(Command::new("sleep").arg("60").spawn().unwrap());
    let id = ProcessId::of(child.0.id()).unwrap();
    (child, id)
}

async fn again(injection: &Injection) -> Injection {
    assert!(injection.is_gone().await.unwrap(), "nothing is broken yet");
    injection.undo().await.unwrap();
    serde_json::from_str(&serde_json::to_string(injection).unwrap()).unwrap()
}

#[tokio::test]
async fn what_is_frozen_goes_on() {
    let (_child, id) = sleeper();
    let frozen = Injection::Frozen(Frozen { processes: vec![id] });
    let later = again(&frozen).await;
    frozen.apply().await.unwrap();
    assert_eq!(id.status().unwrap().state, 'T');
    assert!(!later.is_gone().await.unwrap());
    later.undo().await.unwrap();
    assert!(later.is_gone().await.unwrap());
    assert_ne!(id.status().unwrap().state, 'T');
    later.undo().await.unwrap();
}

#[tokio::test]
async fn nobody_else_is_frozen_who_has_the_id_now() {
    let (_child, id) = sleeper();
    let other = ProcessId { started: id.started - 1, ..id };
    let frozen = Injection::Frozen(Frozen { processes: vec![other] });
    assert_eq!(frozen.apply().await.unwrap_err(), "the process has ended");
    assert_ne!(id.status().unwrap().state, 'T');
    assert!(frozen.is_gone().await.unwrap());
}

#[tokio::test]
async fn what_was_ended_is_started_once() {
    for how in [How::Asked, How::Killed] {
        let directory = tempfile::tempdir().unwrap();
        let pid_file = directory.path().join("pid");
        let (_child, id) = sleeper();
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
            address: None,
            pid_file: Some(pid_file.clone()),
        });
        let later = again(&ended).await;
        ended.apply().await.unwrap();
        assert!(id.status().is_none());
        assert!(!later.is_gone().await.unwrap());
        later.undo().await.unwrap();
        later.undo().await.unwrap();
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

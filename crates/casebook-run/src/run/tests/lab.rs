//! A small server that needs a process, and runs against it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use casebook_ticket::Standard;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::super::*;
use crate::courier::tests::courier;
use crate::journal::State;
use crate::plan::Obstacle;
use crate::processes;
use crate::session::Case as File;

/// How the server takes the loss of what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    Honest,
    ChecksNothing,
    RefusesAlways,
    RefusesForEver,
    LeaksAJob,
    KeepsJobs,
    Hangs,
}

/// A server and the process that it needs, whose files are in one directory.
pub(super) struct Lab {
    pub(super) directory: tempfile::TempDir,
    pub(super) port: u16,
    pub(super) made: Arc<Made>,
}

/// The jobs that a server has started: how many ever, and those that run.
#[derive(Default)]
pub(super) struct Made(Mutex<(u32, Vec<String>)>);

impl Made {
    pub(super) fn start(&self) -> String {
        let (ever, running) = &mut *self.0.lock().unwrap();
        *ever += 1;
        let id = format!("1-{ever}");
        running.push(id.clone());
        id
    }

    pub(super) fn remove(&self, id: &str) -> &'static str {
        let running = &mut self.0.lock().unwrap().1;
        let place = running.iter().position(|known| known == id);
        place.map_or("404 Not Found", |place| {
            running.remove(place);
            "200 OK"
        })
    }

    pub(super) fn ever(&self) -> u32 {
        self.0.lock().unwrap().0
    }

    pub(super) fn running(&self) -> Vec<String> {
        self.0.lock().unwrap().1.clone()
    }
}

/// Runs that were begun: each has a journal of its own.
pub(super) static RUNS: AtomicU32 = AtomicU32::new(0);

pub(super) const TICKET: &str = r#"---
key: LAB-1
summary: The broker is lost while a job is configured
---

## Pre-Conditions

- There are a server and its broker. `use $server $broker`
- The same request succeeds: `http POST $server/configure @live undo DELETE $server/job/$baseline.json.job_id as baseline` `status 200` `json $.job_id exists`

## Test Data

```json live
{"channels": 3}
```

## Test Steps

| # | Action | Data | Expected Result |
|---|---|---|---|
| 1 | Note what runs | `queue snapshot $server as before` | Noted |
| 2 | End the broker | `kill $broker` | `applied` |
| 3 | It is away | `process state $broker` | `down` |
| 4 | Ask for a job | `http POST $server/configure @live undo DELETE $server/job/$answer.json.job_id as answer` | `status 502 503`, `json $.error contains "broker"`, `json $.job_id absent` |
| 5 | Nothing was started | `queue diff before` | `added = 0` |
| 6 | It was logged | `logs $server since step 4` | `has-any "broker unavailable"`, `has-none "panic"` |
| 7 | Bring the broker back | `undo step 2` | `undone` |
| 8 | Ask again | `http POST $server/configure @live undo DELETE $server/job/$recovered.json.job_id as recovered` | `status 200` |

## Assertions

- `step 4: status 502 503`
- `step 5: added = 0`
"#;

impl Lab {
    pub(super) async fn start(server: Server) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let place = directory.path().to_owned();
        std::fs::write(place.join("log"), "started\n").unwrap();
        std::fs::write(place.join("jobs"), "").unwrap();
        let made = Arc::new(Made::default());
        let jobs = Arc::clone(&made);
        let lab = Self { directory, port, made };
        sh(&lab.start_broker());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, place.clone(), Arc::clone(&jobs), server));
            }
        });
        lab
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn start_broker(&self) -> String {
        format!("sleep 600 </dev/null >/dev/null 2>&1 & echo $! > '{}'", self.path("broker.pid").display())
    }

    pub(super) fn environment(&self, may: &str) -> Environment {
        let (log, jobs, pid) = (self.path("log"), self.path("jobs"), self.path("broker.pid"));
        let text = format!(
            "name = \"lab\"\n[targets.server]\nurl = \"http://127.0.0.1:{}\"\nlogs = {{ file = {log:?} }}\nqueues = [\"cat\", {jobs:?}]\n\
             [targets.broker]\nprocess = {{ pid_file = {pid:?} }}\nstart = [\"sh\", \"-c\", {:?}]\nmay = [{may}]\n",
            self.port,
            self.start_broker()
        );
        Environment::parse("lab.toml", &text, &|_| None).unwrap()
    }

    pub(super) fn state(&self) -> State {
        State::lock(&self.path("state")).unwrap()
    }

    /// The journal of the only run, under another name.
    pub(super) fn journal(&self, name: &str) -> PathBuf {
        let mut files = std::fs::read_dir(self.path("state")).unwrap().map(|file| file.unwrap().path());
        let journal = files.find(|file| file.extension().is_some_and(|ending| ending == "journal")).unwrap();
        let copy = self.path(&format!("{name}.journal"));
        std::fs::copy(journal, &copy).unwrap();
        copy
    }

    pub(super) fn broker(&self) -> Option<crate::processes::ProcessId> {
        processes::in_file(&self.path("broker.pid"))
    }

    pub(super) async fn run(&self, text: &str, stop: watch::Receiver<bool>) -> CaseRecord {
        let environment = self.environment("\"kill\"");
        let plan = planned(text, &environment).unwrap_or_else(|obstacles| panic!("{obstacles:?}"));
        let journal = self.state().begin(&format!("run{}", RUNS.fetch_add(1, Ordering::Relaxed))).unwrap();
        let courier = courier(journal.path());
        let setting = Setting { environment: &environment, prober: &[], tag: "lab", courier, stop };
        run(&plan, ("tickets/LAB-1.md".into(), String::new()), journal, setting, &mut Silent).await
    }
}

fn sh(command: &str) {
    assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success());
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Some(broker) = self.broker() {
            broker.signal(rustix::process::Signal::KILL).unwrap();
        }
    }
}

pub(super) async fn serve(mut stream: TcpStream, place: PathBuf, made: Arc<Made>, kind: Server) {
    let mut request = vec![0; 4096];
    let Ok(read) = stream.read(&mut request).await else { return };
    let request = String::from_utf8_lossy(&request[..read]).into_owned();
    if let Some(path) = request.strip_prefix("DELETE /job/") {
        let id = path.split(' ').next().unwrap();
        let status = if kind == Server::KeepsJobs { "403 Forbidden" } else { made.remove(id) };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
        return;
    }
    if request.starts_with("GET /job/") {
        let answer = b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        return;
    }
    assert!(request.contains("{\"channels\": 3}"), "{request}");
    let is_up = processes::in_file(&place.join("broker.pid")).is_some();
    let was_down = std::fs::read_to_string(place.join("log")).unwrap().contains("unavailable");
    let serves = match kind {
        Server::Honest | Server::LeaksAJob | Server::KeepsJobs | Server::Hangs => is_up,
        Server::ChecksNothing => true,
        Server::RefusesAlways => false,
        Server::RefusesForEver => is_up && !was_down,
    };
    let append = |name: &str, line: &str| {
        let mut text = std::fs::read_to_string(place.join(name)).unwrap();
        text.push_str(line);
        std::fs::write(place.join(name), text).unwrap();
    };
    let (status, body) = if serves {
        ("200 OK", json!({ "job_id": made.start() }))
    } else if kind == Server::Hangs {
        append("log", "hangs\n");
        return std::future::pending().await;
    } else {
        append("log", "broker unavailable\n");
        if kind == Server::LeaksAJob {
            append("jobs", "job-1\n");
        }
        ("503 Service Unavailable", json!({ "error": "broker unavailable: gone" }))
    };
    let body = body.to_string();
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.unwrap();
}

pub(super) fn planned(text: &str, environment: &Environment) -> Result<Plan, Vec<Obstacle>> {
    File::read("LAB-1.md", text.as_bytes().to_vec(), &Standard::built_in(), environment, false).plan
}

pub(super) struct Silent;

impl Progress for Silent {
    fn begins(&mut self, _: &PlannedStep) {}
    fn ended(&mut self, _: &StepRecord) {}
    fn puts_back(&mut self) {}
}

pub(super) fn never() -> watch::Receiver<bool> {
    watch::channel(false).1
}

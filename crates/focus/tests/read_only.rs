//! Recordings on a file system that can only be read, with the real program in a mount namespace of its own.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use focus_recordings::{EXCERPT, EXCERPT_NAME};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Longer than anything here takes, on a slow machine too.
const DEADLINE: Duration = Duration::from_secs(30);
/// The first argument becomes a mount that can only be read, for the command that the others are.
const READ_ONLY: &str = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@""#;

/// Such a command; `None`, and says so, where the machine has no such namespaces.
async fn where_read_only(directory: &Path, program: &[&str]) -> Option<Command> {
    let command = |program: &[&str]| {
        let mut command = Command::new("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-c", READ_ONLY, "sh"])
            .arg(directory)
            .args(program);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    };
    let tried = timeout(DEADLINE, command(&["true"]).status()).await.unwrap();
    if tried.is_ok_and(|status| status.success()) {
        Some(command(program))
    } else {
        eprintln!("skipped: no user and mount namespaces here");
        None
    }
}

/// `focus up` on a free port, in a directory of its own for everything that is not named.
fn up<'a>(data: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let up = [env!("CARGO_BIN_EXE_focus"), "up", "--listen", "127.0.0.1:0", "--log-format", "json"];
    [&up, ["--data-dir", data].as_slice(), more].concat()
}

/// The address that it serves at, as it says in its log.
async fn url(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut heard = Vec::new();
    while let Some(line) = timeout(DEADLINE, lines.next_line()).await.unwrap().unwrap() {
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(url) = said["url"].as_str() {
            return url.to_owned();
        }
        heard.push(line);
    }
    panic!("it does not serve:\n{}", heard.join("\n"));
}

#[tokio::test]
async fn recordings_that_can_only_be_read_are_served_from_an_index_elsewhere() {
    let (data, index) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::fs::write(data.path().join(EXCERPT_NAME), EXCERPT).unwrap();
    let arguments = ["--index-dir", index.path().to_str().unwrap()];
    let program = up(data.path().to_str().unwrap(), &arguments);
    let Some(mut command) = where_read_only(data.path(), &program).await else { return };
    let mut child = command.spawn().unwrap();
    let asked = reqwest::Client::new()
        .post(format!("{}/recordings_in_time_range", url(&mut child).await))
        .json(&json!({"start_time": 0, "end_time": 4e9}))
        .timeout(DEADLINE);
    let recordings: Vec<[f64; 2]> = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(recordings.len(), 1, "{recordings:?}");
    child.kill().await.unwrap();
}

#[tokio::test]
async fn without_an_index_elsewhere_it_says_what_to_do() {
    for (recordings, live) in [(true, "none"), (false, "none"), (false, "replay")] {
        let data = TempDir::new().unwrap();
        if recordings {
            std::fs::write(data.path().join(EXCERPT_NAME), EXCERPT).unwrap();
        }
        let program = up(data.path().to_str().unwrap(), &["--live", live]);
        let Some(mut command) = where_read_only(data.path(), &program).await else { return };
        let output = timeout(DEADLINE, command.output()).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let told = ["cannot write", data.path().to_str().unwrap(), "--index-dir"];
        assert!(told.iter().all(|part| said.contains(part)), "{said}");
    }
}

#[tokio::test]
async fn an_index_that_came_with_the_recordings_changes_nothing() {
    let (data, index) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::fs::write(data.path().join(EXCERPT_NAME), EXCERPT).unwrap();
    let beside = data.path().join("catalogue.sqlite");
    let catalogue = focus_recordings::SqliteCatalogue::open(&beside, data.path()).await.unwrap();
    catalogue.scan().await.unwrap();
    drop(catalogue);
    let data_dir = data.path().to_str().unwrap();
    let Some(mut command) = where_read_only(data.path(), &up(data_dir, &["--live", "none"])).await else {
        return;
    };
    let output = timeout(DEADLINE, command.output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));

    let program = up(data_dir, &["--live", "none", "--index-dir", index.path().to_str().unwrap()]);
    let mut child = where_read_only(data.path(), &program).await.unwrap().spawn().unwrap();
    url(&mut child).await;
    child.kill().await.unwrap();
}

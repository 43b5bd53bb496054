//! `focus view` as a person runs it, against a fake server.

mod fake;

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use fake::{Behaviour, Fake};
use serde_json::{Value, json};

fn focus(fake: &Fake, dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_focus"));
    command.args(["view", "--at", &format!("http://{}", fake.http)]).args(arguments).current_dir(dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end while the fake goes on answering.
async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_written_and_the_job_removed() {
    let (fake, dir) = (Fake::start(Behaviour::Whole).await, tempfile::tempdir().unwrap());
    let output = run(focus(&fake, dir.path(), &["--last", "--size", "800x500"])).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = (text(&output.stdout), text(&output.stderr));
    assert_eq!(told, ("focus-0-7.png\n", "a second of it is missing\n"));
    let file = std::fs::File::open(dir.path().join("focus-0-7.png")).unwrap();
    let reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (800, 500));
    assert_eq!(fake.deleted(), ["0-6", "0-7"], "also the job that tells how many channels were recorded");
    let asked = fake.configured();
    assert_eq!((&asked["start_time"], &asked["end_time"]), (&json!(200.0), &json!(205.0)));
    assert_eq!(asked["channels"], json!({"min": 1, "max": 6}));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_as_json_lines_and_nothing_else() {
    let (fake, dir) = (Fake::start(Behaviour::Whole).await, tempfile::tempdir().unwrap());
    let arguments = ["--json", "--type", "spectrogram", "--from", "1458545850", "--to", "1458545855"];
    let output = run(focus(&fake, dir.path(), &arguments)).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let lines: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 50);
    assert_eq!(lines[1]["time"], "2016-03-21T07:37:30.1Z");
    assert_eq!(lines[1]["values"][0], json!([11.0, 11.0, 11.0]));
    assert_eq!(lines[1]["values"][5], json!([null, null, null]));
    assert_eq!(
        lines.iter().map(|line| line["row_index"].as_i64().unwrap()).collect::<Vec<_>>(),
        (0..50).collect::<Vec<_>>()
    );
    assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "no picture is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_view_ends_after_its_time() {
    let (fake, dir) = (Fake::start(Behaviour::Whole).await, tempfile::tempdir().unwrap());
    let output = run(focus(&fake, dir.path(), &["--live", "2", "--with-past", "--json"])).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!((&fake.configured()["withPast"], text(&output.stderr)), (&json!(true), ""));
    assert_eq!(text(&output.stdout).lines().count(), 20);
    assert_eq!(fake.deleted(), ["0-7"]);
    assert!(fake.configured().get("start_time").is_none());
    assert_eq!(fake.configured()["channels"], json!({"min": 1, "max": 9}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_in_the_servers_words() {
    let (fake, dir) = (Fake::start(Behaviour::Refuses).await, tempfile::tempdir().unwrap());
    let output = run(focus(&fake, dir.path(), &[])).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "error: RabbitMQ unavailable: connection refused (status 503)\n");
    assert!(output.stdout.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_break_off_are_an_error_and_the_job_is_removed() {
    let (fake, dir) = (Fake::start(Behaviour::Breaks).await, tempfile::tempdir().unwrap());
    let output = run(focus(&fake, dir.path(), &["--last"])).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("the job was stopped"), "{}", text(&output.stderr));
    assert_eq!(fake.deleted(), ["0-6", "0-7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_view_removes_its_job() {
    let (fake, dir) = (Fake::start(Behaviour::Stalls).await, tempfile::tempdir().unwrap());
    let child = focus(&fake, dir.path(), &["--live", "60"]).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while fake.configured().is_null() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert_eq!(fake.deleted(), ["0-7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_being_started_is_waited_for_and_who_waits_is_told() {
    let (mut fake, dir) = (Fake::start(Behaviour::StartsLate).await, tempfile::tempdir().unwrap());
    let began = Instant::now();
    let mut child = focus(&fake, dir.path(), &["--live", "2"]).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let stderr = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        (line, stderr)
    });
    let (line, mut stderr) = stderr.await.unwrap();
    assert_eq!(line, "waiting for the job to start\n");
    assert!(began.elapsed() > Duration::from_secs(1));
    fake.listen();
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    let mut more = String::new();
    stderr.read_to_string(&mut more).unwrap();
    assert!(output.status.success(), "{more}");
    assert_eq!((text(&output.stdout), more.as_str()), ("focus-0-7.png\n", ""), "it is told once");
    assert_eq!(fake.deleted(), ["0-7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_want_to_wait_any_longer_leaves_no_job() {
    let (fake, dir) = (Fake::start(Behaviour::StartsLate).await, tempfile::tempdir().unwrap());
    let mut child = focus(&fake, dir.path(), &["--last"]).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let told = tokio::task::spawn_blocking(move || stderr.read_line(&mut String::new()).unwrap());
    assert_ne!(told.await.unwrap(), 0);
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    assert_eq!(status.code(), Some(130));
    assert_eq!(fake.deleted(), ["0-6", "0-7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prefix_of_a_server_is_kept() {
    let (fake, dir) = (Fake::start(Behaviour::Whole).await, tempfile::tempdir().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_focus"));
    let at = format!("http://{}/focus-server/", fake.http);
    command.args(["view", "--at", &at, "--last", "--type", "single", "--channel", "1", "-o", "one.png"]);
    command.current_dir(dir.path());
    let output = run(command).await;
    // The fake gives three streams whatever is asked for; the picture is of the first channel.
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "one.png\n");
}

#[test]
fn an_absent_server_is_told_with_a_remedy() {
    let focus =
        |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_focus")).args(arguments).output().unwrap();
    let output = focus(&["view", "--at", "http://127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("`focus up` starts one"), "{}", text(&output.stderr));
    let secure = focus(&["view", "--at", "https://127.0.0.1:1"]);
    assert_eq!(secure.status.code(), Some(1));
    assert!(text(&secure.stderr).contains("TLS is not supported; give the server's http:// address"));
    assert_eq!(focus(&["view", "--band", "2-15"]).status.code(), Some(2));
    assert_eq!(focus(&["view", "--height", "0"]).status.code(), Some(2));
    let help = focus(&[]);
    assert_eq!(help.status.code(), Some(2));
    assert!(text(&help.stderr).contains("Examples:"));
}

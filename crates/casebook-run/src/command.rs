//! Programs that are run to their end, within a deadline.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

/// What a program wrote and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it wrote to its output.
    pub(crate) output: String,
    /// What it wrote about its errors.
    pub(crate) errors: String,
}

/// Runs a program. Past the deadline it is killed.
///
/// # Errors
///
/// A sentence, when it cannot be started or does not end in time.
pub(crate) async fn run(words: &[String], input: &str, deadline: Duration) -> Result<Ended, String> {
    let (program, arguments) = words.split_first().ok_or("no program is named")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| format!("{program} cannot be started: {error}"))?;
    let stdin = child.stdin.take();
    let work = async {
        if let Some(mut stdin) = stdin {
            // A program that does not read it says why by itself.
            drop(stdin.write_all(input.as_bytes()).await);
        }
        child.wait_with_output().await
    };
    let ended =
        timeout(deadline, work).await.map_err(|_| format!("{program} has not ended after {deadline:?}"))?;
    let ended = ended.map_err(|error| format!("{program}: {error}"))?;
    Ok(Ended {
        code: ended.status.code(),
        output: String::from_utf8_lossy(&ended.stdout).into_owned(),
        errors: String::from_utf8_lossy(&ended.stderr).into_owned(),
    })
}

/// Runs a program that must succeed.
///
/// # Errors
///
/// A sentence, also when it says itself that it failed.
pub(crate) async fn succeed(words: &[String], input: &str, deadline: Duration) -> Result<String, String> {
    let ended = run(words, input, deadline).await?;
    if ended.code == Some(0) {
        return Ok(ended.output);
    }
    let program = words.first().map_or("", String::as_str);
    let code = ended.code.map_or_else(|| "by a signal".to_owned(), |code| format!("with code {code}"));
    let said = ended.errors.trim();
    Err(format!("{program} ended {code}{}{said}", if said.is_empty() { "" } else { ": " }))
}

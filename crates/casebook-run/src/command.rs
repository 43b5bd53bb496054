//! Programs that are run to their end, within a deadline.

use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;

/// What a program wrote is read for so long when it has ended: whoever it started may keep its output open for ever.
const REST_WITHIN: Duration = Duration::from_millis(500);

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
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let work = async {
        let write = async {
            if let Some(mut stdin) = stdin {
                // A program that does not read it says why by itself.
                drop(stdin.write_all(input.as_bytes()).await);
            }
        };
        let mut talk = pin!(async {
            tokio::join!(write, read(stdout, &mut output), read(stderr, &mut errors));
        });
        tokio::select! {
            ended = child.wait() => {
                // What is there is read at once.
                let _ = timeout(REST_WITHIN, talk).await;
                ended
            }
            () = &mut talk => child.wait().await,
        }
    };
    let ended =
        timeout(deadline, work).await.map_err(|_| format!("{program} has not ended after {deadline:?}"))?;
    let ended = ended.map_err(|error| format!("{program}: {error}"))?;
    Ok(Ended {
        code: ended.code(),
        output: String::from_utf8_lossy(&output).into_owned(),
        errors: String::from_utf8_lossy(&errors).into_owned(),
    })
}

/// Reads to the end, or as far as there is time.
async fn read(pipe: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    if let Some(mut pipe) = pipe {
        // What was read until it broke is what there is.
        drop(pipe.read_to_end(into).await);
    }
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    async fn sh(text: &str, deadline: Duration) -> Result<Ended, String> {
        run(&["sh", "-c", text].map(str::to_owned), "", deadline).await
    }

    #[tokio::test]
    async fn what_it_leaves_running_is_not_waited_for() {
        let began = Instant::now();
        let ended =
            sh("echo started; echo odd >&2; sleep 60 & exit 3", Duration::from_secs(20)).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(10));
        assert_eq!(
            (ended.code, ended.output.as_str(), ended.errors.as_str()),
            (Some(3), "started\n", "odd\n")
        );
    }

    #[tokio::test]
    async fn all_that_it_writes_is_read_and_all_that_it_is_told_written() {
        let input = "x".repeat(1 << 20);
        let cat = ["cat"].map(str::to_owned);
        let ended = run(&cat, &input, Duration::from_secs(20)).await.unwrap();
        assert_eq!((ended.code, ended.output.len()), (Some(0), 1 << 20));
    }

    #[tokio::test]
    async fn past_its_deadline_it_is_ended() {
        let error = sh("exec sleep 60", Duration::from_millis(100)).await.unwrap_err();
        assert_eq!(error, "sh has not ended after 100ms");
        let error = sh("exec >&- 2>&-; exec sleep 60", Duration::from_millis(100)).await.unwrap_err();
        assert_eq!(error, "sh has not ended after 100ms");
    }
}

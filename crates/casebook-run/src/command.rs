//! Programs that are run to their end, within a deadline.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use std::{env, fs, io};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::processes::ProcessId;

/// What a program wrote is read for so long when it has ended: whoever it started may keep its output open for ever.
const REST_WITHIN: Duration = Duration::from_millis(500);
/// Becomes a program when it is told so by a first line, and ends when nobody is left who could say it.
const GATE: [&str; 4] = ["sh", "-c", "read -r _ && exec \"$@\"", "sh"];

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

/// A program that runs, with what it has started: all are killed when nobody waits for it any more.
struct Running {
    child: Child,
    /// The group that it leads, as long as it has not ended.
    group: Option<Pid>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // It may be ending.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Running {
    fn start(words: &[&str], variable: Option<(&str, &str)>) -> io::Result<Self> {
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        // What ends this program by its terminal does not cut a change in half.
        command.args(arguments).envs(variable).process_group(0).kill_on_drop(true);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(Self { child, group })
    }

    /// Gives it its input, and waits for its end.
    async fn end(mut self, input: &str) -> io::Result<Ended> {
        let (stdin, stdout, stderr) =
            (self.child.stdin.take(), self.child.stdout.take(), self.child.stderr.take());
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let write = async {
            if let Some(mut stdin) = stdin {
                // A program that does not read it says why by itself.
                drop(stdin.write_all(input.as_bytes()).await);
            }
        };
        let status = {
            let mut talk = pin!(async {
                tokio::join!(write, read(stdout, &mut output), read(stderr, &mut errors));
            });
            tokio::select! {
                ended = self.ended() => {
                    // What is there is read at once.
                    let _ = timeout(REST_WITHIN, talk).await;
                    ended?
                }
                () = &mut talk => self.ended().await?,
            }
        };
        Ok(Ended {
            code: status.code(),
            output: String::from_utf8_lossy(&output).into_owned(),
            errors: String::from_utf8_lossy(&errors).into_owned(),
        })
    }

    /// What it leaves running in its group when it has ended is left running on purpose.
    async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.group = None;
        Ok(status)
    }
}

/// Runs a program. Past the deadline it is killed, with what it has started.
///
/// # Errors
///
/// A sentence, when it cannot be started or does not end in time.
pub(crate) async fn run(words: &[String], input: &str, deadline: Duration) -> Result<Ended, String> {
    let program = words.first().ok_or("no program is named")?;
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let running = Running::start(&words, None);
    let running = running.map_err(|error| format!("{program} cannot be started: {error}"))?;
    ended(program, running, input, deadline).await
}

/// Runs a program that changes something and must succeed. `begins` hears of its process before it does anything, and
/// `variable` is in its environment.
///
/// # Errors
///
/// A sentence, also when it says itself that it failed. Nothing was done when `begins` was not told, or refused.
pub(crate) async fn change(
    words: &[String],
    variable: (&str, &str),
    input: &str,
    deadline: Duration,
    begins: impl FnOnce(ProcessId) -> Result<(), String>,
) -> Result<String, String> {
    let program = words.first().ok_or("no program is named")?;
    if !is_program(program) {
        return Err(format!("{program} cannot be started: there is no such program"));
    }
    let gated: Vec<_> = GATE.into_iter().chain(words.iter().map(String::as_str)).collect();
    let running = Running::start(&gated, Some(variable));
    let running = running.map_err(|error| format!("{program} cannot be started: {error}"))?;
    let process = running.child.id().and_then(ProcessId::of);
    begins(process.ok_or_else(|| format!("{program} cannot be started"))?)?;
    succeeded(program, ended(program, running, &format!("go\n{input}"), deadline).await?)
}

async fn ended(program: &str, running: Running, input: &str, deadline: Duration) -> Result<Ended, String> {
    let ended = timeout(deadline, running.end(input)).await;
    let ended = ended.map_err(|_| format!("{program} has not ended after {deadline:?}"))?;
    ended.map_err(|error| format!("{program}: {error}"))
}

/// Whether the system would find a program of that name.
fn is_program(name: &str) -> bool {
    let runs = |path: &Path| {
        fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        return runs(Path::new(name));
    }
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|below| runs(&below.join(name))))
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
    succeeded(words.first().map_or("", String::as_str), ended)
}

fn succeeded(program: &str, ended: Ended) -> Result<String, String> {
    if ended.code == Some(0) {
        return Ok(ended.output);
    }
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

    /// The process that `text`, cut off at its deadline, has left the number of in `$file`.
    async fn cut_off_after_starting(text: &str) -> u32 {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("started");
        // On a busy machine nothing is started within the first of them.
        for deadline in [200, 2_000, 20_000].map(Duration::from_millis) {
            sh(&format!("file='{}'; {text}", file.display()), deadline).await.unwrap_err();
            if let Ok(number) = fs::read_to_string(&file)
                && let Ok(number) = number.trim().parse()
            {
                return number;
            }
        }
        panic!("nothing was started");
    }

    #[tokio::test]
    async fn what_it_has_started_ends_with_it() {
        for text in ["sleep 600 & echo $! > $file; wait", "(sleep 600 & echo $! > $file; wait) & wait"] {
            let started = cut_off_after_starting(text).await;
            let began = Instant::now();
            while ProcessId::of(started).is_some() {
                assert!(began.elapsed() < Duration::from_secs(60), "it went on");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    #[tokio::test]
    async fn nothing_is_changed_before_somebody_knows_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("made");
        let make = ["sh", "-c", &format!("cat > '{}'; echo $MARK", file.display())].map(str::to_owned);
        let within = Duration::from_secs(20);
        let refuses = |_| Err("no".to_owned());
        assert_eq!(change(&make, ("MARK", "x"), "", within, refuses).await.unwrap_err(), "no");
        let mut known = None;
        let is_told = |process: ProcessId| {
            assert!(process.status().is_some() && !file.exists());
            known = Some(process);
            Ok(())
        };
        assert_eq!(change(&make, ("MARK", "x"), "read\n", within, is_told).await.unwrap(), "x\n");
        assert_eq!(fs::read_to_string(&file).unwrap(), "read\n");
        assert!(known.unwrap().status().is_none());
        let nothing = ["no-such-program".to_owned()];
        let error = change(&nothing, ("MARK", "x"), "", within, |_| panic!("it began")).await.unwrap_err();
        assert_eq!(error, "no-such-program cannot be started: there is no such program");
    }
}

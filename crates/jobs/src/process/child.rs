use std::env;
use std::future::pending;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use focus_live::rabbitmq;
use focus_stream::Share;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::sync::{SetOnce, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::order::{Asked, Counts, Order, Told, line};
use crate::keeper::{CLEAR, FAREWELL, LAST_ROWS};
use crate::{JobState, LaunchError, Report};

/// Settings of this program in the environment are none of a worker's business: they may be secret.
const SETTINGS: &str = "FOCUS_";
/// A process that has told nothing for this long hangs.
const SILENCE: Duration = Duration::from_secs(10);
/// A process whose job has ended may take this long beyond what the farewell takes.
const SPARE: Duration = Duration::from_secs(1);
/// A process takes one line within this time.
const LINE_DEADLINE: Duration = Duration::from_secs(1);
/// A killed process is gone within this time, unless the kernel itself waits for something.
const KILL_DEADLINE: Duration = Duration::from_millis(500);

/// What one process contributes to the metrics of this one.
#[derive(Debug)]
pub(super) struct Shares {
    pub(super) stream: Share,
    pub(super) live: rabbitmq::Metrics,
    pub(super) live_before: rabbitmq::Counts,
}

impl Shares {
    fn set(&mut self, counts: Counts) {
        self.stream.set(counts.stream);
        self.live.add(self.live_before, counts.live);
        self.live_before = counts.live;
    }
}

/// The process of one job.
#[derive(Debug)]
pub(super) struct Child {
    process: tokio::process::Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    id: String,
}

impl Child {
    /// Starts `program work` and waits until its job can be read, at the port that is returned.
    ///
    /// # Errors
    /// When there is no such job by `by`; then there is no process either.
    pub(super) async fn start(
        program: &Path,
        order: &Order,
        by: Instant,
    ) -> Result<(Self, u16), LaunchError> {
        let mut child = Self::spawn(program, order)
            .map_err(|error| LaunchError::Failed(format!("{}: {error}", program.display())))?;
        let ready = timeout_at(by, child.ready(order)).await;
        let error = match ready {
            Ok(Ok(port)) => return Ok((child, port)),
            Ok(Err(error)) => error,
            Err(_) => LaunchError::Failed("its process was not ready in time".to_owned()),
        };
        child.kill().await;
        Err(error)
    }

    fn spawn(program: &Path, order: &Order) -> io::Result<Self> {
        let mut command = Command::new(program);
        command
            // What a list of processes shows, wherever the program lies.
            .arg0("focus")
            .arg("work")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            // A Ctrl-C on the terminal is the server's to answer.
            .process_group(0);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with(SETTINGS) {
                command.env_remove(name);
            }
        }
        let mut process = command.spawn()?;
        let pipes = process.stdin.take().zip(process.stdout.take());
        let (input, output) = pipes.ok_or_else(|| io::Error::other("the process has no pipes"))?;
        Ok(Self { process, input, output: BufReader::new(output).lines(), id: order.job.job.to_string() })
    }

    async fn ready(&mut self, order: &Order) -> Result<u16, LaunchError> {
        let order = line(order).map_err(|error| LaunchError::Failed(error.to_string()))?;
        // A process that dies does not read to the end; what it told before is worth more.
        let written = self.input.write_all(&order).await;
        loop {
            match (self.next().await, &written) {
                (Some(Told::Ready(port)), Ok(())) => return Ok(port),
                (Some(Told::Failed(error)), _) => return Err(error),
                (Some(_), _) => {}
                (None, _) => return Err(LaunchError::Failed("its process ended at once".to_owned())),
            }
        }
    }

    /// The next that it tells; `None` when it tells no more.
    async fn next(&mut self) -> Option<Told> {
        loop {
            let line = self.output.next_line().await.ok()??;
            match serde_json::from_str(&line) {
                Ok(told) => return Some(told),
                Err(error) => {
                    tracing::warn!(job = self.id, %error, "its process tells what nobody understands");
                }
            }
        }
    }

    /// Reports how the job is until the process is gone. It is killed when it takes too long to stop, when it hangs, or
    /// when it is `unwanted`.
    pub(super) async fn mind(
        mut self,
        stop: Arc<SetOnce<String>>,
        unwanted: CancellationToken,
        report: watch::Sender<Report>,
        mut shares: Shares,
    ) {
        let mut asked = false;
        let mut heard = Instant::now();
        // By when it must be gone, once it is to end.
        let mut leaves: Option<Instant> = None;
        let kill = loop {
            let stopped = async { if asked { pending().await } else { stop.wait().await } };
            tokio::select! {
                // What it has told counts, also when this process was halted and comes late to read it.
                biased;
                told = self.next() => match told {
                    Some(Told::Report(now, counts)) => {
                        heard = Instant::now();
                        shares.set(counts);
                        if now.state.is_end() && !report.borrow().state.is_end() {
                            leaves = Some(heard + farewell(now.state));
                        }
                        tell(&report, now);
                    }
                    Some(Told::Ready(_) | Told::Failed(_)) => {}
                    None => break None,
                },
                reason = stopped => {
                    asked = true;
                    leaves.get_or_insert_with(|| Instant::now() + farewell(JobState::Cancelled));
                    self.ask(Asked::Stop(reason.clone())).await;
                }
                () = unwanted.cancelled() => break Some("nobody wants it any more"),
                () = sleep_until(leaves.unwrap_or(heard + SILENCE)) => break Some("it does not answer"),
            }
        };
        let status = match kill {
            None => timeout(KILL_DEADLINE, self.process.wait()).await.ok().and_then(Result::ok),
            Some(_) => None,
        };
        let status = match status {
            Some(status) => Some(status),
            None => self.kill().await,
        };
        let last = report.borrow().clone();
        let state = if last.state.is_end() { last.state } else { JobState::Failed };
        if !last.state.is_end() || kill.is_some() {
            let status = status.map_or_else(|| "still there".to_owned(), |status| status.to_string());
            tracing::error!(job = self.id, killed = kill, status, "the job's process ended out of turn");
        }
        drop(shares);
        tell(&report, Report { state, viewers: 0, ..last });
    }

    async fn ask(&mut self, asked: Asked) {
        let Ok(line) = line(&asked) else { return };
        // One that does not take it is killed when its time is over.
        drop(timeout(LINE_DEADLINE, self.input.write_all(&line)).await);
    }

    /// Ends the process at once and waits until it has gone.
    async fn kill(&mut self) -> Option<ExitStatus> {
        // An error says that it has gone already.
        drop(self.process.start_kill());
        timeout(KILL_DEADLINE, self.process.wait()).await.ok()?.ok()
    }
}

/// How long a job's process may take to end in this state.
fn farewell(state: JobState) -> Duration {
    let patience = if state == JobState::Completed { LAST_ROWS } else { FAREWELL };
    patience + CLEAR + SPARE
}

fn tell(report: &watch::Sender<Report>, now: Report) {
    report.send_if_modified(|before| {
        let changed = *before != now;
        *before = now;
        changed
    });
}

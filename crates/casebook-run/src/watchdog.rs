//! A process of its own that puts back what is broken when the run that broke it dies.
//!
//! It holds one end of a pipe and waits: when the other end closes, however the run ended, it looks into the journal. Until
//! then it sends the run's requests that make something.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::courier::{Courier, serve};
use crate::journal::{self, State, StateError};
use crate::undo::{Recovered, recover};

const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// One that has nothing to do ends at once. One that is halted does not, and does nothing later either.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// The run's side.
#[derive(Debug)]
pub struct Watchdog {
    // Closes the pipe when it is dropped.
    courier: Courier,
    /// Becomes true when it has ended.
    gone: watch::Receiver<bool>,
}

impl Watchdog {
    /// Starts it: `command` is how this program is told to be a watchdog; state and journal are added.
    ///
    /// # Errors
    ///
    /// When it cannot be started or does not say that it watches. Nothing may be broken then.
    pub async fn start(command: &[String], state: &Path, journal: &Path) -> io::Result<Self> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut child = Command::new(program)
            .args(arguments)
            .args([state, journal])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut output = BufReader::new(output);
        let mut ready = String::new();
        if output.read_line(&mut ready).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let (sender, gone) = watch::channel(false);
        tokio::spawn(async move {
            drop(child.wait().await);
            sender.send_replace(true);
        });
        Ok(Self { courier: Courier::new(input, output), gone })
    }

    /// Becomes true when it has ended: nothing may be broken any more, for nobody would put it back.
    #[must_use]
    pub fn gone(&self) -> watch::Receiver<bool> {
        self.gone.clone()
    }

    /// Sends requests by it. As long as anybody has this, the watchdog waits.
    #[must_use]
    pub fn courier(&self) -> Courier {
        self.courier.clone()
    }

    /// Leaves it to itself: it puts back what it can when this run is over.
    pub fn leave(self) {
        drop(self.courier);
    }

    /// Ends it when nothing is broken.
    pub async fn end(mut self) {
        drop(self.courier);
        // Whoever would say so does not end before.
        drop(timeout(ENDS_WITHIN, self.gone.wait_for(|gone| *gone)).await);
    }
}

/// Is the watchdog: returns when the run has ended and all is whole, with what it had to do.
///
/// # Errors
///
/// When the journal cannot be read.
pub async fn watch(state: PathBuf, journal: PathBuf) -> Result<Vec<Recovered>, StateError> {
    // Whatever ends the run's session or its terminal must not end this. It may be its leader already.
    let _ = rustix::process::setsid();
    let ignored = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    println!("w");
    // However the pipe ends: the run has.
    let errand = serve(tokio::io::stdin(), tokio::io::stdout(), &journal).await.unwrap_or_default();
    let recovered = put_back(&state, &journal, errand).await;
    drop(ignored);
    recovered
}

/// Puts back what a journal says is broken, as soon as nobody else can be about to. What a request makes that is under way
/// is undone when it has ended; what is broken does not wait for that.
async fn put_back(
    state: &Path,
    journal: &Path,
    errand: Option<JoinHandle<()>>,
) -> Result<Vec<Recovered>, StateError> {
    let pending = || {
        let contents =
            journal::read(journal).map_err(|error| StateError::Io { path: journal.to_owned(), error });
        // The last first.
        contents.map(|contents| contents.pending.into_iter().rev().collect::<Vec<_>>())
    };
    if errand.is_none() && pending()?.is_empty() {
        return Ok(Vec::new());
    }
    // The run may live on, for as long as it likes; later ones do nothing as long as this is pending.
    let locked = loop {
        match State::lock(state) {
            Err(StateError::Busy(_)) => sleep(LOOK_AGAIN).await,
            other => break other?,
        }
    };
    let mut recovered = Vec::new();
    if let Some(errand) = errand {
        let broken = pending()?.into_iter().filter(|pending| !pending.intended.is_made());
        recovered = recover(broken.collect(), false).await;
        // What is not whole is tried again with the rest.
        recovered.retain(|it| it.error.is_none());
        // What has failed in it has left what it wrote down.
        drop(errand.await);
    }
    recovered.extend(recover(pending()?, false).await);
    drop(locked);
    Ok(recovered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;
    use crate::fault::Injection;
    use crate::journal::Intended;

    #[tokio::test(start_paused = true)]
    async fn it_waits_as_long_as_its_run_lives() {
        let directory = tempfile::tempdir().unwrap();
        let run = State::lock(directory.path()).unwrap();
        let mut journal = run.begin("run").unwrap();
        let intended = Intended {
            case: "LAB-1".into(),
            step: "1".into(),
            fault: Fault { what: "break".into(), inverse: "mend".into() },
            injection: Injection::Shell { command: "true".into(), undo: "true".into() },
        };
        journal.intend(intended).unwrap();
        let path = journal.path().to_owned();
        let state = directory.path().to_owned();
        let watching = tokio::spawn(async move { put_back(&state, &path, None).await });
        sleep(Duration::from_hours(1)).await;
        assert!(!watching.is_finished());
        assert_eq!(run.pending().unwrap().len(), 1);
        // What it runs now takes real time.
        tokio::time::resume();
        drop(run);
        let recovered = watching.await.unwrap().unwrap();
        assert!(recovered.iter().map(|it| &it.error).eq([&None]));
        assert_eq!(State::lock(directory.path()).unwrap().pending().unwrap(), []);
    }

    #[tokio::test]
    async fn what_is_broken_does_not_wait_for_a_request_that_is_under_way() {
        let directory = tempfile::tempdir().unwrap();
        let (state, broken) = (directory.path().join("state"), directory.path().join("broken"));
        let mut journal = State::lock(&state).unwrap().begin("run").unwrap();
        let undo = format!("rm '{}'", broken.display());
        let intended = |injection| Intended {
            case: "LAB-1".into(),
            step: "1".into(),
            fault: Fault { what: "break".into(), inverse: "mend".into() },
            injection,
        };
        journal.intend(intended(Injection::Shell { command: "true".into(), undo })).unwrap();
        std::fs::write(&broken, "").unwrap();
        let made = Injection::Made(crate::fault::Made { undo: None, by_hand: String::new(), unseen: false });
        let number = journal.intend(intended(made)).unwrap();
        let errand = tokio::spawn(async move {
            while broken.exists() {
                sleep(Duration::from_millis(5)).await;
            }
            // It has made nothing.
            journal.note(number, crate::FaultState::Verified).unwrap();
        });
        let path = state.join("run.journal");
        let recovered = tokio::time::timeout(Duration::from_secs(20), put_back(&state, &path, Some(errand)));
        let recovered = recovered.await.expect("it waited for the request").unwrap();
        assert!(recovered.iter().map(|it| &it.error).eq([&None]));
        assert_eq!(State::lock(&state).unwrap().pending().unwrap(), []);
    }
}

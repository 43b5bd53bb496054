//! A process of its own that puts back what is broken when the run that broke it dies.
//!
//! It holds one end of a pipe and waits: when the other end closes, however the run ended, it looks into the journal.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};

use crate::journal::{self, State, StateError};
use crate::undo::{Recovered, recover};

/// How long somebody else may have the state, who then puts back himself.
const LOCKED_FOR: Duration = Duration::from_secs(180);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The run's side.
#[derive(Debug)]
pub struct Watchdog {
    // Closes the pipe when it is dropped.
    child: Child,
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
        let mut ready = [0];
        let output = child.stdout.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        output.read_exact(&mut ready).await?;
        Ok(Self { child })
    }

    /// Leaves it to itself: it puts back what it can when this run is over.
    pub fn leave(mut self) {
        drop(self.child.stdin.take());
    }

    /// Ends it when nothing is broken.
    ///
    /// # Errors
    ///
    /// When its end cannot be awaited.
    pub async fn end(mut self) -> io::Result<()> {
        drop(self.child.stdin.take());
        self.child.wait().await.map(drop)
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
    let mut input = tokio::io::stdin();
    let mut buffer = [0; 64];
    while input.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    let pending = || journal::read(&journal).map_err(|error| StateError::Io { path: journal.clone(), error });
    if pending()?.is_empty() {
        return Ok(Vec::new());
    }
    let end = Instant::now() + LOCKED_FOR;
    let locked = loop {
        match State::lock(&state) {
            Err(StateError::Busy(_)) if Instant::now() < end => sleep(LOOK_AGAIN).await,
            other => break other?,
        }
    };
    let recovered = recover(pending()?.into_iter().rev().collect()).await;
    drop((locked, ignored));
    Ok(recovered)
}

//! A process of its own that puts back what is broken when the run that broke it dies.
//!
//! It holds one end of a pipe and waits: when the other end closes, however the run ended, it looks into the journal. Until
//! then it sends the run's requests that make something.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};

use crate::courier::{Courier, serve};
use crate::journal::{self, State, StateError};
use crate::undo::{Recovered, recover};

/// How long somebody else may have the state, who then puts back himself.
const LOCKED_FOR: Duration = Duration::from_secs(180);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The run's side.
#[derive(Debug)]
pub struct Watchdog {
    child: Child,
    // Closes the pipe when it is dropped.
    courier: Courier,
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
        Ok(Self { child, courier: Courier::new(input, output) })
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
    ///
    /// # Errors
    ///
    /// When its end cannot be awaited.
    pub async fn end(mut self) -> io::Result<()> {
        drop(self.courier);
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
    // However the pipe ends: the run has.
    drop(serve(tokio::io::stdin(), tokio::io::stdout(), &journal).await);
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
    let recovered = recover(pending()?.into_iter().rev().collect(), false).await;
    drop((locked, ignored));
    Ok(recovered)
}

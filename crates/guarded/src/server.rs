use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::ops::DerefMut;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Guarded, Signal};

/// How long it may take to start or to stop, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Starts that may fail because somebody else took a port first ..
const TRIES: usize = 3;
/// .. and, where it has to be that port, time for them to give it back.
const GIVEN_BACK: Duration = Duration::from_secs(2);
/// Between two looks whether it serves.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Whether whoever listens at an address serves.
pub type Serves = fn(SocketAddr) -> io::Result<bool>;

/// A private server that can be stopped, killed, frozen and started again.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    command: Command,
    home: PathBuf,
    address: SocketAddr,
    serves: Serves,
    process: Option<Guarded>,
}

impl Server {
    /// A server that does not run yet: `command` runs it, and it writes to `home`, what it says to the file `output` there.
    #[must_use]
    pub fn new(
        name: &'static str,
        command: Command,
        home: &Path,
        address: SocketAddr,
        serves: Serves,
    ) -> Self {
        Self { name, command, home: home.to_owned(), address, serves, process: None }
    }

    /// Starts what `prepare` makes and waits until it serves.
    ///
    /// # Panics
    /// When it cannot be started, with its log.
    #[must_use]
    pub fn start<N: DerefMut<Target = Self>>(prepare: impl Fn() -> N) -> N {
        for _ in 1..TRIES {
            let mut node = prepare();
            if node.launch() {
                return node;
            }
        }
        let mut last = prepare();
        last.start_again();
        last
    }

    /// Whether it serves now; it may have ended, or be silent.
    fn launch(&mut self) -> bool {
        let output = File::options().append(true).create(true).open(self.output());
        let output = output.expect("a file can be written");
        self.command.stdout(output.try_clone().expect("a file has another handle")).stderr(output);
        let process = self.process.insert(Guarded::spawn(&mut self.command, &self.home));
        let started = Instant::now();
        while !(self.serves)(self.address).unwrap_or(false) {
            if process.has_ended() || started.elapsed() > PATIENCE {
                self.process = None;
                return false;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        true
    }

    /// Where it serves. It stays the same.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it in order: it says good-bye to its clients. Connections are refused from then on.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(&mut self) {
        self.stop_asking_every(PATIENCE);
    }

    /// As [`stop`](Self::stop), for a server that may miss a signal: it is asked again whenever this time has passed.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop_asking_every(&mut self, again: Duration) {
        let Some(process) = self.process.take() else { return };
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            process.send(Signal::TERM);
            if process.ends_within(again) {
                return;
            }
        }
        panic!("{} does not stop: {}", self.name, self.log());
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill), at the same address and with what it had
    /// stored; waits until it serves.
    ///
    /// # Panics
    /// When it cannot be started, with its log.
    pub fn start_again(&mut self) {
        for _ in 1..TRIES {
            if self.launch() {
                return;
            }
            std::thread::sleep(GIVEN_BACK);
        }
        assert!(self.launch(), "{} does not start: {}", self.name, self.log());
    }

    /// Halts it: connections stay open and new ones are accepted by the kernel, but nobody answers.
    pub fn freeze(&self) {
        self.process.iter().for_each(Guarded::freeze);
    }

    /// Lets it go on when it is frozen.
    pub fn thaw(&self) {
        self.process.iter().for_each(Guarded::thaw);
    }

    /// What it has written about itself.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.output()).unwrap_or_default()
    }

    fn output(&self) -> PathBuf {
        self.home.join("output")
    }
}

//! For tests and benches only: a private server that speaks MongoDB's protocol.
//!
//! MongoDB itself comes with no package registry. A [`Node`] is `nx-27017` from the Python package of that name, which
//! `./test` installs: the same messages, with SQLite behind them. It can be stopped, killed and frozen, and leaves nothing
//! behind: when it is dropped, and also when the process that started it dies.
//!
//! A test that breaks nothing may as well run on a real MongoDB: see [`Somewhere`].

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use focus_guarded::Guarded;
use rustix::process::Signal;
use tempfile::TempDir;

/// How long it may take to start or to stop, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Starts that may fail because somebody else took the port first.
const TRIES: usize = 3;
/// Between two looks whether it serves.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long a server that serves takes to say so.
const GREETING: Duration = Duration::from_secs(2);
/// Names a real MongoDB for tests that break nothing.
const REAL: &str = "TEST_MONGODB_URL";

/// A private server.
#[derive(Debug)]
pub struct Node {
    // In the order in which they go: the server, what it wrote.
    server: Option<Guarded>,
    home: TempDir,
    port: u16,
}

impl Node {
    /// Starts a server and waits until it serves; about half a second.
    ///
    /// # Panics
    /// When it cannot be started, with its log.
    #[must_use]
    pub fn start() -> Self {
        let mut log = String::new();
        for _ in 0..TRIES {
            let mut node = Self::prepare();
            match node.launch() {
                Ok(()) => return node,
                Err(failure) => log = failure,
            }
        }
        panic!("nx-27017 does not start: {log}")
    }

    fn prepare() -> Self {
        let home = tempfile::Builder::new().prefix("focus-mongodb-").tempdir();
        let home = home.expect("a temporary directory can be made");
        fs::create_dir(home.path().join("data")).expect("a directory can be made");
        let free =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback interface has a free port");
        let port = free.local_addr().expect("it is bound").port();
        Self { server: None, home, port }
    }

    fn launch(&mut self) -> Result<(), String> {
        let home = self.home.path();
        let output = fs::File::create(home.join("output")).expect("a file can be written");
        let mut command = Command::new(program());
        command
            .args(["--host", "127.0.0.1", "--port", &self.port.to_string(), "--journal-mode", "WAL"])
            .arg("--data-dir")
            .arg(home.join("data"))
            .arg("--log-file")
            .arg(home.join("log"))
            .arg("--pid-file")
            .arg(home.join("pid"))
            .current_dir(home)
            .stdout(output.try_clone().expect("a file has another handle"))
            .stderr(output);
        let server = self.server.insert(Guarded::spawn(&mut command, home));
        let started = Instant::now();
        while !serves(self.port) {
            if server.has_ended() || started.elapsed() > PATIENCE {
                self.server = None;
                return Err(self.log());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Where it serves.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The same as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mongodb://{}/", self.address())
    }

    /// Stops it in order. Connections are refused from then on.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(&mut self) {
        let Some(server) = self.server.take() else { return };
        server.send(Signal::TERM);
        let asked = Instant::now();
        while !server.has_ended() {
            assert!(asked.elapsed() < PATIENCE, "nx-27017 does not stop: {}", self.log());
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill), on the same port and with what it had
    /// stored; waits until it serves.
    ///
    /// # Panics
    /// When it cannot be started, with its log.
    pub fn start_again(&mut self) {
        if let Err(log) = self.launch() {
            panic!("nx-27017 does not start again: {log}");
        }
    }

    /// Halts it: connections stay open and new ones are accepted by the kernel, but nobody answers.
    pub fn freeze(&self) {
        if let Some(server) = &self.server {
            server.freeze();
        }
    }

    /// Lets it go on when it is frozen.
    pub fn thaw(&self) {
        if let Some(server) = &self.server {
            server.thaw();
        }
    }

    /// What it has written about itself.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("output")).unwrap_or_default()
    }
}

/// Where a test keeps documents: a private server, or the real MongoDB that `TEST_MONGODB_URL` names.
#[derive(Debug)]
pub struct Somewhere {
    url: String,
    node: Option<Node>,
}

impl Somewhere {
    /// Starts a private server unless a real one is named.
    #[must_use]
    pub fn find() -> Self {
        if let Ok(url) = std::env::var(REAL) {
            return Self { url, node: None };
        }
        let node = Node::start();
        Self { url: node.url(), node: Some(node) }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is a real MongoDB.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.node.is_none()
    }
}

/// Where `./test` puts the program.
fn program() -> PathBuf {
    let program = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/venv/bin/nx-27017"));
    assert!(program.exists(), "nx-27017 is not installed in .cache/venv: run ./test once, it installs it");
    program
}

/// Whether it takes connections.
fn serves(port: u16) -> bool {
    TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), GREETING).is_ok()
}

//! For tests and benches only: a private server that speaks MongoDB's protocol.
//!
//! MongoDB itself comes with no package registry. A [`Node`] is `nx-27017` from the Python package of that name, which
//! `./test` installs: the same messages, with SQLite behind them. It can be stopped, killed and frozen, and leaves nothing
//! behind: when it is dropped, and also when the process that started it dies.
//!
//! A test that breaks nothing may as well run on a real MongoDB: see [`Somewhere`].

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use focus_guarded::Server;
use tempfile::TempDir;

/// How long a server that serves takes to say so.
const GREETING: Duration = Duration::from_secs(2);
/// How long it may take to stop until it is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// Names a real MongoDB for tests that break nothing.
const REAL: &str = "TEST_MONGODB_URL";

/// A private server.
#[derive(Debug)]
pub struct Node {
    // In the order in which they go: the server, what it wrote.
    server: Server,
    _home: TempDir,
}

impl Node {
    /// Starts a server and waits until it serves; about half a second.
    ///
    /// # Panics
    /// When it cannot be started, with its log.
    #[must_use]
    pub fn start() -> Self {
        Server::start(Self::prepare)
    }

    fn prepare() -> Self {
        let directory = tempfile::Builder::new().prefix("focus-mongodb-").tempdir();
        let directory = directory.expect("a temporary directory can be made");
        let home = directory.path();
        fs::create_dir(home.join("data")).expect("a directory can be made");
        let free =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback interface has a free port");
        let address = free.local_addr().expect("it is bound");
        let mut command = Command::new(program());
        command
            .args(["--host", "127.0.0.1", "--port", &address.port().to_string(), "--journal-mode", "WAL"])
            .arg("--data-dir")
            .arg(home.join("data"))
            .arg("--log-file")
            .arg(home.join("log"))
            .arg("--pid-file")
            .arg(home.join("pid"))
            .current_dir(home);
        // That it takes connections is enough.
        let serves = |address: _| TcpStream::connect_timeout(&address, GREETING).map(|_| true);
        Self { server: Server::new("nx-27017", command, home, address, serves), _home: directory }
    }

    /// Its address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mongodb://{}/", self.address())
    }

    /// Stops it in order: it says good-bye to its clients. Connections are refused from then on.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(&mut self) {
        // It leaves by an exception, from wherever the signal meets it; one time in a hundred its event loop swallows that.
        self.server.stop_asking_every(ASK_AGAIN);
    }
}

impl Deref for Node {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl DerefMut for Node {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.server
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

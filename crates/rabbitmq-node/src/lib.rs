//! For tests and benches only: a private RabbitMQ node of one's own.
//!
//! A [`Node`] is a real broker from Debian's `rabbitmq-server` package with its own name, ports, directories and
//! port mapper, reachable from this machine only. It can be stopped, killed, frozen and alarmed, and leaves
//! nothing behind: when it is dropped, and also when the process that started it dies.
//!
//! Everything here blocks, for seconds where the broker starts or is administered.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use focus_guarded::Guarded;
use tempfile::TempDir;

pub use focus_guarded::Server;

/// Where Debian puts the programs. Those of the same names in the path want to become another user.
const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";
/// How long a broker that serves takes to say so.
const GREETING: Duration = Duration::from_secs(2);

/// A private broker.
#[derive(Debug)]
pub struct Node {
    // In the order in which they go: the broker, its port mapper, what it wrote.
    broker: Server,
    _mapper: Guarded,
    home: TempDir,
    ports: Ports,
}

/// Free ports on the loopback interface.
#[derive(Debug)]
struct Ports {
    amqp: u16,
    distribution: u16,
    mapper: u16,
}

impl Ports {
    fn free() -> Self {
        // All at once, so that they differ.
        let [amqp, distribution, mapper] = [(); 3].map(|()| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback interface has a free port")
        });
        let port = |listener: TcpListener| listener.local_addr().expect("it is bound").port();
        Self { amqp: port(amqp), distribution: port(distribution), mapper: port(mapper) }
    }
}

impl Node {
    /// Starts a broker and waits until it serves; about 5 seconds.
    ///
    /// # Panics
    /// When it cannot be started, with its log.
    #[must_use]
    pub fn start() -> Self {
        let server = Path::new(PROGRAMS).join("rabbitmq-server");
        assert!(
            server.exists(),
            "RabbitMQ is not installed on this machine: run ./test once, it installs it"
        );
        Server::start(Self::prepare)
    }

    fn prepare() -> Self {
        let home = tempfile::Builder::new()
            .prefix("focus-rabbitmq-")
            .tempdir()
            .expect("a temporary directory can be made");
        fs::write(home.path().join("rabbitmq.conf"), include_str!("rabbitmq.conf"))
            .expect("a file can be written");
        fs::write(home.path().join("plugins"), "[].").expect("a file can be written");
        let ports = Ports::free();
        let mut mapper = Command::new("epmd");
        mapper.args(["-address", "127.0.0.1", "-port", &ports.mapper.to_string()]);
        let mapper = Guarded::spawn(&mut mapper, home.path());
        let mut command = program("rabbitmq-server", home.path(), &ports);
        command
            // Replaces the script by the broker, which then has the script's process id.
            .env("RABBITMQ_ALLOW_INPUT", "true")
            .env("RABBITMQ_SERVER_START_ARGS", "-noinput");
        let address = (Ipv4Addr::LOCALHOST, ports.amqp).into();
        let broker = Server::new("RabbitMQ", command, home.path(), address, greets);
        Self { broker, _mapper: mapper, home, ports }
    }

    /// Its address as a URL, for the default user and virtual host.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@{}", self.address())
    }

    /// Raises the memory alarm or ends it; about 2 seconds.
    pub fn alarm(&self, on: bool) {
        self.ctl(&["set_vm_memory_high_watermark", if on { "0" } else { "0.4" }]);
    }

    /// What `rabbitmqctl` with these arguments prints; about 2 seconds.
    ///
    /// # Panics
    /// When it fails, with what it says.
    #[must_use = "it may have printed something else"]
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = program("rabbitmqctl", self.home.path(), &self.ports)
            .arg("--quiet")
            .args(arguments)
            .output()
            .expect("it can be run");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "rabbitmqctl {}: {text}{errors}", arguments.join(" "));
        text
    }

    /// Runs `rabbitmqctl` with these arguments; about 2 seconds.
    ///
    /// # Panics
    /// When it fails, with what it says.
    pub fn ctl(&self, arguments: &[&str]) {
        let _ = self.ask(arguments);
    }

    /// The names of all queues; about 2 seconds.
    #[must_use]
    pub fn queues(&self) -> Vec<String> {
        self.names("list_queues", "name")
    }

    /// The connections, each as `client address -> broker address`; about 2 seconds.
    #[must_use]
    pub fn connections(&self) -> Vec<String> {
        self.names("list_connections", "name")
    }

    fn names(&self, list: &str, column: &str) -> Vec<String> {
        self.ask(&[list, "--no-table-headers", column]).lines().map(str::to_owned).collect()
    }
}

impl Deref for Node {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.broker
    }
}

impl DerefMut for Node {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.broker
    }
}

/// One of RabbitMQ's programs, for the node that is there.
fn program(name: &str, home: &Path, ports: &Ports) -> Command {
    let mut program = Command::new(Path::new(PROGRAMS).join(name));
    program
        .stdin(Stdio::null())
        .current_dir(home)
        .env("HOME", home)
        .env("RABBITMQ_CONF_ENV_FILE", home.join("none"))
        .env("RABBITMQ_CONFIG_FILE", home.join("rabbitmq.conf"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", home.join("plugins"))
        .env("RABBITMQ_MNESIA_BASE", home.join("data"))
        .env("RABBITMQ_LOG_BASE", home.join("log"))
        // Names need not be unique: each node has a port mapper of its own.
        .env("RABBITMQ_NODENAME", "focus@localhost")
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODE_PORT", ports.amqp.to_string())
        .env("RABBITMQ_DIST_PORT", ports.distribution.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("ERL_EPMD_PORT", ports.mapper.to_string())
        .env(
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none \
             -kernel inet_dist_use_interface {127,0,0,1}",
        )
        .env("RABBITMQ_CTL_ERL_ARGS", "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none");
    program
}

/// Whether the broker greets those who connect.
fn greets(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(GREETING))?;
    stream.write_all(b"AMQP\x00\x00\x09\x01")?;
    // A frame of the first kind: it asks for the login.
    let mut first = [0];
    stream.read_exact(&mut first)?;
    Ok(first == [1])
}

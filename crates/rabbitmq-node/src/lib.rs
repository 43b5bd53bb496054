//! For tests and benches only: a private RabbitMQ node of one's own.
//!
//! A [`Node`] is a real broker from Debian's `rabbitmq-server` package with its own name, ports, directories and
//! port mapper, reachable from this machine only. It can be stopped, killed, frozen and alarmed, and leaves
//! nothing behind: when it is dropped, and also when the process that started it dies.
//!
//! Everything here blocks, for seconds where the broker starts or is administered.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use focus_guarded::Guarded;
use rustix::process::Signal;
use tempfile::TempDir;

/// Where Debian puts the programs. Those of the same names in the path want to become another user.
const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";
/// How long the broker may take to start or to stop, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Starts that may fail because somebody else took a port first.
const TRIES: usize = 3;
/// Between two looks whether the broker serves.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long a broker that serves takes to say so.
const GREETING: Duration = Duration::from_secs(2);

/// A private broker.
#[derive(Debug)]
pub struct Node {
    // In the order in which they go: the broker, its port mapper, what it wrote.
    broker: Option<Guarded>,
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
        let mut log = String::new();
        for _ in 0..TRIES {
            let mut node = Self::prepare();
            match node.launch() {
                Ok(()) => return node,
                Err(failure) => log = failure,
            }
        }
        panic!("RabbitMQ does not start: {log}")
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
        Self { broker: None, _mapper: mapper, home, ports }
    }

    /// Starts the broker's process and waits until it serves; its log when it does not.
    fn launch(&mut self) -> Result<(), String> {
        let mut server = self.program("rabbitmq-server");
        let output = fs::File::create(self.home.path().join("output")).expect("a file can be written");
        server
            .stdout(output.try_clone().expect("a file has another handle"))
            .stderr(output)
            // Replaces the script by the broker, which then has the script's process id.
            .env("RABBITMQ_ALLOW_INPUT", "true")
            .env("RABBITMQ_SERVER_START_ARGS", "-noinput");
        let broker = self.broker.insert(Guarded::spawn(&mut server, self.home.path()));
        let started = Instant::now();
        while !serves(self.ports.amqp) {
            if broker.has_ended() || started.elapsed() > PATIENCE {
                self.broker = None;
                return Err(self.log());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// One of RabbitMQ's programs, for this node.
    fn program(&self, name: &str) -> Command {
        let home = self.home.path();
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
            .env("RABBITMQ_NODE_PORT", self.ports.amqp.to_string())
            .env("RABBITMQ_DIST_PORT", self.ports.distribution.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("ERL_EPMD_PORT", self.ports.mapper.to_string())
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none \
                 -kernel inet_dist_use_interface {127,0,0,1}",
            )
            .env("RABBITMQ_CTL_ERL_ARGS", "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none");
        program
    }

    /// Where it serves AMQP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.amqp).into()
    }

    /// The same as a URL, for the default user and virtual host.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@{}", self.address())
    }

    /// Stops the broker in order: it says good-bye to its clients. Connections are refused from then on.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(&mut self) {
        let Some(broker) = self.broker.take() else { return };
        broker.send(Signal::TERM);
        let asked = Instant::now();
        while !broker.has_ended() {
            assert!(asked.elapsed() < PATIENCE, "RabbitMQ does not stop: {}", self.log());
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Ends the broker at once, as a crash does.
    pub fn kill(&mut self) {
        self.broker = None;
    }

    /// Starts the broker again after [`stop`](Self::stop) or [`kill`](Self::kill), on the same port and with what
    /// it had stored; waits until it serves.
    ///
    /// # Panics
    /// When it cannot be started, with its log.
    pub fn start_again(&mut self) {
        if let Err(log) = self.launch() {
            panic!("RabbitMQ does not start again: {log}");
        }
    }

    /// Halts the broker: connections stay open and new ones are accepted by the kernel, but nobody answers.
    pub fn freeze(&self) {
        if let Some(broker) = &self.broker {
            broker.freeze();
        }
    }

    /// Lets a frozen broker go on.
    pub fn thaw(&self) {
        if let Some(broker) = &self.broker {
            broker.thaw();
        }
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
        let output =
            self.program("rabbitmqctl").arg("--quiet").args(arguments).output().expect("it can be run");
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

    /// What the broker has written about itself.
    #[must_use]
    pub fn log(&self) -> String {
        let mut text = fs::read_to_string(self.home.path().join("output")).unwrap_or_default();
        for entry in fs::read_dir(self.home.path().join("log")).into_iter().flatten().flatten() {
            text += &fs::read_to_string(entry.path()).unwrap_or_default();
        }
        text
    }
}

/// Whether the broker greets those who connect.
fn serves(port: u16) -> bool {
    let greeted = || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(GREETING))?;
        stream.write_all(b"AMQP\x00\x00\x09\x01")?;
        // A frame of the first kind: it asks for the login.
        let mut first = [0];
        stream.read_exact(&mut first)?;
        Ok::<_, std::io::Error>(first == [1])
    };
    greeted().unwrap_or(false)
}

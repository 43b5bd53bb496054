//! The node that other tests rely on: starts, breaks, comes back, leaves nothing.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use focus_rabbitmq_node::{Node, Server};

/// Longer than it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn greeting(address: SocketAddr, within: Duration) -> std::io::Result<u8> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(within))?;
    stream.write_all(b"AMQP\x00\x00\x09\x01")?;
    let mut first = [0];
    stream.read_exact(&mut first)?;
    Ok(first[0])
}

/// Processes whose command line contains `part`.
fn processes(part: &str) -> usize {
    let commands = std::fs::read_dir("/proc").unwrap().flatten();
    commands
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .filter(|command| String::from_utf8_lossy(command).contains(part))
        .count()
}

#[test]
fn a_node_starts_breaks_comes_back_and_leaves_nothing() {
    let started = Instant::now();
    let mut node = Node::start();
    println!("started in {:?}", started.elapsed());
    let address = node.address();
    assert_eq!(greeting(address, PATIENCE).unwrap(), 1);
    assert_eq!(node.queues(), Vec::<String>::new());
    assert_eq!(node.connections(), Vec::<String>::new());

    node.freeze();
    let silent = greeting(address, Duration::from_millis(500)).unwrap_err();
    assert!(matches!(silent.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silent}");
    node.thaw();
    assert_eq!(greeting(address, PATIENCE).unwrap(), 1);

    node.ctl(&["add_vhost", "kept"]);
    for broken in [Server::stop, Server::kill] {
        broken(&mut node);
        assert_eq!(greeting(address, PATIENCE).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        node.start_again();
        assert_eq!(greeting(address, PATIENCE).unwrap(), 1);
    }
    assert!(node.ask(&["list_vhosts"]).contains("kept"));

    let home = node.ask(&["eval", "os:getenv(\"HOME\")."]);
    let home = home.trim().trim_matches('"');
    assert!(std::path::Path::new(home).exists() && processes(home) > 0, "{home}");
    drop(node);
    assert!(!std::path::Path::new(home).exists());
    assert_eq!(processes(home), 0);
}

//! Connects that fail leave nothing behind: no thread, no descriptor. Alone in its process, for it counts them.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use focus_live::rabbitmq::{Address, Broker, Metrics};

/// Failed connects of each kind.
const TIMES: usize = 200;
/// Deadline of those that get no answer.
const SHORT: Duration = Duration::from_millis(60);
/// What a busy machine may add to a deadline.
const SLACK: Duration = Duration::from_secs(2);
/// Longest wait until what has ended is gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Listens for ever and does this with each connection.
fn listen(answer: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(|stream| answer(stream.unwrap())));
    address
}

/// Says nothing until the other side has gone.
fn hear_out(mut stream: TcpStream) {
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut Vec::new());
}

/// One byte of a good beginning every 20 ms, until the other side is fed up.
fn drip(mut stream: TcpStream) {
    let start = [1, 0, 0, 0, 0, 1, 0, 0, 10, 0, 10, 0, 9];
    for byte in start.into_iter().cycle() {
        if stream.write_all(&[byte]).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends a connection with a reset instead of a good-bye.
fn reset(stream: &TcpStream) {
    // What was received and never read makes the kernel reset the connection when it is closed.
    let mut first = [0];
    let _ = stream.peek(&mut first);
}

fn threads_and_descriptors() -> (usize, usize) {
    let count = |what| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    (count("task"), count("fd"))
}

/// Reads what a client begins with, says this, and waits until the client has gone.
fn say(mut stream: TcpStream, text: &[u8]) {
    let mut first = [0; 8];
    // A client that has gone already hears nothing.
    let _ = stream.read_exact(&mut first).and_then(|()| stream.write_all(text));
    let _ = stream.read_to_end(&mut Vec::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_connects_leave_no_thread_and_no_descriptor() {
    // A port where nobody listens, nor ever will.
    let unheard = tokio::net::TcpSocket::new_v4().unwrap();
    unheard.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let refusing = unheard.local_addr().unwrap();
    let silent = listen(|stream| drop(std::thread::spawn(move || hear_out(stream))));
    let dripping = listen(|stream| drop(std::thread::spawn(move || drip(stream))));
    let resetting = listen(|stream| reset(&stream));
    let closing = listen(drop);
    let talking = listen(|stream| say(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let older = listen(|stream| say(stream, b"AMQP\x00\x01\x00\x00"));
    let closed = "unavailable: it closed the connection during the login";
    let foreign = "error: what answers there does not speak AMQP 0-9-1";
    let subjects = [
        ("amqp", refusing, "unavailable: connection refused"),
        ("amqp", silent, "unavailable: no answer within 60 ms"),
        ("amqp", dripping, "unavailable: no answer within 60 ms"),
        ("amqp", resetting, closed),
        ("amqp", closing, closed),
        ("amqp", talking, foreign),
        ("amqp", older, foreign),
        ("amqps", silent, "unavailable: no answer within 60 ms"),
        ("amqps", closing, "in the TLS handshake"),
        ("amqps", talking, "error: no TLS with"),
    ];
    let subjects = subjects.map(|(scheme, address, text)| Subject::new(scheme, address, text));
    // The first ones make what every process has once.
    let all = || futures::future::join_all(subjects.iter().map(Subject::fail));
    all().await;
    let before = settled(|_| true).await;
    for _ in 0..TIMES {
        all().await;
    }
    let after = settled(|now| now.0 <= before.0 && now.1 <= before.1).await;
    assert!(after.0 <= before.0 && after.1 <= before.1, "{before:?} became {after:?}");
}

struct Subject {
    broker: Broker,
    text: &'static str,
    /// It fails within this time.
    within: Duration,
}

impl Subject {
    fn new(scheme: &str, address: SocketAddr, text: &'static str) -> Self {
        let address = Address::parse(&format!("{scheme}://u:hunter2@{address}")).unwrap();
        // Who is answered does not give up before, on a busy machine.
        let (deadline, within) =
            if text.contains("no answer") { (SHORT, SHORT) } else { (PATIENCE, address.deadline()) };
        let (broker, _) = Broker::start(address.with_deadline(deadline), "focus test", Metrics::default());
        Self { broker, text, within }
    }

    async fn fail(&self) {
        let asked = Instant::now();
        let outage = self.broker.round_trip().await.unwrap_err().to_string();
        assert!(asked.elapsed() < self.within + SLACK, "{:?}: {outage}", asked.elapsed());
        assert!(outage.contains(self.text), "{:?} is not in {outage:?}", self.text);
        assert!(!outage.contains("hunter2"), "{outage}");
    }
}

/// Threads and descriptors when they have stopped to become fewer, or are as wanted.
async fn settled(wanted: impl Fn((usize, usize)) -> bool) -> (usize, usize) {
    let asked = Instant::now();
    loop {
        let before = threads_and_descriptors();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = threads_and_descriptors();
        if (now == before && wanted(now)) || asked.elapsed() > PATIENCE {
            return now;
        }
    }
}

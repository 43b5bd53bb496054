//! The control plane's connection against a real broker that is broken in every way it can be.

use std::future::Future;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use focus_core::Outage;
use focus_live::rabbitmq::{Address, Broker, Metadata, Metrics};
use focus_live::{LiveFibre, Scene, Simulator};
use focus_rabbitmq_node::Node;
use lapin::options::{BasicPublishOptions, ExchangeDeclareOptions};
use lapin::{BasicProperties, ConnectionProperties, ExchangeKind};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long the broker may take to answer: more than it ever takes when all is well, on a busy machine too.
const DEADLINE: Duration = Duration::from_secs(2);
/// What is said when it is over.
const SILENT: &str = "RabbitMQ unavailable: no answer within 2000 ms";
/// What a busy machine may add to a deadline.
const SLACK: Duration = Duration::from_secs(2);
/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

struct Subject {
    broker: Broker,
    live: LiveFibre,
    registry: Registry,
    deadline: Duration,
}

fn address(url: &str) -> Address {
    Address::parse(url).unwrap().with_deadline(DEADLINE)
}

impl Subject {
    fn new(url: &str) -> Self {
        Self::at(address(url))
    }

    fn at(address: Address) -> Self {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let deadline = address.deadline();
        let (broker, live) = Broker::start(address, "focus test", metrics);
        Self { broker, live, registry, deadline }
    }

    /// A round trip, and how long it took; never longer than its deadline.
    async fn trip(&self) -> (Result<(), Outage>, Duration) {
        let asked = Instant::now();
        let result = self.broker.round_trip().await;
        let took = asked.elapsed();
        assert!(took < self.deadline + SLACK, "{took:?}: {result:?}");
        (result, took)
    }

    /// What the failed round trip says.
    async fn outage(&self) -> String {
        self.trip().await.0.unwrap_err().to_string()
    }

    /// Asks as a gate does until the broker serves.
    async fn recovers(&self) -> Duration {
        let asked = Instant::now();
        while let (Err(outage), _) = self.trip().await {
            assert!(asked.elapsed() < PATIENCE, "{outage}");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        asked.elapsed()
    }

    /// Waits until the gate would be told of a change.
    async fn told(&self) {
        timeout(PATIENCE, self.broker.changed().notified()).await.expect("a change is told");
    }

    fn shows(&self, line: &str) -> bool {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text.lines().any(|shown| shown == line)
    }
}

async fn until<T: Future<Output = bool>>(what: &str, condition: impl Fn() -> T) {
    let asked = Instant::now();
    while !condition().await {
        assert!(asked.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Runs what blocks for seconds, off the runtime.
fn administer<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

async fn another_client(node: &Node) -> (lapin::Connection, lapin::Channel) {
    let client = lapin::Connection::connect(&node.url(), ConnectionProperties::default()).await.unwrap();
    let channel = client.create_channel().await.unwrap();
    (client, channel)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn round_trips_tell_the_truth_through_every_fault() {
    let mut node = administer(Node::start);
    let subject = Subject::new(&node.url());
    subject.recovers().await;
    assert!(subject.shows("focus_rabbitmq_blocked 0") && subject.shows("focus_fibre_connected 0"));

    latency(&subject).await;
    many_at_once(&node).await;
    alarm(&node, &subject).await;
    frozen(&node, &subject).await;

    administer(|| node.kill());
    subject.told().await;
    let refused = format!("RabbitMQ unavailable: connection refused ({})", node.address());
    until("connections are refused", async || subject.outage().await == refused).await;
    administer(|| node.start_again());
    println!("after a crash: {:?}", subject.recovers().await);

    administer(|| node.stop());
    subject.told().await;
    assert_eq!(subject.outage().await, refused);
    administer(|| node.start_again());
    println!("after a restart: {:?}", subject.recovers().await);

    assert!(!administer(|| node.queues()).is_empty());
    drop(subject);
    until("nothing is left", async || {
        administer(|| node.queues().is_empty() && node.connections().is_empty())
    })
    .await;
}

async fn latency(subject: &Subject) {
    let mut took = Vec::new();
    for _ in 0..200 {
        let (result, duration) = subject.trip().await;
        assert_eq!(result, Ok(()));
        took.push(duration);
    }
    took.sort_unstable();
    println!("round trip: p50 {:?}, p99 {:?}", took[100], took[198]);
}

async fn many_at_once(node: &Node) {
    let subject = Subject::at(address(&node.url()).with_deadline(PATIENCE));
    let asked = Instant::now();
    let trips = (0..1000).map(|_| subject.broker.round_trip());
    let results = futures::future::join_all(trips).await;
    assert!(results.iter().all(Result::is_ok), "{:?}", results.iter().find(|result| result.is_err()));
    println!("1000 round trips at once: {:?}", asked.elapsed());
    assert_eq!(administer(|| node.connections()).len(), 2, "one for each broker");
}

async fn alarm(node: &Node, subject: &Subject) {
    administer(|| node.alarm(true));
    let blocks = "RabbitMQ unavailable: it blocks publishers (memory or disk alarm";
    // Nobody publishes, so nobody is blocked yet; also the first who asks is told so instead of waiting.
    for _ in 0..3 {
        let outage = subject.outage().await;
        assert!(outage.starts_with(blocks), "{outage}");
    }
    subject.told().await;
    assert!(subject.shows("focus_rabbitmq_blocked 1"));
    // Nor is anything confirmed that is the first on its connection.
    for _ in 0..20 {
        assert!(Subject::new(&node.url()).outage().await.contains("it blocks publishers"));
    }
    let newcomer = Subject::new(&node.url());
    assert!(newcomer.outage().await.contains("it blocks publishers"));
    let waiting = tokio::spawn(newcomer.broker.round_trip());
    assert!(waiting.await.unwrap().is_err());

    administer(|| node.alarm(false));
    subject.told().await;
    until("the gauge falls", async || subject.shows("focus_rabbitmq_blocked 0")).await;
    subject.recovers().await;
    newcomer.recovers().await;
}

async fn frozen(node: &Node, subject: &Subject) {
    node.freeze();
    for _ in 0..3 {
        assert_eq!(subject.outage().await, SILENT);
    }
    // All who ask at once share one attempt.
    let asked = Instant::now();
    let trips = (0..100).map(|_| subject.broker.round_trip());
    assert!(futures::future::join_all(trips).await.iter().all(Result::is_err));
    assert!(asked.elapsed() < subject.deadline + SLACK);
    node.thaw();
    println!("after a freeze: {:?}", subject.recovers().await);
    until("one connection is left", async || administer(|| node.connections()).len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_refuses_is_quoted_and_metadata_makes_the_fibre() {
    let node = administer(Node::start);
    let place = node.address();
    administer(|| {
        node.ctl(&["add_user", "idle", "hunter2"]);
        node.ctl(&["add_vhost", "other"]);
    });
    for (url, wanted) in [
        (format!("amqp://guest:hunter2@{place}"), r#"it refused the login of user "guest""#),
        (format!("amqp://nobody:hunter2@{place}"), r#"it refused the login of user "nobody""#),
        (format!("amqp://guest:guest@{place}/none"), r#"there is no virtual host "none""#),
        (format!("amqp://idle:hunter2@{place}"), r#"user "idle" may not use the virtual host "/""#),
    ] {
        let subject = Subject::new(&url);
        let (result, _) = subject.trip().await;
        let Err(outage @ Outage::Refused { .. }) = result else { panic!("{url}: {result:?}") };
        assert_eq!(outage.to_string(), format!("RabbitMQ error: {wanted}"));
    }
    let tls = Subject::new(&format!("amqps://guest:hunter2@{place}"));
    let outage = tls.outage().await;
    assert!(outage.starts_with("RabbitMQ error: no TLS with \"127.0.0.1\""), "{outage}");

    let (_client, channel) = another_client(&node).await;
    let (options, arguments) = (ExchangeDeclareOptions::default(), lapin::types::FieldTable::default());
    channel.exchange_declare("taken".into(), ExchangeKind::Fanout, options, arguments).await.unwrap();
    let taken = Subject::at(address(&node.url()).with_exchange("taken"));
    let outage = taken.outage().await;
    assert!(outage.starts_with("RabbitMQ error: PRECONDITION_FAILED"), "{outage}");

    metadata(&node).await;
    half_open(&node).await;
}

/// A connection that has silently gone is given up by the round trip that finds out.
async fn half_open(node: &Node) {
    let (address, mute) = proxy(node.address()).await;
    let subject = Subject::new(&format!("amqp://guest:guest@{address}"));
    subject.recovers().await;
    let mut quickest = Duration::MAX;
    for _ in 0..3 {
        subject.recovers().await;
        mute.notify_waiters();
        assert_eq!(subject.outage().await, SILENT);
        quickest = quickest.min(subject.recovers().await);
    }
    assert!(quickest < DEADLINE, "another one had to find out: {quickest:?}");
}

/// Passes everything on until it is muted: then the connections that are there stay open and nothing goes
/// through them any more.
async fn proxy(to: SocketAddr) -> (SocketAddr, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mute = Arc::new(Notify::new());
    let muted = mute.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let muted = muted.clone();
            tokio::spawn(async move {
                let mut broker = TcpStream::connect(to).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut client, &mut broker) => {}
                    () = muted.notified() => std::future::pending().await,
                }
            });
        }
    });
    (address, mute)
}

async fn metadata(node: &Node) {
    let subject = Subject::new(&node.url());
    subject.recovers().await;
    let mut changes = subject.live.changes();
    assert_eq!(subject.live.fibre(), None);
    let fibre = Simulator::new(Scene::default()).unwrap().fibre();
    let sent = Metadata { fibre, band_channels: NonZeroU32::new(128).unwrap() };
    let publish = async || {
        let (_client, channel) = another_client(node).await;
        for body in [b"garbage".to_vec(), sent.to_json()] {
            let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
            channel
                .basic_publish("focus.live".into(), "fibre".into(), options, &body, properties)
                .await
                .unwrap();
        }
        // The client's end would cut what it has not sent yet.
        timeout(PATIENCE, subject.live.changes().wait_for(Option::is_some)).await.unwrap().unwrap();
    };
    publish().await;
    assert_eq!(subject.live.fibre().as_deref(), Some(&sent.fibre));
    assert!(subject.shows("focus_fibre_connected 1"));
    // It stays through a lost connection, and goes when nothing more comes.
    administer(|| node.ctl(&["close_all_connections", "a test"]));
    subject.told().await;
    subject.recovers().await;
    timeout(PATIENCE, changes.wait_for(Option::is_none)).await.unwrap().unwrap();
    until("the gauge falls", async || subject.shows("focus_fibre_connected 0")).await;
    // The new connection listens as well.
    publish().await;
    drop(subject.broker);
    timeout(PATIENCE, changes.wait_for(Option::is_none)).await.unwrap().unwrap();
}

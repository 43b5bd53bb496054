//! One job as a cluster runs it: `focus work --in-pod`, the real program, told by its environment alone.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use focus_core::{Draft, Fibre, JobId, Limits};
use focus_jobs::JobOrder;
use focus_live::rabbitmq::{self, Address as Broker, Publication};
use focus_live::{Feed, LiveOptions, Playback, Scene, Simulator, Source};
use focus_rabbitmq_node::Node;
use focus_recordings::{EXCERPT, EXCERPT_NAME, Recording};
use focus_stream::remote::{self, Address};
use focus_stream::{End, JobSpec, Show, Tls, Viewer};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// Longer than anything here takes, on a slow machine too.
const DEADLINE: Duration = Duration::from_secs(60);
/// Self-signed, for localhost; made for tests and used nowhere else.
const CERTIFICATE: &str = include_str!("localhost/certificate.pem");
/// The key that it was made for.
const ITS_KEY: &str = include_str!("localhost/key.pem");

/// Where pods show what their jobs count.
const METRICS_PORT: u16 = 9464;

/// One that nothing else has, with all its ports.
fn free_address() -> Address {
    static NEXT: AtomicU8 = AtomicU8::new(2);
    let [high, low] = (std::process::id() as u16).to_be_bytes();
    let host = Ipv4Addr::new(127, NEXT.fetch_add(1, Ordering::Relaxed), high, low);
    Address { host: host.to_string(), port: 5000 }
}

/// A job's pod, as far as it is a process.
struct Pod {
    process: Child,
    address: Address,
    home: TempDir,
}

impl Pod {
    /// Starts one on an address of its own with this order, these settings, and nothing else.
    fn start(order: &str, settings: &[(&str, &str)]) -> Self {
        Self::start_on(free_address(), order, settings)
    }

    fn start_on(address: Address, order: &str, settings: &[(&str, &str)]) -> Self {
        let home = TempDir::new().unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_focus"))
            .args(["work", "--in-pod"])
            .env_clear()
            .env("JOB_ORDER", order)
            .env("FOCUS_LISTEN", address.to_string())
            .env("FOCUS_DATA_DIR", home.path())
            .env("FOCUS_LOG_FORMAT", "json")
            .envs(settings.iter().copied())
            .current_dir(home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(home.path().join("log")).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { process, address, home }
    }

    /// The first stream, as soon as the pod serves.
    async fn watch(&self, spec: &JobSpec) -> Viewer {
        let by = Instant::now() + DEADLINE;
        remote::watch_patiently(&self.address, None, spec, 0, by).await.unwrap_or_else(|error| {
            panic!("{error}: {}", self.log());
        })
    }

    async fn report(&self) -> remote::Report {
        remote::report(&self.address, None, DEADLINE).await.unwrap()
    }

    /// The value of a metric, which is there without labels.
    async fn metric(&self, name: &str) -> f64 {
        let text = metrics(&self.address).await.unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    /// As a cluster that wants its pod gone.
    fn terminate(&self) {
        let pid = self.process.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    async fn ended(&mut self) -> ExitStatus {
        let ended = timeout(DEADLINE, self.process.wait()).await;
        ended.unwrap_or_else(|_| panic!("it does not end: {}", self.log())).unwrap()
    }

    async fn exit_code(&mut self) -> Option<i32> {
        self.ended().await.code()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap()
    }

    /// The line of the log that holds `what`, once it is written.
    async fn line(&self, what: &str) -> Value {
        let asked = Instant::now();
        loop {
            let log = self.log();
            // One that is being written has no end yet.
            let mut lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            if let Some(line) = lines.find(|line| line.contains(what)) {
                return serde_json::from_str(line).unwrap();
            }
            assert!(asked.elapsed() < DEADLINE, "no {what:?} in {log}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

fn spec(request: &Value, fibre: Fibre, show: Show) -> JobSpec {
    let draft = Draft::parse(request.to_string().as_bytes(), Timestamp::now()).unwrap();
    let (view, plan) = draft.resolve(&fibre, &Limits::default()).unwrap();
    JobSpec { id: JobId { slot: 3, sequence: 77 }, view, plan, fibre: Arc::new(fibre), show }
}

fn simulator() -> Simulator {
    Simulator::new(Scene { channels: 300, sampling_rate: 500.0, ..Scene::default() }).unwrap()
}

/// A job that shows some of the simulated fibre, and its order.
fn live() -> (JobSpec, String) {
    let request = json!({
        "view_type": 0, "channels": {"min": 100, "max": 160}, "displayInfo": {"height": 100}, "nfftSelection": 128,
    });
    let spec = spec(&request, simulator().fibre(), Show::Live(None));
    let order = JobOrder::new(&spec, &Limits::default(), 64.try_into().ok());
    (spec, order.to_json().unwrap())
}

/// A job that shows some of the recording in `directory`, and its order, which does not name the directory.
fn historic(directory: &Path) -> (JobSpec, String) {
    let file = directory.join(EXCERPT_NAME);
    fs::write(&file, EXCERPT).unwrap();
    let recording = Recording::of_file(&file).unwrap().remove(0);
    let start = recording.start.as_second();
    let request = json!({
        "view_type": 0, "channels": {"min": 1, "max": 500}, "displayInfo": {"height": 100}, "nfftSelection": 128,
        "start_time": start + 2, "end_time": start + 12,
    });
    let spec = spec(&request, recording.fibre.clone(), Show::Historic([recording].into()));
    let order = JobOrder::new(&spec, &Limits::default(), None).relative_to(directory);
    let order = order.to_json().unwrap();
    assert!(!order.contains(directory.to_str().unwrap()));
    (spec, order)
}

/// What Prometheus scrapes of the pod there.
async fn metrics(pod: &Address) -> reqwest::Result<String> {
    let url = format!("http://{}:{METRICS_PORT}/metrics", pod.host);
    let asked = reqwest::Client::new().get(url).timeout(DEADLINE).send();
    asked.await?.error_for_status()?.text().await
}

/// The simulated fibre on the broker.
fn feed(broker: &Node) -> (Source, Publication) {
    let (live, source) = Playback::simulated(simulator(), LiveOptions::default()).live().unwrap();
    let address = Broker::parse(&broker.url()).unwrap().with_deadline(DEADLINE);
    (source, rabbitmq::publish(address, "test feed", Feed::from(&live), 64.try_into().unwrap()))
}

async fn ended(viewer: &mut Viewer) -> End {
    let read = async { while viewer.next().await.is_some() {} };
    timeout(DEADLINE, read).await.unwrap();
    viewer.end()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_job_serves_rows_says_how_it_is_and_takes_leave() {
    let broker = Node::start();
    let _feed = feed(&broker);
    let (spec, order) = live();
    let mut pod = Pod::start(&order, &[("FOCUS_RABBITMQ_URL", &broker.url())]);
    let mut viewer = pod.watch(&spec).await;
    let batch = timeout(DEADLINE, viewer.next()).await.unwrap().unwrap();
    assert_eq!((batch.channels.first(), batch.channels.last()), (100, 120));
    let report = pod.report().await;
    assert_eq!((report.end, report.viewers), (None, 1));
    assert!(report.last_row.unwrap() >= batch.rows[0].time);
    assert_eq!(broker.queues().iter().filter(|queue| queue.starts_with("amq.gen")).count(), 1);

    pod.terminate();
    assert_eq!(ended(&mut viewer).await, End::Stopped("the job was stopped".to_owned()));
    drop(viewer);
    assert_eq!(pod.exit_code().await, Some(0), "{}", pod.log());
    let line = pod.line("job started").await;
    assert_eq!((&line["span"]["name"], &line["span"]["id"]), (&"job".into(), &"3-77".into()), "{line}");
    assert_eq!(pod.line("job ended").await["job"], "3-77");
    let left = Instant::now();
    while let queues @ [_, ..] = &broker.queues()[..] {
        assert!(left.elapsed() < DEADLINE, "{queues:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_job_waits_for_its_broker_with_its_viewers() {
    let mut broker = Node::start();
    broker.kill();
    let (spec, order) = live();
    let pod = Pod::start(&order, &[("FOCUS_RABBITMQ_URL", &broker.url())]);
    let mut viewer = pod.watch(&spec).await;
    timeout(Duration::from_secs(1), viewer.next()).await.expect_err("there is nobody to bring rows");
    let report = pod.report().await;
    assert_eq!(report, remote::Report { end: None, viewers: 1, last_row: None });
    let line = pod.line("RabbitMQ unavailable").await;
    assert_eq!((&line["level"], &line["span"]["id"]), (&"WARN".into(), &"3-77".into()), "{line}");

    tokio::task::block_in_place(|| broker.start_again());
    let _feed = feed(&broker);
    let batch = timeout(DEADLINE, viewer.next()).await.unwrap().unwrap();
    assert!(batch.rows[0].complete);
    assert!(!pod.log().contains("guest"), "{}", pod.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_job_counts_is_shown_and_nothing_that_a_server_knows_better() {
    let mut broker = Node::start();
    let _feed = feed(&broker);
    let (spec, order) = live();
    let pod = Pod::start(&order, &[("FOCUS_RABBITMQ_URL", &broker.url())]);
    let mut viewer = pod.watch(&spec).await;
    timeout(DEADLINE, viewer.next()).await.unwrap().unwrap();
    assert!(pod.metric("focus_rows_total").await >= 1.0);
    assert_eq!((pod.metric("focus_viewers").await, pod.metric("focus_rows_lost_total").await), (1.0, 0.0));
    let started = Timestamp::from_second(pod.metric("process_start_time_seconds").await as i64).unwrap();
    assert!(Timestamp::now().duration_since(started) < DEADLINE.try_into().unwrap());
    let text = metrics(&pod.address).await.unwrap();
    assert!(text.contains("focus_build_info{"), "{text}");
    for metric in ["focus_http", "focus_configure", "focus_upstream", "focus_fibre", "focus_rabbitmq"] {
        assert!(!text.contains(metric), "{text}");
    }

    // A busy machine may lose its broker before it is taken from it.
    let counted = async |what: &str| pod.metric(&format!("focus_live_{what}_total")).await;
    let before = (counted("gaps").await, counted("reconnects").await, counted("blocks_lost").await);
    tokio::task::block_in_place(|| {
        broker.kill();
        broker.start_again();
    });
    let is_counted = async {
        while counted("blocks_lost").await <= before.2 {
            viewer.next().await.unwrap();
        }
    };
    timeout(DEADLINE, is_counted).await.unwrap();
    assert!(counted("gaps").await > before.0);
    assert!(counted("reconnects").await > before.1);
}

#[tokio::test]
async fn a_job_whose_metrics_cannot_be_shown_runs_all_the_same() {
    let data = TempDir::new().unwrap();
    let (spec, order) = historic(data.path());
    let address = free_address();
    let taken = std::net::TcpListener::bind((address.host.as_str(), METRICS_PORT)).unwrap();
    let pod = Pod::start_on(address, &order, &[("FOCUS_DATA_DIR", data.path().to_str().unwrap())]);
    assert!(pod.watch(&spec).await.next().await.is_some());
    // It is told by a task of its own.
    let told = async {
        while !pod.log().contains("metrics are not shown") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, told).await.unwrap();
    let line = pod.line("metrics are not shown").await;
    assert_eq!(
        (&line["level"], &line["address"]),
        (&"WARN".into(), &taken.local_addr().unwrap().to_string().into())
    );
}

#[tokio::test]
async fn a_job_that_nobody_connects_to_has_not_failed_and_neither_reports_nor_metrics_keep_one_alive() {
    let (_, order) = live();
    let settings =
        [("FOCUS_RABBITMQ_URL", "amqp://me:hush@127.0.0.1:1"), ("FOCUS_JOBS_CONNECT_WITHIN", "1s")];
    let mut pod = Pod::start(&order, &settings);
    let asking = async {
        let mut open = None;
        loop {
            drop(remote::report(&pod.address, None, DEADLINE).await);
            if open.is_none() {
                open = TcpStream::connect((pod.address.host.as_str(), METRICS_PORT)).await.ok();
            }
            drop(metrics(&pod.address).await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let code = timeout(DEADLINE, async {
        tokio::select! {
            never = asking => never,
            status = pod.process.wait() => status.unwrap().code(),
        }
    });
    assert_eq!(code.await.unwrap(), Some(0));
    assert_eq!(pod.line("job ended").await["reason"], "nobody connected for 1 s");
    assert!(!pod.log().contains("hush"));
}

#[tokio::test]
async fn a_historic_job_ends_by_itself_when_all_was_read() {
    let data = TempDir::new().unwrap();
    let (spec, order) = historic(data.path());
    let directory = data.path().to_str().unwrap();
    let mut pod = Pod::start(&order, &[("FOCUS_DATA_DIR", directory)]);
    drop(pod.watch(&spec).await);
    for stream in 0..3 {
        let mut viewer = remote::watch(&pod.address, None, &spec, stream).await.unwrap();
        assert!(timeout(DEADLINE, viewer.next()).await.unwrap().is_some());
        assert_eq!(ended(&mut viewer).await, End::Completed);
    }
    assert_eq!(pod.exit_code().await, Some(0), "{}", pod.log());
    assert_eq!(pod.line("job ended").await["state"], "Completed");

    // Where the recording is not, the job fails.
    let mut pod = Pod::start(&order, &[]);
    let mut viewer = pod.watch(&spec).await;
    assert!(matches!(ended(&mut viewer).await, End::Failed(_)));
    drop(viewer);
    assert_eq!(pod.exit_code().await, Some(1), "{}", pod.log());
}

#[tokio::test]
async fn a_viewer_that_does_not_read_holds_no_pod_that_is_to_go() {
    let data = TempDir::new().unwrap();
    let (spec, order) = historic(data.path());
    let mut pod = Pod::start(&order, &[("FOCUS_DATA_DIR", data.path().to_str().unwrap())]);
    let mut viewer = pod.watch(&spec).await;
    assert!(viewer.next().await.is_some());
    // Until no more fits on the way to it.
    let mut before = None;
    while before.replace(pod.report().await.last_row) != before {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let told = Instant::now();
    pod.terminate();
    assert_eq!(pod.exit_code().await, Some(0), "{}", pod.log());
    assert!(told.elapsed() < Duration::from_secs(10), "the cluster would have killed it: {}", pod.log());
}

#[tokio::test]
async fn what_cannot_become_a_job_says_why_and_what_it_was_told_is_no_part_of_that() {
    let (_, order) = live();
    let unreadable = order.replacen("\"3-77\"", "\"hush\"", 1);
    for (order, why) in [
        ("", "JOB_ORDER: not the order of a job: it cannot be read at line 1, column 0"),
        ("{\"job\": \"hush\"", "JOB_ORDER: not the order of a job: it cannot be read at line 1, column 14"),
        (&unreadable, "JOB_ORDER: not the order of a job"),
        (&order, "it shows the live fibre, and no broker is named"),
    ] {
        let mut pod = Pod::start(order, &[]);
        assert_eq!(pod.exit_code().await, Some(1));
        let (line, log) = (pod.line("ERROR").await, pod.log());
        assert!(line["message"].as_str().unwrap().contains(why), "{log}");
        assert!(log.lines().count() == 1 && !log.contains("hush"), "{log}");
    }

    let data = TempDir::new().unwrap();
    let (_, order) = historic(data.path());
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = Address::from(taken.local_addr().unwrap());
    let mut pod = Pod::start_on(address, &order, &[]);
    assert_eq!(pod.exit_code().await, Some(1));
    assert!(pod.line("ERROR").await["message"].as_str().unwrap().contains("in use"), "{}", pod.log());
}

#[tokio::test]
async fn over_tls_it_is_read_by_who_knows_it_and_not_without() {
    let data = TempDir::new().unwrap();
    let (spec, order) = historic(data.path());
    let path = |name: &str, text: &str| {
        let path = data.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (certificate, key) = (path("certificate.pem", CERTIFICATE), path("key.pem", ITS_KEY));
    let settings = [
        ("FOCUS_GRPC_TLS_CERT", certificate.as_str()),
        ("FOCUS_GRPC_TLS_KEY", &key),
        ("FOCUS_DATA_DIR", data.path().to_str().unwrap()),
    ];
    let pod = Pod::start(&order, &settings);
    let tls = Tls { certificates: CERTIFICATE.into(), private_key: ITS_KEY.into() };
    let by = Instant::now() + DEADLINE;
    let mut viewer = remote::watch_patiently(&pod.address, Some(&tls), &spec, 0, by).await.unwrap();
    assert!(viewer.next().await.is_some());
    let report = remote::report(&pod.address, Some(&tls), DEADLINE).await.unwrap();
    assert_eq!(report.viewers, 1);
    remote::report(&pod.address, None, DEADLINE).await.unwrap_err();
    remote::watch(&pod.address, None, &spec, 0).await.unwrap_err();
}

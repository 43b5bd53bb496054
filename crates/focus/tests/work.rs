//! Jobs as processes of their own, with the real program: nothing is left of them, however they or the server end.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use focus_api::Build;
use focus_core::{Limits, Outage, Upstream};
use focus_jobs::{
    ConfigureError, ConfigureRequest, GatedCatalogue, Job, JobState, Jobs, Local, LogStyle, Processes,
    Serving, Settings, Upstreams,
};
use focus_live::rabbitmq::{self, Address, Broker, Publication};
use focus_live::{Feed, LiveFibre, LiveOptions, Playback, Scene, Simulator, Source};
use focus_rabbitmq_node::Node;
use focus_recordings::{EXCERPT, EXCERPT_NAME, SqliteCatalogue};
use focus_stopwatch::Stopwatch;
use focus_stream::proto::StreamDataRequest;
use focus_stream::proto::data_stream_service_client::DataStreamServiceClient;
use focus_stream::{End, Tls};
use focus_upstream::{Gate, Probe};
use futures::FutureExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than anything here takes, on a slow machine too.
const DEADLINE: Duration = Duration::from_secs(30);
const START: f64 = 1_458_545_850.532_309;

struct Server {
    jobs: Jobs,
    /// By this name the jobs' processes are known to belong to this test.
    program: PathBuf,
    ports: std::ops::RangeInclusive<u16>,
    live_metrics: rabbitmq::Metrics,
    _data: TempDir,
}

async fn server() -> Server {
    server_with(None, real).await
}

/// The real program under another path, by which its processes are known.
fn real(path: &Path) -> std::io::Result<()> {
    let program = env!("CARGO_BIN_EXE_focus");
    // Another file system has no link to it.
    fs::hard_link(program, path).or_else(|_| fs::copy(program, path).map(drop))
}

async fn server_with(tls: Option<Tls>, program: impl FnOnce(&Path) -> std::io::Result<()>) -> Server {
    let broker = Address::parse("amqp://guest:hush@127.0.0.1:1").unwrap();
    server_on(focus_live::waiting(), broker, tls, program).await
}

async fn server_on(
    fibre: LiveFibre,
    broker: Address,
    tls: Option<Tls>,
    program: impl FnOnce(&Path) -> std::io::Result<()>,
) -> Server {
    let data = TempDir::new().unwrap();
    let path = data.path().join("focus");
    program(&path).unwrap();
    fs::write(data.path().join(EXCERPT_NAME), EXCERPT).unwrap();
    let catalogue = SqliteCatalogue::open(&data.path().join("catalogue.sqlite"), data.path()).await.unwrap();
    catalogue.scan().await.unwrap();

    let metrics = focus_api::Metrics::new(&Build { version: "1".to_owned(), commit: None });
    let probe = Probe::new(Upstream::Catalogue, DEADLINE, || Box::pin(async { Ok(()) }));
    let serving = Serving {
        bind: Ipv4Addr::LOCALHOST.into(),
        ports: free_ports(6),
        tls,
        connect_within: DEADLINE,
        unwatched_for: DEADLINE,
    };
    let live_metrics = rabbitmq::Metrics::default();
    let launcher = Processes {
        program: path.clone(),
        serving: serving.clone(),
        limits: Limits::default(),
        broker,
        fibre: fibre.clone(),
        threads: 1,
        log: LogStyle { format: "json".to_owned(), level: "warn".to_owned() },
        metrics: focus_stream::Metrics::default(),
        live_metrics: live_metrics.clone(),
    };
    let ports = serving.ports.clone();
    let settings = Settings { max_jobs: 4, limits: Limits::default(), public_host: None, serving };
    let upstreams = Upstreams {
        fibre,
        catalogue: GatedCatalogue::new(
            Arc::new(catalogue),
            Gate::start(probe, metrics.upstreams(), None).await,
        ),
        broker: None,
    };
    let home = Local::new(&settings, launcher.into_launcher(), focus_jobs::Metrics::default());
    let jobs = Jobs::new(settings, upstreams, Arc::new(home));
    Server { jobs, program: path, ports, live_metrics, _data: data }
}

/// Ports below the system's ephemeral range that nobody listens on, another stretch for each process.
fn free_ports(count: u16) -> std::ops::RangeInclusive<u16> {
    let mut first = 21_000 + (std::process::id() % 1000) as u16 * 8;
    while !(first..first + count).all(is_free) {
        first = if first > 31_000 { 21_000 } else { first + 8 };
    }
    first..=first + count - 1
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn historic() -> Value {
    json!({
        "view_type": 0, "channels": {"min": 1, "max": 30}, "displayInfo": {"height": 100},
        "nfftSelection": 128, "start_time": START, "end_time": START + 20.0,
    })
}

fn request() -> ConfigureRequest {
    ConfigureRequest {
        body: historic().to_string().into(),
        idempotency_key: None,
        host: "127.0.0.1".to_owned(),
    }
}

/// The processes that run `program`, be it a script. Not zombies.
fn processes(program: &Path) -> Vec<u32> {
    let pids = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        if fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|running| running == program) {
            return true;
        }
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|argument| argument == program.as_os_str().as_encoded_bytes())
    })
    .collect()
}

/// Children of this process that have ended and that nobody has waited for.
fn zombies() -> usize {
    let children = fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    let children: String = children.collect();
    let stat = |pid: &str| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    children.split_whitespace().filter(|pid| stat(pid).contains(") Z ")).count()
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Server {
    async fn job(&self) -> Arc<Job> {
        self.job_of(request()).await
    }

    /// Asks again where a busy machine was too slow to start a process, or to reach its broker.
    async fn job_of(&self, request: ConfigureRequest) -> Arc<Job> {
        let end = Instant::now() + DEADLINE;
        loop {
            match self.jobs.configure(request.clone()).await {
                Ok(configured) => return configured.job,
                Err(error) => {
                    let is_too_slow = match &error {
                        ConfigureError::Failed(why) => why.contains("not ready in time"),
                        ConfigureError::Outage(outage) => matches!(outage, Outage::Unavailable { .. }),
                        _ => false,
                    };
                    assert!(is_too_slow && Instant::now() < end, "{error}");
                }
            }
        }
    }

    fn running(&self) -> Vec<Arc<Job>> {
        self.jobs.list().now_or_never().expect("they are in memory").unwrap()
    }

    fn processes(&self) -> Vec<u32> {
        processes(&self.program)
    }

    fn nothing_is_left(&self) {
        assert!(self.running().is_empty());
        assert_eq!((self.processes(), zombies()), (vec![], 0));
        for port in self.ports.clone() {
            assert!(is_free(port), "port {port} is still bound");
        }
    }

    async fn gone(&self, job: &Job) {
        eventually("the job is gone", || {
            !self.running().iter().any(|running| running.spec().id == job.spec().id)
        })
        .await;
        self.nothing_is_left();
    }
}

#[tokio::test]
async fn a_job_is_a_process_whose_rows_are_the_same_by_either_way() {
    let server = server().await;
    let job = server.job().await;
    assert_eq!(server.processes().len(), 1);
    for stream in 0..3 {
        let address = format!("{}:{}", job.stream_url(), job.stream_port());
        let mut client = DataStreamServiceClient::connect(address).await.unwrap();
        let mut frames =
            client.stream_data(StreamDataRequest { stream_id: stream }).await.unwrap().into_inner();
        let mut viewer = job.watch(stream as usize).await.unwrap();
        let mut direct = Vec::new();
        while let Some(frame) = frames.message().await.unwrap() {
            direct.extend(frame.row_index.into_iter().zip(frame.timestamp_in_milis).zip(frame.main_data));
        }
        let mut seen = Vec::new();
        while let Some(batch) = viewer.next().await {
            assert_eq!(batch.lost, 0);
            let extremes = batch.rows[0].extremes;
            assert!(extremes.minimum < extremes.maximum, "{extremes:?}");
            for row in batch.rows {
                assert!(row.complete);
                seen.push(((row.index as i32, row.time.as_millisecond()), row.values.clone()));
            }
        }
        assert!(direct.len() > 100 && seen == direct, "{} rows, {} rows", seen.len(), direct.len());
        assert_eq!(viewer.end(), End::Completed);
        eventually("reports come in", || job.report().last_row.is_some()).await;
    }
    assert!(job.watch(3).await.unwrap_err().to_string().contains("streams 0 to 2"));
    server.gone(&job).await;
    assert_eq!(job.state(), JobState::Completed);
}

#[tokio::test]
async fn stopping_leaves_no_process_and_no_port_and_tells_why() {
    let server = server().await;
    let job = server.job().await;
    let mut viewer = job.watch(0).await.unwrap();
    assert!(viewer.next().await.is_some());
    assert!(server.jobs.stop(job.spec().id).await.unwrap());
    server.nothing_is_left();
    while viewer.next().await.is_some() {}
    assert_eq!(viewer.end(), End::Stopped("the job was stopped".to_owned()));
    assert_eq!(job.state(), JobState::Cancelled);
}

#[tokio::test]
async fn a_process_that_is_killed_is_a_failed_job() {
    let server = server().await;
    let job = server.job().await;
    let mut viewer = job.watch(0).await.unwrap();
    signal("-KILL", server.processes()[0]);
    while viewer.next().await.is_some() {}
    assert!(matches!(viewer.end(), End::Failed(_)), "{:?}", viewer.end());
    assert_eq!(job.ended().await, JobState::Failed);
    server.gone(&job).await;
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_ends_its_job() {
    let server = server().await;
    let job = server.job().await;
    signal("-TERM", server.processes()[0]);
    assert_eq!(job.ended().await, JobState::Cancelled);
    server.gone(&job).await;
}

#[tokio::test]
async fn a_process_that_hangs_does_not_outlive_its_job() {
    let server = server().await;
    let job = server.job().await;
    signal("-STOP", server.processes()[0]);
    let stopped = tokio::time::timeout(Duration::from_secs(12), server.jobs.stop(job.spec().id)).await;
    assert!(stopped.expect("it is killed").unwrap());
    server.nothing_is_left();
}

#[tokio::test]
async fn what_does_not_become_a_job_leaves_nothing() {
    let script = |text: &'static str| {
        move |path: &Path| {
            fs::write(path, text)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        }
    };
    let absent = server_with(None, |_| Ok(())).await;
    let at_once = server_with(None, script("#!/bin/sh\nexit 3\n")).await;
    let never = server_with(None, script("#!/bin/sh\nread order\nread stop\n")).await;
    for (server, reason) in
        [(absent, "No such file"), (at_once, "ended at once"), (never, "not ready in time")]
    {
        let stopwatch = Stopwatch::start();
        let error = server.jobs.configure(request()).await.unwrap_err();
        let took = stopwatch.elapsed();
        assert!(matches!(&error, ConfigureError::Failed(why) if why.contains(reason)), "{error}");
        assert!(took < Duration::from_secs(3), "{took:?}");
        server.nothing_is_left();
    }
    let server = server().await;
    let taken: Vec<_> =
        server.ports.clone().map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap()).collect();
    let error = server.jobs.configure(request()).await.unwrap_err();
    assert!(matches!(error, ConfigureError::NoPort(_)), "{error}");
    drop(taken);
    server.nothing_is_left();
}

#[tokio::test]
async fn a_process_that_cannot_start_its_job_tells_the_server_and_nobody_else() {
    // A program that keeps its order instead of obeying it.
    let keeper = |path: &Path| {
        fs::write(path, "#!/bin/sh\nread -r order\nprintf '%s\\n' \"$order\" > \"$0.order\"\n")?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
    };
    let server = server_with(None, keeper).await;
    assert!(server.jobs.configure(request()).await.is_err());
    let order = fs::File::open(server.program.with_extension("order")).unwrap();
    let _taken: Vec<_> =
        server.ports.clone().map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap()).collect();
    let worker = Command::new(env!("CARGO_BIN_EXE_focus")).arg("work").stdin(order).output().unwrap();
    let (told, log) = (String::from_utf8_lossy(&worker.stdout), String::from_utf8_lossy(&worker.stderr));
    assert!(told.contains("no_port") && told.lines().count() == 1, "{told}");
    assert_eq!(log, "", "the server's log has a line of it already");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_leaves_a_whole_job_or_none() {
    let server = server().await;
    for millis in (0..60).step_by(4) {
        drop(tokio::time::timeout(Duration::from_millis(millis), server.jobs.configure(request())).await);
        // The transaction goes on without the client, and there is nobody else.
        let jobs = || server.running().len();
        eventually("it has settled", || jobs() == server.processes().len() && jobs() <= 1).await;
        eventually("a job or no slot taken", || jobs() == 1).await;
        for job in server.running() {
            assert!(job.watch(0).await.unwrap().next().await.is_some(), "what is there works");
            server.jobs.stop(job.spec().id).await.unwrap();
        }
        server.nothing_is_left();
    }
}

/// Plays the server for the next test: only there it does anything.
#[tokio::test]
async fn server_to_be_killed() {
    if std::env::var_os("TO_BE_KILLED").is_none() {
        return;
    }
    let server = server().await;
    let job = server.job().await;
    let mut viewer = job.watch(0).await.unwrap();
    viewer.next().await.unwrap();
    println!("READY {} {}", job.stream_port(), server.program.display());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_no_process() {
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "server_to_be_killed", "--nocapture"])
        .env("TO_BE_KILLED", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(server.stdout.take().unwrap());
    let ready = output.lines().map_while(Result::ok).find_map(|line| {
        let (port, program) = line.split_once("READY ")?.1.split_once(' ')?;
        Some((port.parse::<u16>().ok()?, PathBuf::from(program)))
    });
    let (port, program) = ready.unwrap();
    assert_eq!(processes(&program).len(), 1);
    assert!(!is_free(port));
    server.kill().unwrap();
    server.wait().unwrap();
    let killed = Instant::now();
    eventually("no process", || processes(&program).is_empty() && is_free(port)).await;
    assert!(killed.elapsed() < Duration::from_secs(7), "{:?}", killed.elapsed());
    fs::remove_dir_all(program.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn secrets_are_in_no_argument_and_no_environment() {
    let server = server().await;
    let job = server.job().await;
    let pid = server.processes()[0];
    for file in ["cmdline", "environ"] {
        let text = fs::read(format!("/proc/{pid}/{file}")).unwrap();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("hush") && !text.contains("FOCUS_"), "{file}: {text}");
    }
    server.jobs.stop(job.spec().id).await.unwrap();
    server.nothing_is_left();
}

/// A simulated fibre on the broker.
fn feed(address: &Address, channels: u32) -> (Source, Publication) {
    let scene = Scene { channels, sampling_rate: 500.0, ..Scene::default() };
    let playback = Playback::simulated(Simulator::new(scene).unwrap(), LiveOptions::default());
    let (live, source) = playback.live().unwrap();
    let bands = 64.try_into().unwrap();
    (source, rabbitmq::publish(address.clone(), "test feed", Feed::from(&live), bands))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_job_survives_its_broker_but_not_another_fibre() {
    let mut node = Node::start();
    let address = Address::parse(&node.url()).unwrap().with_deadline(Duration::from_millis(1500));
    let first = feed(&address, 300);
    let (broker, fibre) = Broker::start(address.clone(), "test server", rabbitmq::Metrics::default());
    let end = Instant::now() + DEADLINE;
    while let Err(outage) = broker.round_trip().await {
        assert!(Instant::now() < end, "{outage}");
    }
    eventually("the fibre is known", || fibre.fibre().is_some()).await;
    let server = server_on(fibre.clone(), address.clone(), None, real).await;
    let body = json!({
        "view_type": 0, "channels": {"min": 100, "max": 160}, "displayInfo": {"height": 100}, "nfftSelection": 128,
    });
    let live = || ConfigureRequest { body: body.to_string().into(), ..request() };
    let job = server.job_of(live()).await;
    let mut viewer = job.watch(2).await.unwrap();
    let batch = tokio::time::timeout(DEADLINE, viewer.next()).await.unwrap().unwrap();
    let (before, channels) = (batch.rows[0].index, batch.channels);
    assert_eq!((channels.first(), channels.last()), (141, 160));

    node.kill();
    let refused = server.jobs.configure(live()).await.unwrap_err();
    assert!(refused.to_string().starts_with("RabbitMQ unavailable: "), "{refused}");
    assert_eq!(server.processes().len(), 1, "only the job that ran before");
    node.start_again();
    let mut gap = false;
    let resumed = async {
        while let Some(batch) = viewer.next().await {
            gap |= batch.rows.iter().any(|row| !row.complete);
            if gap && batch.rows.iter().any(|row| row.complete && row.index > before) {
                return;
            }
        }
        panic!("{:?}", viewer.end());
    };
    tokio::time::timeout(DEADLINE, resumed).await.expect("a gap, and then rows again");
    // A busy machine may lose the broker's fresh node once more.
    let counted = || server.live_metrics.counts();
    eventually("what the process counts is counted", || counted().gaps > 0 && counted().reconnects > 0).await;

    drop(first);
    let _second = feed(&address, 301);
    assert_eq!(job.ended().await, JobState::Failed);
    let end = loop {
        if viewer.next().await.is_none() {
            break viewer.end();
        }
    };
    let change = "another fibre is connected: the number of channels changed from 300 to 301";
    assert_eq!(end, End::Failed(change.to_owned()));
    server.gone(&job).await;
}

#[tokio::test]
async fn with_tls_the_server_reads_its_own_jobs_and_nobody_elses() {
    let tls = Tls { certificates: CERTIFICATE.into(), private_key: ITS_KEY.into() };
    let server = server_with(Some(tls.clone()), real).await;
    let job = server.job().await;
    assert_eq!(job.stream_url(), "https://127.0.0.1");
    let mut viewer = job.watch(0).await.unwrap();
    assert!(viewer.next().await.is_some());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, job.stream_port())).into();
    let plain = focus_stream::remote::watch(&address, None, job.spec(), 0).await;
    assert!(plain.is_err(), "only over TLS");
    server.jobs.stop(job.spec().id).await.unwrap();
    server.nothing_is_left();
}

/// Self-signed, for localhost; made for tests and used nowhere else.
const CERTIFICATE: &str = include_str!("localhost/certificate.pem");
/// The key that it was made for.
const ITS_KEY: &str = include_str!("localhost/key.pem");

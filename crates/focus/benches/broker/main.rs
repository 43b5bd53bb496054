//! A whole fibre, 2222 channels x 2000 Hz float32, from `focus feed` through a real RabbitMQ into the processes of three
//! jobs that show all of it, and to readers over gRPC.
//!
//! `cargo bench -p focus --bench broker` starts a broker of its own and the real program, as an operator would. It
//! prints what arrives in real time, how late, and what that takes; then how many times real time it can go until
//! something is lost.

mod processes;
mod reading;
mod round;
mod view;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use focus_rabbitmq_node::Node;
use processes::{Focus, children, machine_seconds, memory, processor_seconds};
use reading::{now, read};
use round::{Lost, PARTS, Round, percentile, print_summary};
use serde_json::Value;
use tokio::time::sleep;
use view::{CHANNELS, RATE, View};

const JOBS: [(u32, u32); 3] = [(1, 741), (742, 1482), (1483, CHANNELS)];
const ROUNDS: usize = 3;
const SPEEDS: [f64; 9] = [2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 14.0, 20.0];
const WARM_UP: Duration = Duration::from_secs(4);
const MEASURED: Duration = Duration::from_secs(12);
/// After it everything that was on its way has arrived, and the server knows what its jobs have counted.
const SETTLED: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(30);
/// Who keeps up has shown this much of what was fed when the time is over.
const KEPT_UP: f64 = 0.98;
/// Below this the rest of the machine is quiet, cores.
const QUIET: f64 = 0.15;
/// How long to wait for that, over all rounds.
const QUIET_WITHIN: Duration = Duration::from_secs(300);

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    let mut bench = Bench::start().await?;
    println!("{CHANNELS} channels x {RATE} Hz float32 = 17.8 MB/s, blocks of 100 ms, bands of 128 channels");
    println!("CPU is in cores; 25 rows/s; {ROUNDS} rounds of {} s", MEASURED.as_secs());
    for view in [View::Waterfall, View::Spectrogram] {
        println!("\n{view:?}, in real time");
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let round = bench.round(view, 1.0).await?;
            round.print_in_real_time();
            rounds.push(round);
        }
        print_summary(&rounds);
    }
    for view in [View::Waterfall, View::Spectrogram] {
        println!("\n{view:?}, faster and faster");
        let mut highest = Vec::new();
        for _ in 0..ROUNDS {
            highest.push(bench.room_to_spare(view).await?);
        }
        highest.sort_by(f64::total_cmp);
        let (least, median) = (highest[0], percentile(&highest, 0.5));
        println!("nothing is lost up to: least {least}, median {median} times real time");
    }
    Ok(())
}

/// What the server has counted.
struct Counted {
    blocks: f64,
    instants: f64,
}

/// A broker and a server on it.
struct Bench {
    server: Focus,
    url: String,
    http: reqwest::Client,
    node: Node,
    /// Process id.
    broker: u32,
    home: tempfile::TempDir,
    patience: Duration,
}

impl Bench {
    async fn start() -> Result<Self> {
        let node = Node::start();
        let broker = node.ask(&["eval", "os:getpid()."]);
        let broker = broker.trim().trim_matches('"').parse().context("the broker has no process id")?;
        let home = tempfile::tempdir()?;
        let listen = format!("127.0.0.1:{}", TcpListener::bind("127.0.0.1:0")?.local_addr()?.port());
        let server = Focus::start(&["serve", "--listen", &listen], &node.url(), home.path())?;
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
        let url = format!("http://{listen}");
        let mut bench = Self { server, url, http, node, broker, home, patience: QUIET_WITHIN };
        let patience = Instant::now() + PATIENCE;
        while bench.http.get(format!("{}/health/ready", bench.url)).send().await.is_err() {
            let fails = bench.server.has_ended() || Instant::now() > patience;
            ensure!(!fails, "the server is not ready: {}", bench.server.log());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(bench)
    }

    /// How many times real time it goes without a loss.
    async fn room_to_spare(&mut self, view: View) -> Result<f64> {
        let mut highest = 1.0;
        for speed in SPEEDS {
            let round = self.round(view, speed).await?;
            round.print_at(speed);
            if round.lost != Lost::default() || round.speed < KEPT_UP * speed {
                break;
            }
            highest = speed;
        }
        Ok(highest)
    }

    /// Feeds a fibre, shows all of it in three jobs and measures.
    async fn round(&mut self, view: View, speed: f64) -> Result<Round> {
        self.until_quiet().await?;
        let home = tempfile::tempdir_in(self.home.path())?;
        let simulator = [("channels", f64::from(CHANNELS)), ("sampling_rate", RATE)];
        let [channels, rate] = simulator.map(|(name, value)| format!("--set=live.simulator.{name}={value}"));
        let speed = format!("--speed={speed}");
        let feed = ["feed", "--live=simulator", &channels, &rate, &speed];
        let feed = Focus::start(&feed, &self.node.url(), home.path())?;
        let (mut jobs, mut readers) = (Vec::new(), Vec::new());
        for channels in JOBS {
            let answer = self.configure(&view.request(channels)).await?;
            jobs.push(answer["job_id"].as_str().context("no job_id")?.to_owned());
            let address =
                format!("{}:{}", answer["stream_url"].as_str().unwrap_or_default(), answer["stream_port"]);
            let streams = answer["stream_amount"].as_i64().context("no stream_amount")? as i32;
            readers.extend((0..streams).map(|stream| tokio::spawn(read(address.clone(), stream))));
        }
        sleep(WARM_UP).await;
        let (bench, server) = (vec![std::process::id()], self.server.id());
        let parts = [vec![feed.id()], vec![self.broker], children(server)?, vec![server], bench];
        ensure!(parts[2].len() == JOBS.len(), "{} workers for {} jobs", parts[2].len(), JOBS.len());
        let before = self.counted().await?;
        let (began, processor) = (now(), Processor::read(&parts)?);
        sleep(MEASURED).await;
        let (seconds, used) = ((now() - began) / 1e3, Processor::read(&parts)?.since(&processor));
        let mut round = Round::default();
        round.others = used.others() / seconds;
        for (number, ids) in parts.iter().enumerate() {
            round.cores[number] = used.parts[number] / seconds;
            round.memory[number] = memory(ids)?;
        }
        sleep(SETTLED).await;
        let after = self.counted().await?;
        round.lost.blocks_of_jobs = after.blocks - before.blocks;
        round.lost.instants = after.instants - before.instants;
        for id in jobs {
            self.http.delete(format!("{}/job/{id}", self.url)).send().await?.error_for_status()?;
        }
        for reader in readers {
            round.add(view, &reader.await??, began, MEASURED)?;
        }
        round.lost.blocks_of_feed = lost_by_feed(&feed.stop()?)?;
        Ok(round)
    }

    /// Waits until nobody else uses the machine, while there is patience.
    async fn until_quiet(&mut self) -> Result<()> {
        const LOOK: Duration = Duration::from_secs(2);
        loop {
            let before = machine_seconds()?;
            sleep(LOOK).await;
            let is_quiet = (machine_seconds()? - before) / LOOK.as_secs_f64() < QUIET;
            if is_quiet || self.patience.is_zero() {
                return Ok(());
            }
            self.patience = self.patience.saturating_sub(LOOK);
        }
    }

    /// Configures a job, as soon as there is a fibre.
    async fn configure(&self, request: &Value) -> Result<Value> {
        let patience = Instant::now() + PATIENCE;
        loop {
            let answer = self.http.post(format!("{}/configure", self.url)).json(request).send().await?;
            if answer.status().is_success() {
                return Ok(answer.json().await?);
            }
            let says = answer.text().await?;
            let waits = says.contains("waiting_for_fiber") && Instant::now() < patience;
            ensure!(waits, "the job is refused: {says}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn counted(&self) -> Result<Counted> {
        let text = self.http.get(format!("{}/metrics", self.url)).send().await?.text().await?;
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.parse().ok()).with_context(|| format!("no {name}"))
        };
        let blocks = value("focus_live_blocks_lost_total")?;
        Ok(Counted { blocks, instants: value("focus_missing_samples_total")? })
    }
}

/// Processor time, seconds.
struct Processor {
    parts: [f64; PARTS.len()],
    machine: f64,
}

impl Processor {
    fn read(ids: &[Vec<u32>; PARTS.len()]) -> Result<Self> {
        let mut parts = [0.0; PARTS.len()];
        for (part, ids) in parts.iter_mut().zip(ids) {
            *part = processor_seconds(ids)?;
        }
        Ok(Self { parts, machine: machine_seconds()? })
    }

    fn since(&self, before: &Self) -> Self {
        let mut parts = self.parts;
        for (part, before) in parts.iter_mut().zip(before.parts) {
            *part -= before;
        }
        Self { parts, machine: self.machine - before.machine }
    }

    fn others(&self) -> f64 {
        self.machine - self.parts.iter().sum::<f64>()
    }
}

/// The blocks that a feed has lost, by the last line of its log: `.., 0 unconfirmed, 0 lost`.
fn lost_by_feed(log: &str) -> Result<f64> {
    let words = log.lines().next_back().and_then(|line| line.split(" lost").next());
    let number = words.and_then(|words| words.rsplit(' ').next()).and_then(|word| word.parse().ok());
    number.with_context(|| format!("the feed does not tell what it has lost: {log}"))
}

//! What it takes to start a job on a cluster: `POST /configure` of the real program on a real API server and a real RabbitMQ,
//! beside the bare calls that a job needs, made one after the other by a plain client, and beside `kubectl`.
//!
//! `cargo bench -p focus --bench cluster` starts all of them. Every job is deleted again after it was started; only the
//! start is timed, but others are deleted meanwhile.

mod peers;
#[path = "../broker/processes.rs"]
#[expect(dead_code, reason = "shared with the other bench, which has children")]
mod processes;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use focus_jobs::Connection;
use focus_kubernetes_node::{Cluster, Part};
use focus_rabbitmq_node::Node;
use peers::{Bare, Kubectl};
use processes::{machine_seconds, memory, processor_seconds};
use server::Server;
use tokio::time::sleep;

/// How many clients at once, and how many jobs they start together in each round.
const LEVELS: [(usize, usize); 3] = [(1, 100), (8, 200), (64, 320)];
/// Of each, the server and its peer in turns.
const ROUNDS: usize = 3;
/// Jobs that are started by `kubectl`.
const KUBECTL: usize = 40;
const WARM_UP: usize = 30;
/// Jobs that are started by one client alone, to count the calls.
const COUNTED: usize = 20;
/// Below this the rest of the machine is quiet, cores.
const QUIET: f64 = 0.15;
/// How long to wait for that before each round at most, over all rounds.
const QUIET_WITHIN: Duration = Duration::from_secs(300);

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

/// What was measured of one way to start jobs.
#[derive(Default)]
struct Measured {
    /// Milliseconds of each start.
    times: Vec<f64>,
    refused: usize,
    /// Cores that nobody of ours used, of each round.
    others: Vec<f64>,
}

impl Measured {
    fn percentile(&mut self, part: f64) -> f64 {
        self.times.sort_by(f64::total_cmp);
        self.times[((self.times.len() - 1) as f64 * part) as usize]
    }
}

async fn run() -> Result<()> {
    let cluster = tokio::task::block_in_place(Cluster::start);
    let broker = tokio::task::block_in_place(Node::start);
    let [ours, theirs] = [(); 2].map(|()| tokio::task::block_in_place(|| cluster.namespace()));
    let connection = Connection::open(Some(cluster.kubeconfig()), Duration::from_secs(10)).await;
    let client = connection.map_err(anyhow::Error::msg)?.client;
    let server = Arc::new(Server::start(&cluster, &broker, &ours).await?);
    let example = server.example(&client, &ours).await?;
    let bare = Arc::new(Bare::new(client, &theirs, example));
    let mut own = vec![std::process::id(), server.id(), server::broker_id(&broker)?];
    own.extend(Part::ALL.iter().filter_map(|part| cluster.process_id(*part)));
    let mut machine = Machine { own, patience: QUIET_WITHIN };

    let kind = if cfg!(debug_assertions) { "debug build, " } else { "" };
    println!("{kind}{ROUNDS} rounds; times in ms; `others` is what else ran on the machine, cores\n");
    clients(1, WARM_UP, |_| server.configure_and_delete()).await?;
    clients(1, WARM_UP, |number| bare.start_and_delete(number)).await?;
    println!("| clients | | jobs | refused | p50 | p99 | others |");
    println!("|---|---|---|---|---|---|---|");
    let mut alone = 0.0;
    for (count, jobs) in LEVELS {
        let (mut by_server, mut by_bare) = (Measured::default(), Measured::default());
        let (mut used, calls) = (0.0, server.calls().await?);
        for _ in 0..ROUNDS {
            let before = processor_seconds(&[server.id()])?;
            machine.round(&mut by_server, clients(count, jobs, |_| server.configure_and_delete())).await?;
            used += processor_seconds(&[server.id()])? - before;
            machine.round(&mut by_bare, clients(count, jobs, |number| bare.start_and_delete(number))).await?;
        }
        let all = (ROUNDS * jobs) as f64;
        let calls = (server.calls().await? - calls) / all;
        print(count, "`/configure`", &mut by_server);
        print(count, "the bare calls", &mut by_bare);
        let [p50, p99] = [0.5, 0.99].map(|part| by_server.percentile(part) / by_bare.percentile(part));
        println!("| {count} | **ratio** | | | **{p50:.2}** | **{p99:.2}** | |");
        println!(
            "| | per job started and deleted: {calls:.1} calls, {:.1} ms of processor in the server | | | | | |",
            used / all * 1e3
        );
        if count == 1 {
            alone = by_server.percentile(0.5);
        }
    }
    let kubectl = Kubectl::new(&cluster, &bare)?;
    let mut by_kubectl = Measured::default();
    let started = async {
        let mut all = Vec::new();
        for number in 0..KUBECTL {
            all.push(Some(kubectl.start_and_delete(number).await?));
        }
        Ok(all)
    };
    machine.round(&mut by_kubectl, started).await?;
    print(1, "`kubectl create`", &mut by_kubectl);
    println!("| 1 | **ratio** | | | **{:.2}** | | |\n", alone / by_kubectl.percentile(0.5));
    server.print_calls(COUNTED).await?;
    println!("memory of the server: {:.0} MB", memory(&[server.id()])?);
    Ok(())
}

fn print(clients: usize, what: &str, measured: &mut Measured) {
    let others = measured.others.iter().sum::<f64>() / measured.others.len() as f64;
    let (jobs, refused) = (measured.times.len(), measured.refused);
    let [p50, p99] = [0.5, 0.99].map(|part| measured.percentile(part));
    println!("| {clients} | {what} | {jobs} | {refused} | {p50:.1} | {p99:.1} | {others:.1} |");
}

/// This many clients start so many jobs together; how long each start took, `None` where it was refused.
async fn clients<F>(count: usize, jobs: usize, start: impl Fn(usize) -> F) -> Result<Vec<Option<Duration>>>
where
    F: Future<Output = Result<Option<Duration>>>,
{
    let next = AtomicUsize::new(0);
    let client = async || {
        let mut all = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= jobs {
                return Ok::<_, anyhow::Error>(all);
            }
            all.push(start(number).await?);
        }
    };
    let all = futures::future::try_join_all((0..count).map(|_| client())).await?;
    Ok(all.into_iter().flatten().collect())
}

/// The machine, and who of us runs on it.
struct Machine {
    own: Vec<u32>,
    patience: Duration,
}

impl Machine {
    /// A round, as soon as nobody else runs or patience ends.
    async fn round(
        &mut self,
        measured: &mut Measured,
        starts: impl Future<Output = Result<Vec<Option<Duration>>>>,
    ) -> Result<()> {
        self.until_quiet().await?;
        let (began, before) = (Instant::now(), self.others()?);
        let starts = starts.await?;
        measured.others.push((self.others()? - before) / began.elapsed().as_secs_f64());
        measured.refused += starts.iter().filter(|start| start.is_none()).count();
        measured.times.extend(starts.into_iter().flatten().map(|time| time.as_secs_f64() * 1e3));
        Ok(())
    }

    async fn until_quiet(&mut self) -> Result<()> {
        const LOOK: Duration = Duration::from_secs(1);
        loop {
            let before = self.others()?;
            sleep(LOOK).await;
            let is_quiet = (self.others()? - before) / LOOK.as_secs_f64() < QUIET;
            if is_quiet || self.patience.is_zero() {
                return Ok(());
            }
            self.patience = self.patience.saturating_sub(LOOK);
        }
    }

    /// Processor time of all others so far, seconds.
    fn others(&self) -> Result<f64> {
        Ok(machine_seconds()? - processor_seconds(&self.own)?)
    }
}

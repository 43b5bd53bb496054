//! The whole server under load: memory, processor time and latency of `focus up` with 30 live jobs.
//!
//! `cargo bench -p focus --bench embedded` starts the real binary with the simulator as its fibre, reads all jobs over
//! gRPC as clients do, and takes the server's figures from the kernel. The readers run on the same machine
//! and are not counted.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use focus_stream::proto::StreamDataRequest;
use focus_stream::proto::data_stream_service_client::DataStreamServiceClient;
use jiff::Timestamp;
use serde_json::{Value, json};

const JOBS: usize = 30;
const CHANNELS_PER_JOB: usize = 100;
const RATE: f64 = 2000.0;
const NFFT: f64 = 1024.0;
const WARM_UP: Duration = Duration::from_secs(4);
const MEASURED: Duration = Duration::from_secs(15);
/// The kernel counts processor time in these, per second.
const TICKS: f64 = 100.0;

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    println!("{:<50} {:>8} {:>9} {:>10} {:>10} {:>8}", "", "memory", "CPU", "p50", "p99", "lost");
    Server::start(&[]).await?.idle("focus up as it comes, idle").await?;
    let (channels, rate) = ((JOBS * CHANNELS_PER_JOB).to_string(), RATE.to_string());
    let simulator = [
        ("FOCUS_LIVE_SOURCE", "simulator"),
        ("FOCUS_LIVE_SIMULATOR_CHANNELS", channels.as_str()),
        ("FOCUS_LIVE_SIMULATOR_SAMPLING_RATE", rate.as_str()),
    ];
    let server = Server::start(&simulator).await?;
    let idle = server.idle(&format!("simulator of {channels} channels at {rate} Hz, idle")).await?;
    let apart = server
        .load("30 jobs of 100 channels, 25 rows/s, all different", |job| 1 + job * CHANNELS_PER_JOB)
        .await?;
    let alike = server.load("30 jobs of 100 channels, 25 rows/s, all the same", |_| 1).await?;
    println!(
        "work above idle, all the same : all different = 1 : {:.2} (spectra are computed once for all who show them)",
        (apart.cpu - idle.cpu) / (alike.cpu - idle.cpu)
    );
    println!(
        "CPU is of one core. Latency is from the last sample that a row needs to the row at its reader, and"
    );
    println!("includes waiting for the block (100 ms) that carries the sample to be full: 50 ms on average.");
    Ok(())
}

/// The server's use of the machine.
struct Usage {
    /// Resident, MB.
    memory: u64,
    /// Percent of one core.
    cpu: f64,
}

struct Server {
    process: Child,
    url: String,
    http: reqwest::Client,
    _data: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only when it is gone already, which is as well.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Server {
    async fn start(settings: &[(&str, &str)]) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new(env!("CARGO_BIN_EXE_focus"))
            .arg("up")
            .env("FOCUS_LISTEN", format!("127.0.0.1:{port}"))
            .env("FOCUS_DATA_DIR", data.path())
            .envs(settings.iter().copied())
            .env("FOCUS_LOG_LEVEL", "warn")
            .stdout(Stdio::null())
            .spawn()
            .context("the server does not start")?;
        let server = Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::new(),
            _data: data,
        };
        let patience = Instant::now() + Duration::from_secs(30);
        while server.http.get(format!("{}/health/ready", server.url)).send().await.is_err() {
            ensure!(Instant::now() < patience, "the server is not ready within 30 s");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }

    async fn idle(&self, name: &str) -> Result<Usage> {
        tokio::time::sleep(WARM_UP).await;
        let usage = self.usage(MEASURED).await?;
        println!("{name:<50} {:>5} MB {:>7.1} % {:>10} {:>10} {:>8}", usage.memory, usage.cpu, "-", "-", "-");
        Ok(usage)
    }

    async fn usage(&self, period: Duration) -> Result<Usage> {
        let before = self.cpu_seconds()?;
        tokio::time::sleep(period).await;
        let cpu = (self.cpu_seconds()? - before) / period.as_secs_f64() * 100.0;
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kilobytes: u64 = resident.trim().trim_end_matches(" kB").parse()?;
        Ok(Usage { memory: kilobytes / 1024, cpu })
    }

    fn cpu_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // After the name, which may hold anything, come state, ppid, ..; user and system time are the 12th and 13th.
        let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / TICKS)
    }

    async fn load(&self, name: &str, first_channel: impl Fn(usize) -> usize) -> Result<Usage> {
        let mut ids = Vec::new();
        let mut readers = Vec::new();
        for job in 0..JOBS {
            let first = first_channel(job);
            let body = json!({
                "view_type": 0, "channels": {"min": first, "max": first + CHANNELS_PER_JOB - 1},
                "displayInfo": {"height": 250}, "displayTimeAxisDuration": 10,
                "nfftSelection": NFFT, "frequencyRange": {"min": 0, "max": 500},
            });
            let answer = self.http.post(format!("{}/configure", self.url)).json(&body).send().await?;
            let answer: Value = answer.error_for_status()?.json().await?;
            ids.push(answer["job_id"].as_str().context("no job_id")?.to_owned());
            let address =
                format!("{}:{}", answer["stream_url"].as_str().unwrap_or_default(), answer["stream_port"]);
            readers.extend((0..3).map(|stream| tokio::spawn(read(address.clone(), stream))));
        }
        tokio::time::sleep(WARM_UP).await;
        let usage = self.usage(MEASURED).await?;
        for id in ids {
            self.http.delete(format!("{}/job/{id}", self.url)).send().await?.error_for_status()?;
        }
        let (mut latencies, mut lost) = (Vec::new(), 0);
        for reader in readers {
            let seen = reader.await??;
            latencies.extend(seen.latencies);
            lost += seen.lost;
        }
        latencies.sort_by(f64::total_cmp);
        let percentile = |part: f64| latencies[((latencies.len() - 1) as f64 * part) as usize] * 1e3;
        println!(
            "{name:<50} {:>5} MB {:>7.1} % {:>7.0} ms {:>7.0} ms {lost:>8}",
            usage.memory,
            usage.cpu,
            percentile(0.5),
            percentile(0.99)
        );
        Ok(usage)
    }
}

struct Seen {
    /// Seconds from the last sample of a row to the row.
    latencies: Vec<f64>,
    lost: i32,
}

/// Reads one stream until the job is stopped.
async fn read(address: String, stream_id: i32) -> Result<Seen> {
    let mut client = DataStreamServiceClient::connect(address).await?;
    let mut frames = client.stream_data(StreamDataRequest { stream_id }).await?.into_inner();
    let (mut seen, mut next) = (Seen { latencies: Vec::new(), lost: 0 }, None);
    while let Ok(Some(frame)) = frames.message().await {
        let now = Timestamp::now().as_millisecond() as f64 / 1e3;
        for (time, row) in frame.timestamp_in_milis.iter().zip(&frame.row_index) {
            seen.latencies.push(now - (*time as f64 / 1e3 + NFFT / 2.0 / RATE));
            seen.lost += row - next.unwrap_or(*row);
            next = Some(row + 1);
        }
    }
    ensure!(!seen.latencies.is_empty(), "the stream gave no rows");
    Ok(seen)
}

//! The real binary, and a reader of its jobs.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use focus_stream::proto::StreamDataRequest;
use focus_stream::proto::data_stream_service_client::DataStreamServiceClient;
use serde_json::{Value, json};

/// The kernel counts processor time in these, per second.
const TICKS: f64 = 100.0;

/// A view of the past.
#[derive(Clone, Copy)]
pub(crate) struct View {
    /// Its first channel, and how many there are.
    pub(crate) channels: (u32, u32),
    /// Samples in a window and the highest frequency; `None` for a waterfall.
    pub(crate) spectrum: Option<(u32, f64)>,
    pub(crate) rows_per_second: u32,
}

impl View {
    fn body(self, (start, end): (f64, f64)) -> Value {
        let (first, count) = self.channels;
        let mut body = json!({
            "view_type": 2, "channels": {"min": first, "max": first + count - 1},
            "displayInfo": {"height": self.rows_per_second * 10}, "start_time": start, "end_time": end,
        });
        if let Some((nfft, highest)) = self.spectrum {
            body["view_type"] = json!(0);
            body["displayTimeAxisDuration"] = json!(10);
            body["nfftSelection"] = json!(nfft);
            body["frequencyRange"] = json!({"min": 0, "max": highest});
        }
        body
    }
}

/// What a job gave.
pub(crate) struct Seen {
    /// From the request to the last row.
    pub(crate) seconds: f64,
    pub(crate) rows: usize,
    pub(crate) bins: usize,
}

/// Memory of a process, MB.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Its own.
    pub(crate) own: u64,
    /// With its program and the files that it has mapped, which the system may take back.
    pub(crate) resident: u64,
}

pub(crate) struct Server {
    process: Child,
    url: String,
    http: reqwest::Client,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only when it is gone already, which is as well.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Server {
    /// One with these recordings.
    pub(crate) async fn start(recordings: &Path) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new(env!("CARGO_BIN_EXE_focus"))
            .arg("up")
            // A setting of the bench is none of the server.
            .env_remove("FOCUS_SHARED_DATA")
            .env("FOCUS_LISTEN", format!("127.0.0.1:{port}"))
            .env("FOCUS_DATA_DIR", recordings)
            .env("FOCUS_LIVE_SOURCE", "none")
            .env("FOCUS_LOG_LEVEL", "warn")
            .stdout(Stdio::null())
            .spawn()
            .context("the server does not start")?;
        let server = Self { process, url: format!("http://127.0.0.1:{port}"), http: reqwest::Client::new() };
        let patience = Instant::now() + Duration::from_secs(60);
        while server.http.get(format!("{}/health/ready", server.url)).send().await.is_err() {
            ensure!(Instant::now() < patience, "the server is not ready within 60 s");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(server)
    }

    /// Begin of the first and end of the last recording, as soon as this many seconds are known.
    pub(crate) async fn recorded(&self, at_least: f64) -> Result<(f64, f64)> {
        let patience = Instant::now() + Duration::from_secs(120);
        loop {
            let range = json!({"start_time": 0, "end_time": 4e9});
            let answer = self.http.post(format!("{}/recordings_in_time_range", self.url)).json(&range);
            let found: Vec<(f64, f64)> = answer.send().await?.error_for_status()?.json().await?;
            let start = found.iter().map(|span| span.0).fold(f64::INFINITY, f64::min);
            let end = found.iter().map(|span| span.1).fold(0.0, f64::max);
            if end - start >= at_least {
                return Ok((start, end));
            }
            ensure!(Instant::now() < patience, "the recordings are not known within 120 s");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs a job to its end; `watch` hears of every frame, by the part of the time that is done.
    pub(crate) async fn run(
        &self,
        view: View,
        span: (f64, f64),
        mut watch: impl FnMut(f64) -> Result<()>,
    ) -> Result<Seen> {
        let begin = Instant::now();
        let answer = self.http.post(format!("{}/configure", self.url)).json(&view.body(span)).send().await?;
        let status = answer.status();
        let answer: Value = answer.json().await?;
        ensure!(status.is_success(), "{answer}");
        let address =
            format!("{}:{}", answer["stream_url"].as_str().unwrap_or_default(), answer["stream_port"]);
        let streams = answer["stream_amount"].as_i64().context("no stream_amount")? as i32;
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let readers: Vec<_> =
            (0..streams).map(|stream| tokio::spawn(read(address.clone(), stream, told.clone()))).collect();
        drop(told);
        while let Some(time) = heard.recv().await {
            watch((time - span.0) / (span.1 - span.0))?;
        }
        let mut rows = usize::MAX;
        for reader in readers {
            rows = rows.min(reader.await??);
        }
        let seconds = begin.elapsed().as_secs_f64();
        let job = answer["job_id"].as_str().context("no job_id")?;
        self.http.delete(format!("{}/job/{job}", self.url)).send().await?;
        let bins = answer["frequencies_list"].as_array().map_or(0, Vec::len);
        Ok(Seen { seconds, rows, bins })
    }

    /// Processor time that it has taken so far, seconds.
    pub(crate) fn processor(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // After the name, which may hold anything, come state, ppid, ..; user and system time are the 12th and 13th.
        let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / TICKS)
    }

    /// What it takes now, and the most that it ever took.
    pub(crate) fn memory(&self) -> Result<(Memory, u64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let megabytes = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
            Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
        };
        Ok((Memory { own: megabytes("RssAnon:")?, resident: megabytes("VmRSS:")? }, megabytes("VmHWM:")?))
    }
}

/// Reads one stream to its end; tells the time of every frame's last row.
async fn read(
    address: String,
    stream_id: i32,
    told: tokio::sync::mpsc::UnboundedSender<f64>,
) -> Result<usize> {
    let client = DataStreamServiceClient::connect(address).await?;
    let mut client = client.max_decoding_message_size(1 << 28);
    let mut frames = client.stream_data(StreamDataRequest { stream_id }).await?.into_inner();
    let mut rows = 0;
    while let Some(frame) = frames.message().await? {
        rows += frame.row_index.len();
        if let Some(&time) = frame.timestamp_in_milis.last() {
            told.send(time as f64 / 1e3)?;
        }
    }
    Ok(rows)
}

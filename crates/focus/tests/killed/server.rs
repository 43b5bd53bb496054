use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use focus_guarded::Guarded;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::place::{LOOK_AGAIN, PATIENCE};

/// When the built-in recording begins.
const START: f64 = 1_458_545_850.532_309;

/// The real program. Its end is a SIGKILL.
pub(crate) struct Server {
    process: Guarded,
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    log: PathBuf,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// 200, with this.
    Promised(Value),
    /// Another status, with this.
    Refused(String),
    /// The connection broke.
    Nothing,
}

impl Answer {
    /// Whether it says that something that the server needs does not answer in time.
    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(self, Self::Refused(why) if why.contains("_unavailable"))
    }
}

impl Server {
    /// Starts it with these settings and waits until all that it needs is known to be up. It writes in `home`.
    pub(crate) async fn start(home: &Path, settings: &[(&str, &str)]) -> Self {
        static STARTS: AtomicUsize = AtomicUsize::new(0);
        let log = home.join(format!("log-{}", STARTS.fetch_add(1, Ordering::Relaxed)));
        let mut command = Command::new(env!("CARGO_BIN_EXE_focus"));
        command
            .args(["serve", "--launcher", "kubernetes", "--listen", "127.0.0.1:0"])
            .current_dir(home)
            .env_clear()
            .env("HOME", home)
            .env("FOCUS_DATA_DIR", home.join("data"))
            .env("FOCUS_LOG_FORMAT", "json")
            .env("FOCUS_JOBS_MAX_JOBS", "1000")
            .env("FOCUS_KUBERNETES_DEADLINE", "900ms")
            .envs(settings.iter().copied())
            .stdout(File::create(home.join("output")).unwrap())
            .stderr(File::create(&log).unwrap());
        let process = Guarded::spawn(&mut command, home);
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        let mut server = Self { process, url: String::new(), http, log };
        let asked = Instant::now();
        loop {
            let failed = asked.elapsed() > PATIENCE || server.process.has_ended();
            assert!(!failed, "it does not serve: {}", server.log());
            if let Some(url) = server.url_in_log() {
                server.url = url;
                let (ready, health) = (server.get("/health/ready").await, server.get("/health").await);
                if ready.is_some() && health.is_some_and(|health| health["status"] == "healthy") {
                    return server;
                }
            }
            sleep(LOOK_AGAIN / 4).await;
        }
    }

    fn url_in_log(&self) -> Option<String> {
        let log = self.log();
        let said = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        said.filter(|line| line["message"] == "Focus Server is up")
            .find_map(|line| Some(line["url"].as_str()?.to_owned()))
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// A good answer's JSON.
    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await.ok()?;
        answer.error_for_status().ok()?.json().await.ok()
    }

    /// Asks for the picture with this number; nobody else may ask for the same with another key.
    pub(crate) fn configure(
        &self,
        number: u64,
        key: Option<&str>,
    ) -> impl Future<Output = Answer> + Send + use<> {
        let body = json!({
            "view_type": 0, "channels": {"min": 1, "max": 30}, "displayInfo": {"height": number},
            "nfftSelection": 128, "start_time": START, "end_time": START + 20.0,
        });
        let mut request = self.http.post(format!("{}/configure", self.url)).json(&body);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        async {
            let Ok(answer) = request.send().await else { return Answer::Nothing };
            let status = answer.status();
            match answer.text().await {
                Ok(text) if status.is_success() => Answer::Promised(serde_json::from_str(&text).unwrap()),
                Ok(text) => Answer::Refused(format!("{status}: {text}")),
                Err(_) => Answer::Nothing,
            }
        }
    }

    /// What it knows of a job; asked again when the machine was too slow.
    pub(crate) async fn metadata(&self, job_id: &str) -> Value {
        let asked = Instant::now();
        loop {
            let answer = self.http.get(format!("{}/metadata/{job_id}", self.url)).send().await.unwrap();
            let is_final = answer.status() != StatusCode::SERVICE_UNAVAILABLE || asked.elapsed() > PATIENCE;
            if is_final {
                return answer.json().await.unwrap();
            }
        }
    }

    /// The value of a metric.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let answer = self.http.get(format!("{}/metrics", self.url)).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    /// Waits until it has swept.
    pub(crate) async fn swept(&self) {
        let asked = Instant::now();
        while self.metric("focus_sweep_passes_total{result=\"ok\"}").await < 1.0 {
            assert!(asked.elapsed() < PATIENCE, "it does not sweep: {}", self.log());
            sleep(LOOK_AGAIN).await;
        }
    }
}

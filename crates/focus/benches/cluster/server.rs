//! The real program on a real cluster.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use focus_kubernetes_node::Cluster;
use focus_rabbitmq_node::Node;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Service;
use kube::api::Api;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::processes::Focus;

/// When the built-in recording begins.
const START: f64 = 1_458_545_850.532_309;
const PATIENCE: Duration = Duration::from_secs(30);
/// As a refusal asks for.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(crate) struct Server {
    process: Focus,
    url: String,
    http: reqwest::Client,
    _home: TempDir,
}

impl Server {
    pub(crate) async fn start(cluster: &Cluster, broker: &Node, namespace: &str) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let listen = format!("127.0.0.1:{}", TcpListener::bind("127.0.0.1:0")?.local_addr()?.port());
        let settings = [
            ("kubernetes.kubeconfig", cluster.kubeconfig().to_str().context("a path in UTF-8")?),
            ("kubernetes.namespace", namespace),
            ("kubernetes.sweep_period", "60s"),
            ("jobs.max_jobs", "100"),
            ("listen", &listen),
        ];
        let settings = settings.map(|(name, value)| format!("--set={name}={value}"));
        let mut arguments = vec!["serve", "--launcher=kubernetes"];
        arguments.extend(settings.iter().map(String::as_str));
        let process = Focus::start(&arguments, &broker.url(), home.path())?;
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build()?;
        let mut server = Self { process, url: format!("http://{listen}"), http, _home: home };
        let patience = Instant::now() + PATIENCE;
        while server.http.get(format!("{}/health/ready", server.url)).send().await.is_err() {
            let fails = server.process.has_ended() || Instant::now() > patience;
            ensure!(!fails, "the server is not ready: {}", server.process.log());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Starts a job, which is timed, and deletes it; `None` when it is refused because the machine is too slow.
    pub(crate) async fn configure_and_delete(&self) -> Result<Option<Duration>> {
        let asked = Instant::now();
        let answer = self.configure().await?;
        let took = asked.elapsed();
        let Some(job) = answer else { return Ok(None) };
        self.delete(&job).await?;
        Ok(Some(took))
    }

    /// The id of a new job.
    async fn configure(&self) -> Result<Option<String>> {
        let body = json!({
            "view_type": 0, "channels": {"min": 1, "max": 30}, "displayInfo": {"height": 100},
            "nfftSelection": 128, "start_time": START, "end_time": START + 20.0,
        });
        let answer = self.http.post(format!("{}/configure", self.url)).json(&body).send().await?;
        let status = answer.status();
        let answer: Value = answer.json().await?;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            eprintln!("refused: {}", answer["error"]);
            sleep(RETRY_AFTER).await;
            return Ok(None);
        }
        ensure!(status.is_success(), "{status}: {answer}");
        Ok(Some(answer["job_id"].as_str().context("no job_id")?.to_owned()))
    }

    /// Asks again while the machine is too slow.
    async fn delete(&self, job: &str) -> Result<()> {
        let mut may_be_gone = false;
        loop {
            let answer = self.http.delete(format!("{}/job/{job}", self.url)).send().await?;
            match answer.status() {
                StatusCode::SERVICE_UNAVAILABLE => may_be_gone = true,
                StatusCode::NOT_FOUND if may_be_gone => return Ok(()),
                _ => return answer.error_for_status().map(drop).context("a job that cannot be deleted"),
            }
            sleep(RETRY_AFTER).await;
        }
    }

    /// What the API server has of one of our jobs.
    pub(crate) async fn example(&self, client: &kube::Client, namespace: &str) -> Result<(Job, Service)> {
        let id = self.configure().await?.context("no job to take as an example")?;
        let jobs = Api::<Job>::namespaced(client.clone(), namespace);
        let job = jobs.get(&format!("grpc-job-{id}")).await?;
        let services = Api::<Service>::namespaced(client.clone(), namespace);
        let service = services.get(&format!("grpc-service-{id}")).await?;
        self.delete(&id).await?;
        Ok((job, service))
    }

    /// Calls to the API server so far, but for those that ask whether it serves.
    pub(crate) async fn calls(&self) -> Result<f64> {
        Ok(self.calls_by_name().await?.values().sum())
    }

    async fn calls_by_name(&self) -> Result<BTreeMap<String, f64>> {
        let text = self.http.get(format!("{}/metrics", self.url)).send().await?.text().await?;
        let mut calls = BTreeMap::new();
        for line in text.lines() {
            let Some(line) = line.strip_prefix("focus_kubernetes_calls_total{") else { continue };
            let (labels, value) = line.split_once("} ").context("a metric without a value")?;
            let call = labels.split('"').nth(1).context("a call without a name")?;
            if call != "probe" {
                *calls.entry(call.to_owned()).or_default() += value.parse::<f64>()?;
            }
        }
        Ok(calls)
    }

    /// Starts some jobs, one after the other, and tells what each has cost; then the same for deleting them.
    pub(crate) async fn print_calls(&self, jobs: usize) -> Result<()> {
        let (mut ids, before) = (Vec::new(), self.calls_by_name().await?);
        for _ in 0..jobs {
            ids.extend(self.configure().await?);
        }
        let between = self.calls_by_name().await?;
        print("started", &before, &between, ids.len());
        for id in &ids {
            self.delete(id).await?;
        }
        print("deleted", &between, &self.calls_by_name().await?, ids.len());
        Ok(())
    }
}

fn print(what: &str, before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>, jobs: usize) {
    let each =
        after.iter().map(|(call, count)| (call, (count - before.get(call).unwrap_or(&0.0)) / jobs as f64));
    let each: Vec<_> = each.filter(|(_, count)| *count > 0.0).collect();
    let all: f64 = each.iter().map(|(_, count)| count).sum();
    let each: Vec<_> = each.iter().map(|(call, count)| format!("{call} {count:.1}")).collect();
    println!("calls for each job {what} by one client: {all:.1}: {}", each.join(", "));
}

/// The process of a broker.
pub(crate) fn broker_id(broker: &Node) -> Result<u32> {
    let id = broker.ask(&["eval", "os:getpid()."]);
    id.trim().trim_matches('"').parse().context("the broker has no process id")
}

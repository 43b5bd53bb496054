//! The server's HTTP interface, as far as a picture needs it.

use std::{error::Error, time::Duration};

use anyhow::{Context as _, anyhow, bail, ensure};
use focus_core::epoch_seconds;
use jiff::Timestamp;
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::job::Job;
use super::request::Span;

const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// The server promises `POST /configure` within 3 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    base: Url,
    http: Client,
}

#[derive(Deserialize)]
struct Channels {
    highest_channel: u32,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Server {
    /// The one at this address.
    ///
    /// # Errors
    /// When that is no HTTP address.
    pub(super) fn new(at: &str) -> anyhow::Result<Self> {
        let base =
            Url::parse(at).with_context(|| format!("--at {at} is no address like http://127.0.0.1:5000"))?;
        ensure!(
            base.scheme() == "http",
            "--at {at}: TLS is not supported; give the server's http:// address, or that of a tunnel or proxy that \
             takes the TLS away"
        );
        let http =
            Client::builder().connect_timeout(CONNECT_WITHIN).timeout(ANSWER_WITHIN).no_proxy().build()?;
        Ok(Self { base, http })
    }

    /// The number of the last channel of the live fibre.
    pub(super) async fn highest_channel(&self) -> anyhow::Result<u32> {
        match self.call::<Channels>(self.request(Method::GET, "channels")).await?.highest_channel {
            0 => bail!("{} waits for its fibre; --last shows the newest recording", self.base),
            highest => Ok(highest),
        }
    }

    /// The number of the last channel that was recorded: the fibre of then need not be the one of now. Only a job
    /// knows it, so one for the first channel asks and is removed again.
    pub(super) async fn recorded_channels(&self, first_channel: &Value) -> anyhow::Result<u32> {
        let job = self.configure(first_channel).await?;
        self.delete(&job.id).await?;
        job.metadata.number_of_channels.context("the server does not say how many channels were recorded")
    }

    /// The time of the newest recording.
    pub(super) async fn newest_recording(&self, now: Timestamp) -> anyhow::Result<Span> {
        let range = json!({"start_time": 0, "end_time": epoch_seconds(now)});
        let request = self.request(Method::POST, "recordings_in_time_range").json(&range);
        let recordings: Vec<(f64, f64)> = self.call(request).await?;
        let newest = recordings.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
        let (start, end) = newest.ok_or_else(|| anyhow!("{} has no recordings", self.base))?;
        Ok(Span::Historic { start, end })
    }

    /// Starts a job.
    pub(super) async fn configure(&self, body: &Value) -> anyhow::Result<Job> {
        let job: Job = self.call(self.request(Method::POST, "configure").json(body)).await?;
        let sound = job.lines_dt.is_finite() && job.lines_dt > 0.0;
        if !sound || job.streams().is_err() {
            self.delete(&job.id).await?;
            job.streams()?;
            bail!("the server's lines_dt is {}", job.lines_dt);
        }
        Ok(job)
    }

    /// Stops a job. One that has ended by itself is stopped already.
    pub(super) async fn delete(&self, job_id: &str) -> anyhow::Result<()> {
        let request = self.request(Method::DELETE, &format!("job/{job_id}"));
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(()),
            status if status.is_success() => Ok(()),
            _ => Err(refusal(answer).await).with_context(|| format!("job {job_id} may still be running")),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/{path}", self.base.as_str().trim_end_matches('/')))
    }

    async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        if !answer.status().is_success() {
            return Err(refusal(answer).await);
        }
        let path = answer.url().path().to_owned();
        answer.json().await.with_context(|| format!("{path} did not answer as a Focus Server does"))
    }

    fn unreachable(&self, error: &reqwest::Error) -> anyhow::Error {
        if error.is_timeout() {
            return anyhow!("{} does not answer in time", self.base);
        }
        let mut cause: &dyn Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        anyhow!("{} cannot be reached: {cause}. Is a server running there? `focus up` starts one.", self.base)
    }
}

/// The server's own sentence.
async fn refusal(answer: reqwest::Response) -> anyhow::Error {
    let status = answer.status();
    match answer.json::<Refusal>().await {
        Ok(refusal) => anyhow!("{} (status {})", refusal.error, status.as_u16()),
        Err(_) => anyhow!("the server answered {status} and did not say why"),
    }
}

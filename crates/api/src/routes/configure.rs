use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};
use focus_core::Faults;
use focus_jobs::{ConfigureRequest, Configured, Job};
use futures::FutureExt;
use tracing::Instrument;

use crate::app::SharedApp;
use crate::body::RawBody;
use crate::configure_body::{ConfigureAnswer, ConfigureBody};
use crate::error::ApiError;
use crate::metrics::Outcome;
use crate::openapi::{
    BadUpstream, ForbiddenOrigin, InvalidRequest, InvalidView, NoRecording, TooLarge, TooManyJobs,
    Unavailable,
};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const LONGEST_KEY: usize = 255;
/// For a client that does not say which host it asked.
const DEFAULT_HOST: &str = "localhost";

/// Start a job that streams the rows of a view.
///
/// The job exists when this answers 200; with any other answer nothing was left behind. A job that nobody connects to
/// within 50 s, or that nobody watches for 180 s, is stopped.
#[utoipa::path(
    post, path = "/configure", tag = "Jobs",
    request_body = ConfigureBody,
    params(("Idempotency-Key" = Option<String>, Header, max_length = 255,
        description = "Visible ASCII. The same key with the same body gives the same job, with another body 422.")),
    responses(
        (status = 200, description = "The job runs", body = ConfigureAnswer),
        (status = 400, response = InvalidView),
        (status = 403, response = ForbiddenOrigin),
        (status = 404, response = NoRecording),
        (status = 413, response = TooLarge),
        (status = 422, response = InvalidRequest),
        (status = 429, response = TooManyJobs),
        (status = 502, response = BadUpstream),
        (status = 503, response = Unavailable),
    )
)]
pub(crate) async fn configure(
    State(app): State<SharedApp>,
    headers: HeaderMap,
    body: Result<RawBody, ApiError>,
) -> Result<Json<ConfigureAnswer>, ApiError> {
    let came = Instant::now();
    let job = match read(&headers, body) {
        Ok(request) => start(&app, request, came).await?,
        Err(error) => {
            app.services.metrics.configure().ended(Outcome::Error(error.code), came.elapsed());
            return Err(error);
        }
    };
    Ok(Json(ConfigureAnswer::from(job.as_ref())))
}

fn read(headers: &HeaderMap, body: Result<RawBody, ApiError>) -> Result<ConfigureRequest, ApiError> {
    let idempotency_key = idempotency_key(headers)?;
    Ok(ConfigureRequest { body: body?.0, idempotency_key, host: host(headers) })
}

/// In a task of its own, so that it is counted as it ends also when the client does not wait for it.
async fn start(app: &SharedApp, request: ConfigureRequest, came: Instant) -> Result<Arc<Job>, ApiError> {
    let jobs = app.services.jobs.clone();
    let metrics = app.services.metrics.configure().clone();
    let task = async move {
        let result = match AssertUnwindSafe(jobs.configure(request)).catch_unwind().await {
            Ok(result) => result.map_err(ApiError::from),
            Err(panic) => Err(ApiError::panicked(panic.as_ref())),
        };
        let outcome = match &result {
            Ok(Configured { repeated: false, .. }) => Outcome::Started,
            Ok(Configured { repeated: true, .. }) => Outcome::Repeated,
            Err(error) => Outcome::Error(error.code),
        };
        metrics.ended(outcome, came.elapsed());
        result.map(|configured| configured.job)
    };
    let ended = tokio::spawn(task.in_current_span()).await;
    ended.unwrap_or_else(|error| Err(ApiError::internal(error.to_string())))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Faults> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    let mut faults = Faults::default();
    if key.is_none() {
        faults.request(IDEMPOTENCY_KEY, format!("must be 1 to {LONGEST_KEY} visible ASCII characters"));
    }
    faults.check(key.map(str::to_owned))
}

/// The host that the client asked, without its port.
fn host(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    host.map_or_else(|| DEFAULT_HOST.to_owned(), |host| host.host().to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_host_is_taken_from_the_request() {
        let cases = [
            ("127.0.0.1:5000", "127.0.0.1"),
            ("das.example", "das.example"),
            ("[::1]:5000", "[::1]"),
            ("das.example/<script>", DEFAULT_HOST),
            ("", DEFAULT_HOST),
        ];
        for (given, expected) in cases {
            let headers = [(header::HOST, HeaderValue::from_static(given))].into_iter().collect();
            assert_eq!(host(&headers), expected, "{given}");
        }
        assert_eq!(host(&HeaderMap::new()), DEFAULT_HOST);
    }
}

//! What every request gets: an id, one log line, its metrics, and for an error its body.

use std::fmt;
use std::time::Instant;

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use focus_core::Upstream;
use tracing::{Instrument, Span, debug, info, info_span, warn};

use crate::app::SharedApp;
use crate::error::{ApiError, ErrorBody};
use crate::metrics::HttpMetrics;
use crate::router::PREFIX;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST_ID: usize = 128;
/// Longer paths are cut in the log.
const LONGEST_PATH: usize = 256;

/// Finds one request again: in its answer, in the log, and in the log of a proxy in front.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RequestId(String);

impl RequestId {
    /// The client's own, when it is short and plain; else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let plain = |c: u8| c.is_ascii_alphanumeric() || b"-_.:".contains(&c);
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let given = given.filter(|id| (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(plain));
        Self(given.map_or_else(|| format!("{:016x}", rand::random::<u64>()), str::to_owned))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The outermost layer.
pub(crate) async fn answer(State(app): State<SharedApp>, request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let span = info_span!("request", request_id = %id);
    let record = Record::new(&request, span.clone(), app.services.metrics.http().clone());
    let preflight = request.method() == Method::OPTIONS;

    let response = next.run(request).instrument(span).await;

    let error = response.extensions().get::<ApiError>().cloned();
    let mut response = match &error {
        Some(error) => with_body(response, error, &id),
        None => response,
    };
    if preflight && response.status().is_success() {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    add_headers(response.headers_mut(), &id);
    record.answered(response.status(), error.as_ref());
    response
}

fn with_body(response: Response, error: &ApiError, id: &RequestId) -> Response {
    let (mut parts, _) = response.into_parts();
    let body = ErrorBody {
        error: error.error.clone(),
        code: error.code.name().into_owned(),
        detail: error.detail.clone(),
        request_id: id.to_string(),
    };
    let (body_parts, body) = Json(body).into_response().into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(body_parts.headers);
    Response::from_parts(parts, body)
}

fn add_headers(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let unless_set = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in unless_set {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// One request's line in the log and its share of the metrics, also when the client does not wait for the answer.
struct Record {
    method: Method,
    path: String,
    route: String,
    started: Instant,
    span: Span,
    metrics: HttpMetrics,
    answered: bool,
}

impl Record {
    fn new(request: &Request, span: Span, metrics: HttpMetrics) -> Self {
        let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str);
        let route = route.strip_prefix(PREFIX).unwrap_or(route);
        Self {
            method: request.method().clone(),
            path: request.uri().path().chars().take(LONGEST_PATH).collect(),
            route: if route.is_empty() { "/" } else { route }.to_owned(),
            started: Instant::now(),
            span,
            metrics,
            answered: false,
        }
    }

    fn answered(mut self, status: StatusCode, error: Option<&ApiError>) {
        self.answered = true;
        self.metrics.answered(&self.method, &self.route, Some(status), self.started.elapsed());
        let ms = self.milliseconds();
        let (method, path, code) = (&self.method, &self.path, status.as_u16());
        let _guard = self.span.enter();
        let Some(error) = error else {
            if self.is_routine() {
                debug!(%method, path, status = code, ms, "answered");
            } else {
                info!(%method, path, status = code, ms, "answered");
            }
            return;
        };
        let (name, sentence, cause) = (error.code.name(), &error.error, error.cause.as_deref());
        let upstream = error.code.upstream().map(Upstream::key);
        if self.is_routine() {
            debug!(%method, path, status = code, ms, code = %name, error = sentence, cause, "refused");
        } else if status.is_server_error() || self.route == "/configure" {
            warn!(%method, path, status = code, ms, code = %name, upstream, error = sentence, cause, "refused");
        } else {
            info!(%method, path, status = code, ms, code = %name, error = sentence, cause, "refused");
        }
    }

    /// Asked for again and again by machines.
    fn is_routine(&self) -> bool {
        self.route == "/metrics" || self.route.starts_with("/health")
    }

    fn milliseconds(&self) -> f64 {
        (self.started.elapsed().as_secs_f64() * 1e6).round() / 1e3
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.answered {
            return;
        }
        self.metrics.answered(&self.method, &self.route, None, self.started.elapsed());
        let ms = self.milliseconds();
        let _guard = self.span.enter();
        info!(method = %self.method, path = self.path, ms, "the client went away before the answer");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(given: &'static [u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_bytes(given).unwrap());
        RequestId::of(&headers).0
    }

    #[test]
    fn a_plain_id_is_kept_and_any_other_replaced() {
        assert_eq!(id_of(b"trace-1.2:3_4"), "trace-1.2:3_4");
        for strange in [&b""[..], b"two words", b"a\"b", b"a=b", b"\xff", &[b'x'; LONGEST_ID + 1]] {
            let id = id_of(strange);
            assert_eq!(id.len(), 16, "{id}");
            assert!(id.bytes().all(|c| c.is_ascii_hexdigit()), "{id}");
        }
    }
}

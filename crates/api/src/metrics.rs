use std::time::Duration;

use axum::http::{Method, StatusCode};
use focus_core::Upstream;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::error::Code;
use crate::{Build, Exposition};

/// What `/metrics` of a server shows. Clones are the same.
#[derive(Clone, Debug)]
pub struct Metrics {
    exposition: Exposition,
    http: HttpMetrics,
    configure: ConfigureMetrics,
    upstreams: focus_upstream::Metrics,
}

impl Metrics {
    /// Those of the HTTP interface and of the upstreams, besides what every process shows.
    #[must_use]
    pub fn new(build: &Build) -> Self {
        let exposition = Exposition::new(build);
        Self {
            http: exposition.register(HttpMetrics::register),
            configure: exposition.register(ConfigureMetrics::register),
            upstreams: exposition.register(focus_upstream::Metrics::register),
            exposition,
        }
    }

    /// Lets other parts add metrics of theirs, whose names start with `focus_`.
    pub fn register<T>(&self, add: impl FnOnce(&mut Registry) -> T) -> T {
        self.exposition.register(add)
    }

    pub(crate) fn exposition(&self) -> &Exposition {
        &self.exposition
    }

    pub(crate) fn http(&self) -> &HttpMetrics {
        &self.http
    }

    pub(crate) fn configure(&self) -> &ConfigureMetrics {
        &self.configure
    }

    /// For the gates of the upstreams.
    #[must_use]
    pub fn upstreams(&self) -> &focus_upstream::Metrics {
        &self.upstreams
    }
}

/// Every request, by the template of its route: ids are no labels.
#[derive(Clone, Debug)]
pub(crate) struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
    method: &'static str,
}

impl HttpMetrics {
    fn register(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram =
            || Histogram::new([0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]);
        let metrics =
            Self { requests: Family::default(), durations: Family::new_with_constructor(histogram) };
        registry.register(
            "focus_http_requests",
            "Requests by route, method and class of status; none: the client did not wait",
            metrics.requests.clone(),
        );
        registry.register(
            "focus_http_request_duration_seconds",
            "Time from a request's head to the head of its answer",
            metrics.durations.clone(),
        );
        metrics
    }

    /// `status` is `None` when the client went away before.
    pub(crate) fn answered(&self, method: &Method, route: &str, status: Option<StatusCode>, took: Duration) {
        let method = method_label(method);
        let status = match status.map(|status| status.as_u16() / 100) {
            Some(1) => "1xx",
            Some(2) => "2xx",
            Some(3) => "3xx",
            Some(4) => "4xx",
            Some(_) => "5xx",
            None => "none",
        };
        let route = route.to_owned();
        self.requests.get_or_create(&RequestLabels { route: route.clone(), method, status }).inc();
        self.durations.get_or_create(&RouteLabels { route, method }).observe(took.as_secs_f64());
    }
}

/// Clients can invent methods; labels must stay few.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// How requests to start a job end.
#[derive(Clone, Debug)]
pub(crate) struct ConfigureMetrics {
    requests: Family<ConfigureLabels, Counter>,
    durations: Family<OutcomeLabel, Histogram, fn() -> Histogram>,
}

/// How a request to start a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With a new job.
    Started,
    /// With the job that an equal request has started before.
    Repeated,
    /// Without a job, by this error.
    Error(Code),
}

impl Outcome {
    const ALL: [&str; 4] = ["started", "repeated", "refused", "failed"];

    fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Repeated => "repeated",
            Self::Error(code) if code.status().is_server_error() => "failed",
            Self::Error(_) => "refused",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConfigureLabels {
    outcome: &'static str,
    reason: String,
}

impl ConfigureMetrics {
    fn register(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram =
            || Histogram::new([0.003, 0.01, 0.03, 0.1, 0.3, 0.6, 1.0, 2.0, 3.0]);
        let metrics =
            Self { requests: Family::default(), durations: Family::new_with_constructor(histogram) };
        registry.register(
            "focus_configure_requests",
            "Requests to start a job, by outcome (started; repeated: the job was there already; refused: the \
             request's fault; failed: ours) and reason",
            metrics.requests.clone(),
        );
        registry.register(
            "focus_configure_duration_seconds",
            "Time from a request to start a job to its answer, by outcome",
            metrics.durations.clone(),
        );
        for outcome in [Outcome::Started, Outcome::Repeated] {
            metrics.create(outcome);
        }
        for code in Code::OF_CONFIGURE {
            metrics.create(Outcome::Error(code));
        }
        for outcome in Outcome::ALL {
            drop(metrics.durations.get_or_create(&OutcomeLabel { outcome }));
        }
        metrics
    }

    /// Shows from now on what outages of this upstream will cause.
    pub(crate) fn expect_outages_of(&self, upstream: Upstream) {
        for code in [Code::Unavailable(upstream), Code::Refused(upstream)] {
            self.create(Outcome::Error(code));
        }
    }

    fn create(&self, outcome: Outcome) {
        drop(self.requests.get_or_create(&Self::labels(outcome)));
    }

    /// Counts a request.
    pub(crate) fn ended(&self, outcome: Outcome, took: Duration) {
        self.requests.get_or_create(&Self::labels(outcome)).inc();
        self.durations.get_or_create(&OutcomeLabel { outcome: outcome.name() }).observe(took.as_secs_f64());
    }

    fn labels(outcome: Outcome) -> ConfigureLabels {
        let reason = match outcome {
            Outcome::Started | Outcome::Repeated => "none".to_owned(),
            Outcome::Error(code) => code.name().into_owned(),
        };
        ConfigureLabels { outcome: outcome.name(), reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_of_configure_is_there_before_it_happens() {
        let metrics = Metrics::new(&Build { version: "1.2.3".into(), commit: None });
        metrics.configure().expect_outages_of(Upstream::Catalogue);
        let text = metrics.exposition.text().unwrap();
        for (outcome, reason) in [
            ("started", "none"),
            ("repeated", "none"),
            ("refused", "invalid_request"),
            ("refused", "invalid_view"),
            ("refused", "too_many_jobs"),
            ("failed", "waiting_for_fiber"),
            ("failed", "catalogue_unavailable"),
            ("failed", "catalogue_error"),
            ("failed", "internal_error"),
        ] {
            let line =
                format!("focus_configure_requests_total{{outcome=\"{outcome}\",reason=\"{reason}\"}} 0\n");
            assert!(text.contains(&line), "{line}{text}");
        }
        for outcome in Outcome::ALL {
            let line = format!("focus_configure_duration_seconds_count{{outcome=\"{outcome}\"}} 0\n");
            assert!(text.contains(&line), "{line}{text}");
        }
        assert!(text.contains("focus_build_info{version=\"1.2.3\",commit=\"\"} 1\n"), "{text}");
    }

    #[test]
    fn an_invented_method_makes_no_new_label() {
        assert_eq!(method_label(&Method::from_bytes(b"BREW").unwrap()), "other");
    }
}

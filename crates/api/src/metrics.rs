use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use focus_core::Upstream;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::Build;
use crate::error::Code;

type FloatGauge = Gauge<f64, AtomicU64>;

/// What `/metrics` shows. Clones are the same registry.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    http: HttpMetrics,
    configure: ConfigureMetrics,
    upstreams: UpstreamMetrics,
}

impl Metrics {
    /// A registry with the metrics of the HTTP interface and of the upstreams.
    #[must_use]
    pub fn new(build: &Build) -> Self {
        let mut registry = Registry::default();
        let labels =
            [("version", build.version.clone()), ("commit", build.commit.clone().unwrap_or_default())];
        registry.register("focus_build", "What is running", Info::new(labels.to_vec()));
        Self {
            http: HttpMetrics::register(&mut registry),
            configure: ConfigureMetrics::register(&mut registry),
            upstreams: UpstreamMetrics::register(&mut registry),
            registry: Arc::new(Mutex::new(registry)),
        }
    }

    /// Lets other parts add metrics of theirs, whose names start with `focus_`.
    pub fn register<T>(&self, add: impl FnOnce(&mut Registry) -> T) -> T {
        add(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn http(&self) -> &HttpMetrics {
        &self.http
    }

    pub(crate) fn configure(&self) -> &ConfigureMetrics {
        &self.configure
    }

    /// The metrics of one upstream, there from now on; so are the answers that its outage will cause.
    pub(crate) fn upstream(&self, upstream: Upstream) -> UpstreamGauges {
        for code in [Code::Unavailable(upstream), Code::Refused(upstream)] {
            self.configure.create(Some(code));
        }
        self.upstreams.of(upstream)
    }

    /// In the `OpenMetrics` text format, which Prometheus reads.
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        Ok(text)
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
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConfigureLabels {
    outcome: &'static str,
    reason: String,
}

impl ConfigureMetrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self { requests: Family::default() };
        registry.register(
            "focus_configure_requests",
            "Requests to start a job, by outcome (started, refused: the request's fault, failed: ours) and reason",
            metrics.requests.clone(),
        );
        metrics.create(None);
        for code in Code::OF_CONFIGURE {
            metrics.create(Some(code));
        }
        metrics
    }

    fn create(&self, refusal: Option<Code>) {
        drop(self.requests.get_or_create(&Self::labels(refusal)));
    }

    /// Counts a request that started a job (`None`) or did not.
    pub(crate) fn ended(&self, refusal: Option<Code>) {
        self.requests.get_or_create(&Self::labels(refusal)).inc();
    }

    fn labels(refusal: Option<Code>) -> ConfigureLabels {
        match refusal {
            None => ConfigureLabels { outcome: "started", reason: "none".to_owned() },
            Some(code) => ConfigureLabels {
                outcome: if code.status().is_server_error() { "failed" } else { "refused" },
                reason: code.name().into_owned(),
            },
        }
    }
}

/// How the upstreams are.
#[derive(Clone, Debug, Default)]
struct UpstreamMetrics {
    up: Family<UpstreamLabels, Gauge>,
    probe_seconds: Family<UpstreamLabels, FloatGauge>,
    last_success: Family<UpstreamLabels, FloatGauge>,
    failures: Family<UpstreamLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UpstreamLabels {
    upstream: &'static str,
}

/// The metrics of one upstream.
#[derive(Clone, Debug)]
pub(crate) struct UpstreamGauges {
    pub(crate) up: Gauge,
    pub(crate) probe_seconds: FloatGauge,
    pub(crate) last_success: FloatGauge,
    pub(crate) failures: Counter,
}

impl UpstreamMetrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "focus_upstream_up",
            "1 when the last probe was answered, else 0",
            metrics.up.clone(),
        );
        registry.register(
            "focus_upstream_probe_seconds",
            "How long the last probe took, answered or not",
            metrics.probe_seconds.clone(),
        );
        registry.register(
            "focus_upstream_last_success_timestamp_seconds",
            "When a probe was last answered; 0: never",
            metrics.last_success.clone(),
        );
        registry.register(
            "focus_upstream_probe_failures",
            "Probes without a good answer",
            metrics.failures.clone(),
        );
        metrics
    }

    fn of(&self, upstream: Upstream) -> UpstreamGauges {
        let labels = UpstreamLabels { upstream: upstream.key() };
        UpstreamGauges {
            up: self.up.get_or_create(&labels).clone(),
            probe_seconds: self.probe_seconds.get_or_create(&labels).clone(),
            last_success: self.last_success.get_or_create(&labels).clone(),
            failures: self.failures.get_or_create(&labels).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_of_configure_is_there_before_it_happens() {
        let metrics = Metrics::new(&Build { version: "1.2.3".into(), commit: None });
        metrics.upstream(Upstream::Catalogue);
        let text = metrics.text().unwrap();
        for (outcome, reason) in [
            ("started", "none"),
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
        assert!(text.contains("focus_upstream_up{upstream=\"catalogue\"} 0\n"), "{text}");
        assert!(text.contains("focus_build_info{version=\"1.2.3\",commit=\"\"} 1\n"), "{text}");
    }

    #[test]
    fn an_invented_method_makes_no_new_label() {
        assert_eq!(method_label(&Method::from_bytes(b"BREW").unwrap()), "other");
    }
}

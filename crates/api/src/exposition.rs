use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use focus_core::epoch_seconds;
use jiff::Timestamp;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Build;
use crate::app::SharedApp;
use crate::connections::Connections;
use crate::routes;

/// Most connections at the same time to a process that serves nothing else.
const MAX_CONNECTIONS: usize = 16;

/// What a process shows to Prometheus: what it is and since when, and whatever its parts add. Clones are the same.
#[derive(Clone, Debug)]
pub struct Exposition(Arc<Mutex<Registry>>);

impl Exposition {
    /// Of a process that starts now.
    #[must_use]
    pub fn new(build: &Build) -> Self {
        let mut registry = Registry::default();
        let labels =
            [("version", build.version.clone()), ("commit", build.commit.clone().unwrap_or_default())];
        registry.register("focus_build", "What is running", Info::new(labels.to_vec()));
        // The name is a convention of Prometheus: with it a restart is seen that no scrape has missed.
        let started = Gauge::<f64, AtomicU64>::default();
        started.set(epoch_seconds(Timestamp::now()));
        registry.register("process_start_time_seconds", "When the process was started", started);
        Self(Arc::new(Mutex::new(registry)))
    }

    /// Lets a part add metrics of its own, whose names start with `focus_`.
    pub fn register<T>(&self, add: impl FnOnce(&mut Registry) -> T) -> T {
        add(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves `GET /metrics` and nothing else until it is dropped, to a few at a time. For a process that is not a server
    /// of views: [`crate::serve`] has this route, too.
    pub async fn serve(self, listener: TcpListener) {
        let router = Router::new().route("/metrics", get(routes::metrics::metrics)).with_state(self);
        let connections = Connections::new(MAX_CONNECTIONS);
        let _cut = connections.cut_when_dropped();
        connections.accept(listener, &router, &CancellationToken::new()).await;
    }

    /// In the `OpenMetrics` text format, which Prometheus reads.
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        let registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

impl FromRef<SharedApp> for Exposition {
    fn from_ref(app: &SharedApp) -> Self {
        app.services.metrics.exposition().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn it_is_served_alone_and_leaves_no_connection_behind() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let build = Build { version: "1.2.3".to_owned(), commit: None };
        let served = tokio::spawn(Exposition::new(&build).serve(listener));

        let answer = reqwest::get(format!("http://{address}/metrics")).await.unwrap();
        let kind = answer.headers()["Content-Type"].to_str().unwrap();
        assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
        let text = answer.text().await.unwrap();
        assert!(text.contains("focus_build_info{version=\"1.2.3\",commit=\"\"} 1\n"), "{text}");
        assert!(text.contains("process_start_time_seconds 1"), "{text}");

        let mut open = TcpStream::connect(address).await.unwrap();
        open.write_all(b"GET /jobs HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut status = [0; 12];
        open.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 404");
        served.abort();
        let ended = timeout(DEADLINE, open.read_to_end(&mut Vec::new())).await;
        ended.expect("the connection ends").unwrap();
    }
}

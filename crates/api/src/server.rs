use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::Services;
use crate::app::App;
use crate::router::router;

/// Most connections at the same time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;
/// The time that a client has for a request's head, and for the next request on the same connection.
const HEAD_DEADLINE: Duration = Duration::from_secs(30);
/// Most bytes of a request's head.
const MAX_HEAD: usize = 64 << 10;
/// The time that requests and WebSockets have to finish when the server shuts down.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(10);

/// Serves until `shutdown` fires, then takes no more connections, closes the WebSockets, lets requests that are
/// under way finish for at most ten seconds, and returns.
pub async fn serve(mut listener: TcpListener, services: Services, shutdown: CancellationToken) {
    let app = App::new(services, shutdown.clone());
    let router = router(app.clone());
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let http = http(HEAD_DEADLINE);
    loop {
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            (place, Listener::accept(&mut listener).await)
        };
        let (place, (stream, _)) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accepted => accepted,
        };
        let connection = connect(http.clone(), stream, router.clone(), shutdown.clone());
        let cut = cut.clone();
        connections.spawn(async move {
            cut.run_until_cancelled(connection).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    app.sockets.close();
    let finished = async { tokio::join!(connections.wait(), app.sockets.wait()) };
    if tokio::time::timeout(SHUTDOWN_DEADLINE, finished).await.is_err() {
        warn!(
            requests = connections.len(),
            websockets = app.sockets.len(),
            "cut off: they did not finish in time"
        );
        cut.cancel();
        connections.wait().await;
    }
}

fn http(head_deadline: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_deadline).max_buf_size(MAX_HEAD);
    http
}

async fn connect(http: http1::Builder, stream: TcpStream, router: Router, shutdown: CancellationToken) {
    // Rows are small and must not wait for more.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "the connection is gone");
        return;
    }
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        debug!(%error, "a connection broke");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// A connection to a server that waits this long for a head.
    async fn connected(head_deadline: Duration) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let router = Router::new().route("/", get(|| async { "here" }));
            connect(http(head_deadline), stream, router, CancellationToken::new()).await;
        });
        TcpStream::connect(address).await.unwrap()
    }

    #[tokio::test]
    async fn a_client_that_sends_no_whole_head_is_dropped() {
        for sent in [&b""[..], b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
            let mut client = connected(Duration::from_millis(100)).await;
            client.write_all(sent).await.unwrap();
            let mut rest = Vec::new();
            let end = tokio::time::timeout(Duration::from_secs(10), client.read_to_end(&mut rest)).await;
            end.expect("the server hangs up").unwrap();
            assert!(!rest.starts_with(b"HTTP/1.1 200"), "{rest:?}");
        }
    }

    #[tokio::test]
    async fn a_head_without_end_is_refused() {
        let mut client = connected(Duration::from_secs(60)).await;
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: ").await.unwrap();
        let endless = async { while client.write_all(&[b'x'; 1024]).await.is_ok() {} };
        tokio::time::timeout(Duration::from_secs(10), endless).await.expect("the server hangs up");
    }
}

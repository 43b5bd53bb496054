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
pub async fn serve(listener: TcpListener, services: Services, shutdown: CancellationToken) {
    serve_within(listener, services, shutdown, HEAD_DEADLINE, SHUTDOWN_DEADLINE).await;
}

async fn serve_within(
    mut listener: TcpListener,
    services: Services,
    shutdown: CancellationToken,
    head_deadline: Duration,
    shutdown_deadline: Duration,
) {
    let app = App::new(services, shutdown.clone());
    let router = router(app.clone());
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_deadline).max_buf_size(MAX_HEAD);
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
    if tokio::time::timeout(shutdown_deadline, finished).await.is_err() {
        warn!(
            requests = connections.len(),
            websockets = app.sockets.len(),
            "cut off: they did not finish in time"
        );
        cut.cancel();
        connections.wait().await;
    }
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

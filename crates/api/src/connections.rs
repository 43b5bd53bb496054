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
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::debug;

use crate::unstalled::Unstalled;

/// The time that a client has for a request's head, and for the next request on the same connection.
const HEAD_DEADLINE: Duration = Duration::from_secs(30);
/// A client that takes nothing of its answer for so long is gone.
const WRITE_DEADLINE: Duration = Duration::from_secs(60);
/// Most bytes of a request's head.
const MAX_HEAD: usize = 64 << 10;

/// The connections of one listener.
pub(crate) struct Connections {
    open: TaskTracker,
    places: Arc<Semaphore>,
    cut: CancellationToken,
}

impl Connections {
    /// None yet, and never more than `most` at the same time; others wait to be accepted.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            open: TaskTracker::new(),
            places: Arc::new(Semaphore::new(most)),
            cut: CancellationToken::new(),
        }
    }

    /// Accepts them and has `router` answer, until `shutdown` fires: then they end when what is under way is answered.
    pub(crate) async fn accept(
        &self,
        mut listener: TcpListener,
        router: &Router,
        shutdown: &CancellationToken,
    ) {
        let http = http(HEAD_DEADLINE);
        loop {
            let accepted = async {
                let place = self.places.clone().acquire_owned().await;
                (place, Listener::accept(&mut listener).await)
            };
            let (place, (stream, _)) = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = accepted => accepted,
            };
            // Rows are small and must not wait for more.
            if let Err(error) = stream.set_nodelay(true) {
                debug!(%error, "the connection is gone");
                continue;
            }
            let stream = Unstalled::new(stream, WRITE_DEADLINE);
            let connection = connect(http.clone(), stream, router.clone(), shutdown.clone());
            let cut = self.cut.clone();
            self.open.spawn(async move {
                cut.run_until_cancelled(connection).await;
                drop(place);
            });
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Resolves when all have ended; to be called when no more are accepted.
    pub(crate) async fn ended(&self) {
        self.open.close();
        self.open.wait().await;
    }

    /// Ends all, whatever is under way.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    /// The same when the guard is dropped.
    pub(crate) fn cut_when_dropped(&self) -> DropGuard {
        self.cut.clone().drop_guard()
    }
}

fn http(head_deadline: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_deadline).max_buf_size(MAX_HEAD);
    http
}

async fn connect(
    http: http1::Builder,
    stream: Unstalled<TcpStream>,
    router: Router,
    shutdown: CancellationToken,
) {
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
    use std::time::Instant;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// A connection to a server that waits this long for a head, and for its answer to be taken.
    async fn connected(head_deadline: Duration, write_deadline: Duration) -> (TcpStream, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = Unstalled::new(stream, write_deadline);
            let router = Router::new()
                .route("/", get(|| async { "here" }))
                .route("/much", get(|| async { vec![b'x'; MUCH] }));
            connect(http(head_deadline), stream, router, CancellationToken::new()).await;
        });
        (TcpStream::connect(address).await.unwrap(), served)
    }

    #[tokio::test]
    async fn a_client_that_sends_no_whole_head_is_dropped() {
        for sent in [&b""[..], b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
            let (mut client, _) = connected(Duration::from_millis(100), LONG).await;
            client.write_all(sent).await.unwrap();
            let mut rest = Vec::new();
            let end = tokio::time::timeout(Duration::from_secs(10), client.read_to_end(&mut rest)).await;
            end.expect("the server hangs up").unwrap();
            assert!(!rest.starts_with(b"HTTP/1.1 200"), "{rest:?}");
        }
    }

    #[tokio::test]
    async fn a_head_without_end_is_refused() {
        let (mut client, _) = connected(LONG, LONG).await;
        client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ").await.unwrap();
        let endless = async { while client.write_all(&[b'x'; 1024]).await.is_ok() {} };
        tokio::time::timeout(Duration::from_secs(10), endless).await.expect("the server hangs up");
    }

    /// More than the sockets of both sides hold.
    const MUCH: usize = 64 << 20;

    #[tokio::test]
    async fn a_client_that_does_not_take_its_answer_is_dropped() {
        let (mut client, served) = connected(LONG, Duration::from_millis(200)).await;
        client.write_all(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        tokio::time::timeout(Duration::from_secs(10), served).await.expect("the server hangs up").unwrap();
    }

    #[tokio::test]
    async fn a_slow_client_gets_its_whole_answer() {
        let deadline = Duration::from_secs(2);
        let (mut client, _served) = connected(LONG, deadline).await;
        let began = Instant::now();
        client
            .write_all(b"GET /much HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        // Each part is taken long before the deadline is over, and all of them long after.
        let (mut part, mut taken) = (vec![0; 1 << 20], 0);
        loop {
            let read = client.read(&mut part).await.unwrap();
            if read == 0 {
                break;
            }
            taken += read;
            tokio::time::sleep(deadline / 32).await;
        }
        assert!(taken > MUCH && began.elapsed() > deadline * 3 / 2, "{taken} in {:?}", began.elapsed());
    }
}

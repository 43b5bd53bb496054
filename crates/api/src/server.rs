use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::Services;
use crate::app::App;
use crate::connections::Connections;
use crate::router::router;
use crate::visitors::Hosts;

/// Most connections at the same time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;
/// The time that requests and WebSockets have to finish when the server shuts down.
const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(10);

/// Serves until `shutdown` fires, then takes no more connections, closes the WebSockets, lets requests that are
/// under way finish for at most ten seconds, and returns.
pub async fn serve(listener: TcpListener, services: Services, shutdown: CancellationToken) {
    let address = listener.local_addr().map(|address| address.ip()).ok();
    let hosts = Hosts::of(address, &services.origins, services.public_host.as_deref());
    let app = App::new(services, hosts, shutdown.clone());
    let router = router(app.clone());
    let connections = Connections::new(MAX_CONNECTIONS);
    connections.accept(listener, &router, &shutdown).await;
    app.sockets.close();
    let finished = async { tokio::join!(connections.ended(), app.sockets.wait()) };
    if tokio::time::timeout(SHUTDOWN_DEADLINE, finished).await.is_err() {
        warn!(
            requests = connections.len(),
            websockets = app.sockets.len(),
            "cut off: they did not finish in time"
        );
        connections.cut();
        connections.ended().await;
    }
}

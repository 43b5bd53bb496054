//! Connections that can be bounded in number and ended from outside: the transport gives no way to.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo};

/// A client takes what is on its way to it and hangs up within this time.
const GOOD_BYE: Duration = Duration::from_secs(30);

/// The connections that `listener` accepts, as long as there are `places`, until `cut` ends them all.
pub(super) fn accept(
    listener: TcpListener,
    places: Arc<Semaphore>,
    cut: CancellationToken,
) -> impl Stream<Item = io::Result<Connection>> {
    TcpListenerStream::new(listener).filter_map(move |accepted| {
        let connection = accepted.map(|stream| {
            // A frame's last packet must not wait for an answer to the one before. Only its speed depends on it.
            drop(stream.set_nodelay(true));
            let place = Arc::clone(&places).try_acquire_owned().ok()?;
            let cut = Box::pin(cut.clone().cancelled_owned());
            Some(Connection { stream, cut, good_bye: None, _place: place })
        });
        std::future::ready(connection.transpose())
    })
}

/// One client's connection.
pub(super) struct Connection {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// By when the client is to hang up, once we have nothing more to say.
    good_bye: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    /// Fails once the connection is to end; else whoever asks is woken when it is.
    fn go_on(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.go_on(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.go_on(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.go_on(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Ends when the client has hung up, too, or takes too long for it: were the connection closed while the client
    /// still says something, the system would reset it, and what is on its way to the client would be lost.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        let good_bye = self.good_bye.get_or_insert_with(|| Box::pin(sleep(GOOD_BYE)));
        if good_bye.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let mut bytes = [0; 1024];
        loop {
            let mut said = ReadBuf::new(&mut bytes);
            ready!(self.as_mut().poll_read(context, &mut said))?;
            if said.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}

//! The way to the broker: name, TCP and TLS. It ends when it is told to, whoever holds it.

use std::future::Future;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, ToSocketAddrs as _};
use std::os::fd::{AsFd, AsRawFd};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_rs::Tokio;
use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use focus_core::Outage;
use futures::Stream;
use futures::io::{AsyncRead, AsyncWrite};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::either::Either;
use tokio_util::sync::DropGuard;

use super::Address;
use super::address::{refused, unavailable};

/// Name services may be silent for many seconds, and a look-up cannot be called off: no more than this many
/// threads wait for them.
static LOOK_UPS: Semaphore = Semaphore::const_new(2);

/// A peer whose machine has gone is noticed after about this long.
const PEER_GONE: Duration = Duration::from_secs(10);

/// TCP to the broker, with TLS where the address says so, as the client library reads and writes it.
pub(super) struct Socket {
    stream: Either<TcpStream, Box<TlsStream<TcpStream>>>,
    /// Tells when the library has let go of the socket.
    _released: DropGuard,
}

/// Cuts a socket when it is dropped: whoever reads or writes it then finds it ended.
#[derive(Debug)]
pub(super) struct Lifeline(socket2::Socket);

impl Lifeline {
    /// Cuts the socket now.
    pub(super) fn cut(&self) {
        // Fails when the other side has ended it already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        self.cut();
    }
}

/// Connects TCP before `deadline`.
pub(super) async fn dial(address: &Address, deadline: Instant) -> Result<(TcpStream, Lifeline), Outage> {
    let peers = look_up(address).await?;
    let mut outage = unavailable(format!("its host {:?} has no address", address.host()));
    for (tried, &peer) in peers.iter().enumerate() {
        // A silent one must leave time for the others.
        let share = deadline.saturating_duration_since(Instant::now()) / (peers.len() - tried) as u32;
        outage = match timeout_at(Instant::now() + share, TcpStream::connect(peer)).await {
            Ok(Ok(stream)) => return settle(stream).map_err(|error| unreachable(&error, peer)),
            Ok(Err(error)) => unreachable(&error, peer),
            Err(_) => address.silent(),
        };
    }
    Err(outage)
}

impl Socket {
    /// Wraps a connected stream, with TLS where the address says so.
    pub(super) async fn new(
        stream: TcpStream,
        address: &Address,
        released: DropGuard,
    ) -> Result<Self, Outage> {
        let stream =
            if address.tls() { Either::Right(encrypt(stream, address).await?) } else { Either::Left(stream) };
        Ok(Self { stream, _released: released })
    }
}

async fn look_up(address: &Address) -> Result<Vec<SocketAddr>, Outage> {
    let place = (address.host().to_owned(), address.port());
    if let Ok(number) = place.0.parse() {
        return Ok(vec![SocketAddr::new(number, place.1)]);
    }
    let failed = |error: io::Error| {
        unavailable(format!("the address of its host {:?} cannot be found: {error}", address.host()))
    };
    let permit = LOOK_UPS.acquire().await.map_err(|error| failed(io::Error::other(error)))?;
    let found = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        place.to_socket_addrs().map(Vec::from_iter)
    });
    found.await.map_err(|error| failed(error.into()))?.map_err(failed)
}

fn settle(stream: TcpStream) -> io::Result<(TcpStream, Lifeline)> {
    let socket = SockRef::from(&stream);
    socket.set_tcp_nodelay(true)?;
    let keepalive =
        TcpKeepalive::new().with_time(PEER_GONE / 2).with_interval(Duration::from_secs(1)).with_retries(5);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(PEER_GONE))?;
    let lifeline = Lifeline(socket.try_clone()?);
    Ok((stream, lifeline))
}

fn unreachable(error: &io::Error, peer: SocketAddr) -> Outage {
    unavailable(format!("{} ({peer})", in_words(error)))
}

/// Without the number of the error where it has words.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::Other => error.to_string(),
        kind => match kind.to_string() {
            // What the standard library has no words for.
            vague if vague == "uncategorized error" => error.to_string(),
            words => words,
        },
    }
}

async fn encrypt(stream: TcpStream, address: &Address) -> Result<Box<TlsStream<TcpStream>>, Outage> {
    let insecure = |why: String| refused(format!("no TLS with {:?}: {why}", address.host()));
    let roots = roots(address.authorities()).map_err(insecure)?;
    let name =
        ServerName::try_from(address.host().to_owned()).map_err(|error| insecure(error.to_string()))?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| insecure(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    match TlsConnector::from(Arc::new(config)).connect(name, stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        // What is no TLS and what is not trusted; other errors are those of the way there.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(insecure(error.to_string())),
        Err(error) => Err(unavailable(format!("{} in the TLS handshake", in_words(&error)))),
    }
}

/// Whom the system trusts; read once, for it takes its time.
static SYSTEM: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Arc::new(roots)
});

fn roots(authorities: Option<&str>) -> Result<Arc<RootCertStore>, String> {
    let roots = match authorities {
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| error.to_string())?;
                roots.add(certificate).map_err(|error| error.to_string())?;
            }
            Arc::new(roots)
        }
        None => SYSTEM.clone(),
    };
    if roots.is_empty() { Err("no certificate authority is known".to_owned()) } else { Ok(roots) }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.get_mut().stream).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// The runtime that the client library runs on: tokio's, with our sockets.
pub(super) type Runtime = async_rs::Runtime<RuntimeParts<Tokio, Sockets>>;

/// The current tokio runtime, for the client library.
pub(super) fn runtime() -> Runtime {
    Runtime::new(RuntimeParts::new(Tokio::current(), Sockets(Tokio::current())))
}

/// Waits as tokio does. Opens no sockets: the library is given one.
#[derive(Clone, Debug)]
pub(super) struct Sockets(Tokio);

impl Reactor for Sockets {
    type TcpStream = Socket;
    type Sleep = <Tokio as Reactor>::Sleep;

    fn register<H: Read + Write + AsFd + AsRawFd + Send + 'static>(
        &self,
        socket: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        self.0.register(socket)
    }

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.0.sleep(duration)
    }

    fn interval(&self, period: Duration) -> impl Stream<Item = std::time::Instant> + Send + 'static {
        self.0.interval(period)
    }

    fn tcp_connect_addr(
        &self,
        _: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        std::future::ready(Err(io::ErrorKind::Unsupported.into()))
    }
}

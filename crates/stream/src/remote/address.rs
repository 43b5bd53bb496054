use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

use crate::Tls;

/// A silent service is asked after this long whether it is still there ..
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// .. and is gone when it has not answered after this long.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a job's gRPC service is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or a number, the latter without brackets.
    pub host: String,
    /// The port there.
    pub port: u16,
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.parse::<Ipv6Addr>().is_ok() {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

impl Address {
    /// A connection to the service. The deadline is the caller's.
    pub(super) async fn connect(&self, tls: Option<&Tls>) -> anyhow::Result<Channel> {
        let endpoint = Endpoint::from_shared(format!("http://{self}"))?
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .tcp_nodelay(true);
        let Some(tls) = tls else { return Ok(endpoint.connect().await?) };
        let connector = TlsConnector::from(Arc::new(tls.client()?));
        let name = ServerName::try_from(self.host.clone())?;
        let Self { host, port } = self.clone();
        let connector = tower::service_fn(move |_| {
            let (connector, name, host) = (connector.clone(), name.clone(), host.clone());
            async move {
                let stream = TcpStream::connect((host.as_str(), port)).await?;
                stream.set_nodelay(true)?;
                Ok::<_, std::io::Error>(TokioIo::new(connector.connect(name, stream).await?))
            }
        });
        Ok(endpoint.connect_with_connector(connector).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_written_as_a_url_has_them() {
        let of = |text: &str| Address::from(text.parse::<SocketAddr>().unwrap()).to_string();
        assert_eq!((of("127.0.0.1:5"), of("[::1]:5")), ("127.0.0.1:5".into(), "[::1]:5".into()));
        let named = Address { host: "node.example.org".to_owned(), port: 30_000 };
        assert_eq!(named.to_string(), "node.example.org:30000");
    }
}

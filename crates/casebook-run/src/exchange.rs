//! One request over HTTP/1.1 on a connection of its own, with TLS where the URL says so: what an earlier request left
//! says nothing about this one. Redirects are not followed: credentials go nowhere but where they were sent.

use std::error::Error;
use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::handshake;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::http::request::Builder;
use hyper::{Request, Response, http};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Position, Url};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// It cannot be asked.
    #[error("no such request can be sent: {0}")]
    Request(#[from] http::Error),
    /// There is no way to the server.
    #[error("{0}")]
    Connect(io::Error),
    /// It is not whom it should be, or speaks no TLS.
    #[error("no TLS: {0}")]
    Tls(io::Error),
    /// The connection ended before there was an answer.
    #[error("{}", told(.0))]
    Cut(#[from] hyper::Error),
}

/// Asks, and waits for the head of the answer. The URL says whom, as whom and what; `builder` has the method and headers.
///
/// # Errors
///
/// When there is no answer.
pub(crate) async fn ask(
    url: &Url,
    builder: Builder,
    body: Bytes,
    tls: ClientConfig,
) -> Result<Response<Incoming>, Unanswered> {
    let request = request(url, builder, body)?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(80);
    let stream = TcpStream::connect((host, port)).await.map_err(Unanswered::Connect)?;
    stream.set_nodelay(true).map_err(Unanswered::Connect)?;
    if url.scheme() != "https" {
        return exchange(stream, request).await;
    }
    let name =
        ServerName::try_from(host.to_owned()).map_err(|error| Unanswered::Tls(io::Error::other(error)))?;
    let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await.map_err(Unanswered::Tls)?;
    exchange(stream, request).await
}

fn request(url: &Url, builder: Builder, body: Bytes) -> http::Result<Request<Full<Bytes>>> {
    let mut request = builder.uri(&url[Position::BeforePath..Position::AfterQuery]).body(Full::new(body))?;
    if !request.headers().contains_key(HOST) {
        let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort])?;
        request.headers_mut().insert(HOST, host);
    }
    if !url.username().is_empty() && !request.headers().contains_key(AUTHORIZATION) {
        let user: Vec<_> = percent_decode_str(url.username()).collect();
        let password: Vec<_> = percent_decode_str(url.password().unwrap_or_default()).collect();
        let both = STANDARD.encode([&user[..], b":", &password].concat());
        let mut value = HeaderValue::from_str(&format!("Basic {both}"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    Ok(request)
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Unanswered>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    // It ends with the request or with what is read of the answer, and how it ends is told there.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// An error with its causes.
fn told(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

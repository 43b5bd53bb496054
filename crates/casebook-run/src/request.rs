//! Requests over HTTP in which nothing is left to be filled in: what is sent, and what is seen of it.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use casebook_ticket::language::{Http, Reference};
use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE};
use hyper::http::request::Builder;
use hyper::{Method, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::exchange::{self, Unanswered};
use crate::names::{fill, fill_url};
use crate::perform::{KEPT, bounded};
use crate::tls;
use crate::{Observation, Outcome};

/// A body that is larger is not read further.
const MOST: usize = 8 * KEPT;

/// A request over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// In capitals.
    method: String,
    /// Where it goes, with the credentials that the environment gives.
    url: String,
    /// Names and values of headers beside the usual ones.
    headers: Vec<(String, String)>,
    /// What is sent.
    body: Option<String>,
    /// When it is given up, in milliseconds.
    deadline: u64,
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Sent {
    /// What was seen.
    pub(crate) seen: Observation,
    /// Whether the server may have got it.
    pub(crate) may_have_arrived: bool,
}

impl Request {
    /// A ticket's request with its names replaced by what they stand for.
    ///
    /// # Errors
    ///
    /// A sentence, when a name has no value.
    pub(crate) fn filled(
        request: &Http,
        body: Option<String>,
        deadline: Duration,
        resolve: &dyn Fn(&Reference) -> Option<Json>,
    ) -> Result<Self, String> {
        let header = |(name, value): &(String, _)| Ok((name.clone(), fill(value, resolve)?));
        Ok(Self {
            method: request.method.clone(),
            url: fill_url(&request.target, resolve)?,
            headers: request.headers.iter().map(header).collect::<Result<_, String>>()?,
            body,
            deadline: deadline.as_millis() as u64,
        })
    }

    /// When it is given up.
    pub(crate) fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline)
    }

    /// Method and URL, without credentials.
    pub(crate) fn in_short(&self) -> String {
        let Ok(mut url) = Url::parse(&self.url) else { return self.method.clone() };
        // Only URLs that can hold none refuse.
        let _ = url.set_password(None);
        let _ = url.set_username("");
        format!("{} {url}", self.method)
    }

    /// What a GET of its address is answered at once, if it is.
    pub(crate) async fn look(&self) -> Option<u16> {
        const WITHIN: u64 = 1000;
        let look = Self {
            method: Method::GET.to_string(),
            body: None,
            deadline: self.deadline.min(WITHIN),
            ..self.clone()
        };
        look.send().await.ok()?.seen.status
    }

    /// Whether a request that was sent, as observations have it, went to its address.
    pub(crate) fn is_at(&self, sent: &str) -> bool {
        let address = sent.lines().next().and_then(|line| line.split_once(' ')).map(|(_, url)| url);
        Url::parse(&self.url).is_ok_and(|own| Some(own.as_str()) == address)
    }

    /// The ticket's own headers, and what goes along without its saying so, but for what the connection needs.
    fn headers(&self) -> Vec<(&str, &str)> {
        let mut headers = vec![(ACCEPT.as_str(), "*/*")];
        headers.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str()));
        if self.body.is_some() && !has_type {
            headers.push((CONTENT_TYPE.as_str(), "application/json"));
        }
        headers
    }

    /// Sends it, and reads the answer or as much of it as there was before the deadline.
    ///
    /// # Errors
    ///
    /// A sentence, when there can be no such request: nothing was sent then.
    pub(crate) async fn send(&self) -> Result<Sent, String> {
        let url = Url::parse(&self.url).map_err(|error| format!("{} is no URL: {error}", self.url))?;
        if !["http", "https"].contains(&url.scheme()) {
            return Err(format!("{} is asked over http or https only", self.url));
        }
        let method: Method = self.method.parse().map_err(|_| format!("{} is no method", self.method))?;
        let headers = self.headers();
        let mut sent = format!("{method} {url}");
        let mut builder = hyper::Request::builder().method(method);
        for (name, value) in &headers {
            sent.extend(["\n", name, ": ", value]);
            builder = builder.header(*name, *value);
        }
        if let Some(body) = &self.body {
            sent.extend(["\n\n", body]);
        }
        let body = self.body.clone().unwrap_or_default().into();
        let Sent { seen, may_have_arrived } = observe(&url, builder, body, self.deadline()).await?;
        Ok(Sent { seen: Observation { sent, ..seen }, may_have_arrived })
    }
}

/// Asks, and reads the answer or as much of it as there was before the deadline. An error is a request that cannot be.
async fn observe(url: &Url, builder: Builder, body: Bytes, deadline: Duration) -> Result<Sent, String> {
    let began = Instant::now();
    let until = began + deadline;
    let mut may_have_arrived = true;
    let seen = match timeout_at(until, exchange::ask(url, builder, body, tls::config())).await {
        Ok(Ok(answer)) => read(answer, until).await,
        Ok(Err(error @ Unanswered::Request(_))) => return Err(error.to_string()),
        Ok(Err(error)) => {
            may_have_arrived = matches!(error, Unanswered::Cut(_));
            Observation { outcome: outcome(&error), ..Observation::default() }
        }
        Err(_) => Observation { outcome: Outcome::TimedOut, ..Observation::default() },
    };
    let elapsed = began.elapsed().max(Duration::from_micros(1)).as_secs_f64();
    Ok(Sent { seen: Observation { elapsed, ..seen }, may_have_arrived })
}

async fn read(answer: Response<Incoming>, until: Instant) -> Observation {
    let (head, mut incoming) = answer.into_parts();
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut body = Vec::new();
    let mut left_out = 0;
    let outcome = loop {
        let frame = match timeout_at(until, incoming.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => break cut(&error),
            Ok(None) => break Outcome::Answered,
            Err(_) => break Outcome::TimedOut,
        };
        let Ok(chunk) = frame.into_data() else { continue };
        if body.len() + chunk.len() > MOST {
            // How much more there would be is not known.
            left_out = 1;
            break Outcome::Answered;
        }
        body.extend_from_slice(&chunk);
    };
    let text = String::from_utf8_lossy(&body);
    let json =
        if left_out == 0 { serde_json::from_str(&text).unwrap_or_default() } else { serde_json::Value::Null };
    let (text, cut) = bounded(&text);
    Observation {
        outcome,
        status: Some(head.status.as_u16()),
        headers: head.headers.iter().map(header).collect(),
        text,
        left_out: left_out + cut,
        json,
        ..Observation::default()
    }
}

/// How a request ended that had no answer.
fn outcome(error: &Unanswered) -> Outcome {
    match error {
        Unanswered::Connect(error) | Unanswered::Tls(error) => of_io(error),
        Unanswered::Cut(error) => cut(error),
        Unanswered::Request(error) => Outcome::Failed(error.to_string()),
    }
}

/// How a connection ended.
fn cut(error: &hyper::Error) -> Outcome {
    error.source().and_then(|cause| cause.downcast_ref()).map_or(Outcome::Cut, of_io)
}

/// How an attempt ended that the kernel tells of.
pub(crate) fn of_io(error: &io::Error) -> Outcome {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Outcome::Refused,
        io::ErrorKind::TimedOut => Outcome::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Outcome::Unreachable,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Outcome::Cut,
        _ => Outcome::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::{RootCertStore, ServerConfig};

    use super::*;

    /// The address of a server that answers each request over TLS, and the certificates that trust it.
    async fn encrypted() -> (String, RootCertStore) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let key = made.signing_key.serialize_der().try_into().unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
                let _ = stream.shutdown().await;
            }
        });
        (url, roots)
    }

    #[tokio::test]
    async fn encrypted_servers_are_asked_and_those_that_nobody_vouches_for_are_not() {
        let (url, roots) = encrypted().await;
        let url = Url::parse(&url).unwrap();
        let ask = async |tls| exchange::ask(&url, hyper::Request::builder(), Bytes::new(), tls).await;
        let answer = ask(tls::trusting(roots)).await.unwrap();
        assert_eq!(answer.status(), 200);
        let Outcome::Failed(why) = outcome(&ask(tls::config()).await.unwrap_err()) else {
            panic!("a certificate of nobody's is taken");
        };
        assert!(why.contains("certificate"), "{why}");
    }

    #[tokio::test]
    async fn servers_are_told_their_name_and_who_asks() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = tokio::spawn(async move {
            let mut heard = Vec::new();
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let read = stream.read(&mut request).await.unwrap();
                heard.push(String::from_utf8_lossy(&request[..read]).to_lowercase());
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            }
            heard
        });
        let url = format!("http://us%20er:pa%3Ass@{address}/a?b=c");
        let bare = Request { method: "GET".into(), url, headers: Vec::new(), body: None, deadline: 5000 };
        let own = vec![("authorization".to_owned(), "Bearer own".to_owned())];
        let with_own = Request { headers: own, body: Some("{}".into()), ..bare.clone() };
        let mut told = Vec::new();
        for request in [&bare, &with_own] {
            let seen = request.send().await.unwrap().seen;
            assert_eq!(seen.status, Some(204));
            told.push(seen.sent.split_once('\n').unwrap().1.to_owned());
        }
        let all = "accept: */*\nauthorization: Bearer own\ncontent-type: application/json\n\n{}";
        assert_eq!(told, ["accept: */*", all], "what a request sends is told");
        let heard = heard.await.unwrap();
        assert!(heard[0].starts_with("get /a?b=c http/1.1\r\n"), "{}", heard[0]);
        assert!(heard[0].contains(&format!("\r\nhost: {address}\r\n")), "{}", heard[0]);
        let basic = format!("\r\nauthorization: basic {}\r\n", STANDARD.encode("us er:pa:ss").to_lowercase());
        assert!(heard[0].contains(&basic), "{}", heard[0]);
        assert!(heard[1].contains("\r\nauthorization: bearer own\r\n") && !heard[1].contains("basic"));
        assert!(heard[1].contains("\r\ncontent-type: application/json\r\n") && heard[1].ends_with("{}"));
        assert_eq!(bare.in_short(), format!("GET http://{address}/a?b=c"), "credentials are not told");
    }
}

//! Where a target is reached.

use url::Url;

/// Where a target is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The whole URL, with credentials.
    pub url: Url,
    /// The host, without brackets.
    pub host: String,
    /// The port, by the URL or by its scheme.
    pub port: u16,
}

impl Address {
    /// Reads a URL; the error is a sentence.
    ///
    /// # Errors
    ///
    /// When it is no URL, or of a scheme that is not known, or without host or port.
    pub fn parse(text: &str) -> Result<Self, String> {
        const KNOWN: &str = "http, https, grpc, grpcs, amqp, amqps, mongodb and tcp are known";
        let url =
            Url::parse(text).map_err(|error| format!("no URL ({error}), e.g. \"http://127.0.0.1:5000\""))?;
        let port = match url.scheme() {
            "http" | "grpc" => Some(80),
            "https" | "grpcs" => Some(443),
            "amqp" => Some(5672),
            "amqps" => Some(5671),
            "mongodb" => Some(27017),
            "tcp" => None,
            other => return Err(format!("the scheme {other} is not known; {KNOWN}")),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("the URL has no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port().or(port).ok_or("the URL has no port")?;
        Ok(Self { url, host, port })
    }
}

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use focus_core::{Outage, Upstream};
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Exchange of the live fibre unless told otherwise.
const EXCHANGE: &str = "focus.live";
/// How long the broker may take to answer unless told otherwise.
const DEADLINE: Duration = Duration::from_millis(600);
/// A connection over which nothing came for twice this long is lost, seconds.
const HEARTBEAT: u16 = 5;

/// Where the broker is and how to talk to it.
///
/// `Debug` and `Display` leave the password out. Serialised, for the order to a worker, it is all there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    tls: bool,
    /// A name or a number, the latter without brackets.
    host: Arc<str>,
    port: u16,
    user: Arc<str>,
    password: Arc<str>,
    vhost: Arc<str>,
    exchange: Arc<str>,
    deadline: Duration,
    authorities: Option<Arc<str>>,
}

/// What is wrong with a broker's URL. Does not repeat it, for it may contain a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// It is none.
    #[error("not a URL such as amqp://user:password@host:5672/vhost: {0}")]
    NotAUrl(String),
    /// Neither `amqp` nor `amqps`.
    #[error("the URL must begin with amqp:// or amqps://, not with {0}:")]
    Scheme(String),
    /// No host.
    #[error("the URL names no host")]
    NoHost,
    /// Something after a question mark or a hash sign.
    #[error("the URL must end with the virtual host: settings after ? or # are not understood")]
    Query,
    /// User, password or virtual host are no text when decoded, or the latter is none that RabbitMQ can have.
    #[error("the URL's {0} is not valid: percent-encode special characters, a slash as %2F")]
    Encoding(&'static str),
}

impl Address {
    /// Reads `amqp://user:password@host:port/vhost`, or `amqps` for TLS.
    ///
    /// Without user and password it is `guest`, without port 5672 (TLS: 5671), without virtual host `/`.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn parse(url: &str) -> Result<Self, InvalidAddress> {
        let parsed = Url::parse(url).map_err(|error| InvalidAddress::NotAUrl(error.to_string()))?;
        let tls = match parsed.scheme() {
            "amqp" => false,
            "amqps" => true,
            other => return Err(InvalidAddress::Scheme(other.to_owned())),
        };
        let host = match parsed.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(number)) => number.to_string(),
            Some(Host::Ipv6(number)) => number.to_string(),
            Some(Host::Domain(_)) | None => return Err(InvalidAddress::NoHost),
        };
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(InvalidAddress::Query);
        }
        let vhost = match parsed.path().strip_prefix('/').unwrap_or_default() {
            "" => "/".to_owned(),
            path if path.contains('/') => return Err(InvalidAddress::Encoding("virtual host")),
            path => decoded(path, "virtual host")?,
        };
        let (user, password) = match (parsed.username(), parsed.password()) {
            ("", None) => ("guest".to_owned(), "guest".to_owned()),
            (user, password) => (decoded(user, "user")?, decoded(password.unwrap_or_default(), "password")?),
        };
        let default_port = if tls { 5671 } else { 5672 };
        Ok(Self {
            tls,
            host: host.into(),
            port: parsed.port().unwrap_or(default_port),
            user: user.into(),
            password: password.into(),
            vhost: vhost.into(),
            exchange: EXCHANGE.into(),
            deadline: DEADLINE,
            authorities: None,
        })
    }

    /// The same broker, with the live fibre on another exchange than `focus.live`.
    #[must_use]
    pub fn with_exchange(self, exchange: &str) -> Self {
        Self { exchange: exchange.into(), ..self }
    }

    /// The same broker, which may take this long to answer instead of 600 ms.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same broker, whose TLS certificate was signed by one of these authorities (PEM) instead of one that
    /// the system trusts.
    #[must_use]
    pub fn with_authorities(self, pem: &str) -> Self {
        Self { authorities: Some(pem.into()), ..self }
    }

    /// The exchange of the live fibre.
    #[must_use]
    pub fn exchange(&self) -> &str {
        &self.exchange
    }

    /// How long the broker may take to answer, connecting included.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(super) fn tls(&self) -> bool {
        self.tls
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn vhost(&self) -> &str {
        &self.vhost
    }

    pub(super) fn authorities(&self) -> Option<&str> {
        self.authorities.as_deref()
    }

    /// That the broker did not answer in time.
    pub(super) fn silent(&self) -> Outage {
        unavailable(format!("no answer within {} ms", self.deadline.as_millis()))
    }

    /// As the client library wants it.
    pub(super) fn uri(&self) -> AMQPUri {
        let userinfo = AMQPUserInfo { username: self.user.to_string(), password: self.password.to_string() };
        AMQPUri {
            scheme: if self.tls { AMQPScheme::AMQPS } else { AMQPScheme::AMQP },
            authority: AMQPAuthority { userinfo, host: self.host.to_string(), port: self.port },
            vhost: self.vhost.to_string(),
            query: AMQPQueryString { heartbeat: Some(HEARTBEAT), ..AMQPQueryString::default() },
        }
    }
}

/// An outage of the broker that cannot be reached or does not answer.
pub(super) fn unavailable(reason: String) -> Outage {
    Outage::Unavailable { upstream: Upstream::RabbitMq, reason }
}

/// An outage of the broker that answered and refused.
pub(super) fn refused(reason: String) -> Outage {
    Outage::Refused { upstream: Upstream::RabbitMq, reason }
}

fn decoded(text: &str, what: &'static str) -> Result<String, InvalidAddress> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map(Into::into)
        .map_err(|_| InvalidAddress::Encoding(what))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tls, host, port, user, vhost, .. } = self;
        let scheme = if *tls { "amqps" } else { "amqp" };
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{user}@{open}{host}{close}:{port} (virtual host {vhost:?})")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> Result<String, String> {
        Address::parse(url).map(|address| address.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_is_read_as_people_write_it() {
        for (url, wanted) in [
            ("amqp://broker", "amqp://guest@broker:5672 (virtual host \"/\")"),
            ("amqp://broker/", "amqp://guest@broker:5672 (virtual host \"/\")"),
            ("amqp://broker/%2F", "amqp://guest@broker:5672 (virtual host \"/\")"),
            ("amqp://broker/%2ffield", "amqp://guest@broker:5672 (virtual host \"/field\")"),
            ("amqps://u:p@10.0.0.1/field", "amqps://u@10.0.0.1:5671 (virtual host \"field\")"),
            ("amqp://u%40x:p@[::1]:7", "amqp://u@x@[::1]:7 (virtual host \"/\")"),
        ] {
            assert_eq!(shown(url).as_deref(), Ok(wanted), "{url}");
        }
        let address = Address::parse("amqp://u:p%20%2Fw@h").unwrap();
        assert_eq!(address.uri().authority.userinfo.password, "p /w");
        let address = Address::parse("amqp://[::1]").unwrap();
        assert_eq!(address.host(), "::1");
    }

    #[test]
    fn a_bad_url_is_told_why_and_not_repeated() {
        for (url, part) in [
            ("broker:5672", "amqp://"),
            ("hunter2", "not a URL"),
            ("http://u:hunter2@broker", "not with http:"),
            ("amqp://", "no host"),
            ("amqp://u:hunter2@broker/a/b", "%2F"),
            ("amqp://u:hunter2%FF@broker", "password"),
            ("amqp://u:hunter2@broker?heartbeat=1", "after ?"),
            ("amqp://u:hunter2@broker:99999", "port"),
        ] {
            let error = shown(url).unwrap_err();
            assert!(error.contains(part), "{url}: {error}");
            assert!(!error.contains("hunter2"), "{url}: {error}");
        }
    }

    #[test]
    fn the_password_is_in_the_order_only() {
        let address = Address::parse("amqps://u:hunter2@broker/v")
            .unwrap()
            .with_exchange("x")
            .with_deadline(Duration::from_millis(5))
            .with_authorities("pem");
        assert!(!format!("{address} {address:?}").contains("hunter2"));
        let order = serde_json::to_string(&address).unwrap();
        assert!(order.contains("hunter2"));
        assert_eq!(serde_json::from_str::<Address>(&order).unwrap(), address);
    }
}

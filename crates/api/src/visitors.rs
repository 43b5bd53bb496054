//! Whose requests are taken: none that a strange web page makes a person's browser send.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::AllowedOrigins;
use crate::app::SharedApp;
use crate::error::{ApiError, Code};

/// By which names this server may be asked.
///
/// A server on loopback is only for people on its machine. A page from elsewhere cannot read from it, unless its own
/// name is made to mean 127.0.0.1 (DNS rebinding); but then that name stands in the requests.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Hosts {
    Any,
    /// Besides `localhost` and addresses.
    Named(Vec<String>),
}

impl Hosts {
    /// Of a server that listens at `address`.
    pub(crate) fn of(address: Option<IpAddr>, origins: &AllowedOrigins, public_host: Option<&str>) -> Self {
        let is_loopback = address.is_some_and(|address| address.to_canonical().is_loopback());
        match origins.hosts() {
            Some(hosts) if is_loopback => {
                Self::Named(hosts.into_iter().chain(public_host.map(str::to_owned)).collect())
            }
            _ => Self::Any,
        }
    }

    /// `None` when the client does not say whom it asks; browsers do.
    fn admit(&self, asked: Option<&[u8]>) -> bool {
        let (Self::Named(names), Some(asked)) = (self, asked) else { return true };
        let Ok(asked) = Authority::try_from(asked) else { return false };
        let host = asked.host();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        address.parse::<IpAddr>().is_ok()
            || host.eq_ignore_ascii_case("localhost")
            || names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// The layer that turns away what a strange page sends.
pub(crate) async fn admit(State(app): State<SharedApp>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    // Only the browser chooses this one: a page under a rebound name could set others.
    if !app.hosts.admit(headers.get(header::HOST).map(AsRef::as_ref)) {
        return ApiError::new(
            Code::ForbiddenHost,
            "this server is only for its own machine and not known by the host name in this request; ask \
             localhost, or set public_host to that name",
        )
        .into_response();
    }
    if !request.method().is_safe() && !app.services.origins.admit(headers) {
        return ApiError::new(
            Code::ForbiddenOrigin,
            "pages of this origin may not do this; name the origin in cors_origins to let them",
        )
        .into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const LOOPBACK: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));

    #[test]
    fn on_loopback_only_known_hosts_are_asked() {
        let origins = AllowedOrigins::parse(["https://maps.example:8443"]).unwrap();
        let hosts = Hosts::of(LOOPBACK, &origins, Some("das.example"));
        let own =
            ["localhost:5000", "LOCALHOST", "127.0.0.1:5000", "[::1]:5000", "10.1.2.3", "das.example:80"];
        for host in own.into_iter().chain(["Maps.example"]) {
            assert!(hosts.admit(Some(host.as_bytes())), "{host}");
        }
        for host in
            ["evil.example:5000", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b", "\u{e9}"]
        {
            assert!(!hosts.admit(Some(host.as_bytes())), "{host}");
        }
        assert!(hosts.admit(None), "no browser");
    }

    #[test]
    fn elsewhere_and_for_all_origins_any_host_will_do() {
        let none = AllowedOrigins::default();
        for address in [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)] {
            assert_eq!(Hosts::of(Some(address), &none, None), Hosts::Any);
        }
        assert_eq!(Hosts::of(LOOPBACK, &AllowedOrigins::parse(["*"]).unwrap(), None), Hosts::Any);
        for address in ["::1", "127.0.0.1", "127.8.0.1", "::ffff:127.0.0.1"] {
            let hosts = Hosts::of(Some(address.parse().unwrap()), &none, None);
            assert_eq!(hosts, Hosts::Named(Vec::new()), "{address}");
        }
    }
}

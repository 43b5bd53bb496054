use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Which other web sites may use this server from a person's browser. None unless configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins {
    any: bool,
    list: Vec<HeaderValue>,
}

/// The text is no web origin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no origin: expected scheme://host or scheme://host:port without a path, or * for all")]
pub struct InvalidOrigin(String);

impl AllowedOrigins {
    /// Reads a list of origins such as `https://maps.example.org:8443`; `*` allows all.
    ///
    /// # Errors
    /// With the first one that is no origin.
    pub fn parse<T: AsRef<str>>(origins: impl IntoIterator<Item = T>) -> Result<Self, InvalidOrigin> {
        let mut parsed = Self::default();
        for origin in origins {
            let origin = origin.as_ref();
            if origin == "*" {
                parsed.any = true;
            } else {
                parsed.list.push(value_of(origin).ok_or_else(|| InvalidOrigin(origin.to_owned()))?);
            }
        }
        Ok(parsed)
    }

    pub(crate) fn cors(&self) -> CorsLayer {
        let origins = if self.any { AllowOrigin::from(Any) } else { AllowOrigin::list(self.list.clone()) };
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST, Method::DELETE])
            .allow_headers([header::CONTENT_TYPE, IDEMPOTENCY_KEY, X_REQUEST_ID])
            .expose_headers([X_REQUEST_ID, header::RETRY_AFTER])
            .max_age(std::time::Duration::from_secs(600))
    }

    /// Whether a WebSocket may be opened, or something be changed. Browsers send these without asking, CORS or not,
    /// but say where the page is from; without that it is no browser.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        self.any || self.list.contains(origin) || is_own(origin, headers)
    }

    /// The hosts of the allowed origins; `None` when all are allowed.
    pub(crate) fn hosts(&self) -> Option<Vec<String>> {
        let hosts = || self.list.iter().filter_map(authority).map(|authority| authority.host().to_owned());
        (!self.any).then(|| hosts().collect())
    }
}

/// Host and port of an origin.
fn authority(origin: &HeaderValue) -> Option<Authority> {
    origin.to_str().ok()?.parse::<Uri>().ok()?.into_parts().authority
}

/// As browsers write it, for comparison.
fn value_of(origin: &str) -> Option<HeaderValue> {
    let (scheme, rest) = origin.split_once("://")?;
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return None;
    }
    let authority: Authority = rest.parse().ok()?;
    if authority.as_str().contains('@') || authority.host().contains('*') {
        return None;
    }
    HeaderValue::from_str(&origin.to_ascii_lowercase()).ok()
}

/// A page of this server. No page can choose these headers, so a proxy's word can be taken for it.
fn is_own(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let Some(origin) = authority(origin) else { return false };
    [header::HOST, X_FORWARDED_HOST]
        .iter()
        .filter_map(|name| headers.get(name)?.to_str().ok())
        .any(|host| host.eq_ignore_ascii_case(origin.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_origins_are_read() {
        for text in
            ["", "example.org", "ftp://example.org", "https://example.org/path", "https://", "https://*.org"]
        {
            assert_eq!(AllowedOrigins::parse([text]), Err(InvalidOrigin(text.to_owned())), "{text}");
        }
        assert!(AllowedOrigins::parse(["https://example.org", "http://[::1]:8080", "*"]).is_ok());
    }

    #[test]
    fn a_page_from_elsewhere_opens_no_websocket() {
        let none = AllowedOrigins::default();
        assert!(none.admit(&headers(&[("host", "fibre.example:5000")])));
        assert!(
            none.admit(&headers(&[("host", "fibre.example:5000"), ("origin", "http://fibre.example:5000")]))
        );
        assert!(
            !none.admit(&headers(&[("host", "fibre.example:5000"), ("origin", "http://evil.example:5000")]))
        );
        assert!(!none.admit(&headers(&[("host", "fibre.example:5000"), ("origin", "http://fibre.example")])));
        assert!(!none.admit(&headers(&[("host", "fibre.example"), ("origin", "null")])));
        let proxied =
            [("host", "focus:5000"), ("x-forwarded-host", "das.example"), ("origin", "https://das.example")];
        assert!(none.admit(&headers(&proxied)));

        let some = AllowedOrigins::parse(["https://Maps.example"]).unwrap();
        assert!(some.admit(&headers(&[("host", "focus"), ("origin", "https://maps.example")])));
        assert!(!some.admit(&headers(&[("host", "focus"), ("origin", "http://maps.example")])));
        let any = AllowedOrigins::parse(["*"]).unwrap();
        assert!(any.admit(&headers(&[("host", "focus"), ("origin", "https://evil.example")])));
    }
}

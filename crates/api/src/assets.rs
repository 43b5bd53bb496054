//! The viewer page's files, carried in the program.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Scripts, styles and data from this server only; the colour maps and PNG files are made in the page.
const PAGE_POLICY: &str = "default-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
                           connect-src 'self' ws: wss:; frame-ancestors 'none'";

/// One file of the viewer page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

/// Sorted by name.
static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

impl Asset {
    /// By its path below `viewer/`.
    pub(crate) fn find(name: &str) -> Option<Self> {
        ASSETS.iter().find(|asset| asset.name == name).copied()
    }

    /// The file, or 304 when the client has it. Clients ask each time, so a new release is seen at once.
    pub(crate) fn respond(self, request: &HeaderMap) -> Response {
        let tag = self.tag();
        let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let known =
            known.flat_map(|list| list.split(',')).any(|one| one.trim().trim_start_matches("W/") == tag);
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type))], self.bytes).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        response
    }

    fn tag(self) -> String {
        let mut hasher = DefaultHasher::new();
        self.bytes.hash(&mut hasher);
        format!("\"{:016x}\"", hasher.finish())
    }
}

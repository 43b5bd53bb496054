//! One POST within a deadline.

use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, USER_AGENT};
use hyper::http::request::Builder;
use hyper::{Response, http};
use tokio::time::timeout;
use url::Url;

use super::PushError;
use crate::exchange::{self, Unanswered};
use crate::tls;

/// More of an answer is not read.
const MOST: usize = 1 << 20;

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Where it is instead.
    pub(super) location: Option<String>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

pub(super) async fn post(
    url: &Url,
    authorization: Option<&str>,
    body: &str,
    deadline: Duration,
) -> Result<Answer, PushError> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let address = || format!("{host}:{}", url.port_or_known_default().unwrap_or(443));
    let cut = |why| PushError::Cut { address: address(), why, bytes: body.len() };
    let unreachable = |why| PushError::Unreachable { address: address(), why };
    let work = async {
        let builder = head(authorization).map_err(|error| unreachable(error.to_string()))?;
        let body = Bytes::copy_from_slice(body.as_bytes());
        match exchange::ask(url, builder, body, tls::config()).await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                read(answer).await.map_err(|why| PushError::Broken { address: address(), status, why })
            }
            Err(error @ Unanswered::Cut(_)) => Err(cut(error.to_string())),
            Err(error) => Err(unreachable(error.to_string())),
        }
    };
    timeout(deadline, work)
        .await
        .unwrap_or_else(|_| Err(PushError::TimedOut { address: address(), deadline }))
}

fn head(authorization: Option<&str>) -> http::Result<Builder> {
    let mut builder = Request::post("/")
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("casebook/", env!("CARGO_PKG_VERSION")));
    if let Some(authorization) = authorization {
        let mut value = HeaderValue::from_str(authorization)?;
        value.set_sensitive(true);
        builder = builder.header(AUTHORIZATION, value);
    }
    Ok(builder)
}

async fn read(answer: Response<Incoming>) -> Result<Answer, String> {
    let status = answer.status().as_u16();
    let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = Limited::new(answer.into_body(), MOST).collect().await.map_err(|error| error.to_string())?;
    Ok(Answer { status, location, body: String::from_utf8_lossy(&body.to_bytes()).into_owned() })
}

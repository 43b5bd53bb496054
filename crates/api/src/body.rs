use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use bytes::BytesMut;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use crate::error::{ApiError, Code};

/// Most bytes of a request's body.
pub(crate) const MAX_BODY: usize = 1 << 20;
/// A body that is too large is read on this far, so that its sender gets to see the answer.
const MAX_DISCARDED: usize = 16 << 20;
/// The time that a client has for sending its body.
const DEADLINE: Duration = Duration::from_secs(10);

/// The whole body of a request, whatever type it claims to have.
pub(crate) struct RawBody(pub(crate) Bytes);

impl<S: Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        read(request.into_body(), Instant::now() + DEADLINE).await.map(Self)
    }
}

async fn read(mut body: Body, deadline: Instant) -> Result<Bytes, ApiError> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > MAX_DISCARDED {
        return Err(too_large());
    }
    let mut bytes = BytesMut::new();
    let mut received = 0;
    loop {
        let Ok(frame) = timeout_at(deadline, body.frame()).await else {
            if announced > MAX_BODY {
                return Err(too_large());
            }
            let sentence = format!("the body did not arrive within {} seconds", DEADLINE.as_secs());
            return Err(ApiError::new(Code::RequestTimeout, sentence));
        };
        match frame {
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                received += data.len();
                if received <= MAX_BODY {
                    bytes.extend_from_slice(&data);
                } else if received > MAX_DISCARDED {
                    break;
                }
            }
            Some(Err(error)) => {
                let sentence = format!("the body broke off: {error}");
                return Err(ApiError::new(Code::InvalidRequest, sentence));
            }
            None => break,
        }
    }
    if received > MAX_BODY {
        return Err(too_large());
    }
    Ok(bytes.freeze())
}

fn too_large() -> ApiError {
    ApiError::new(Code::PayloadTooLarge, format!("the body is larger than {} MiB", MAX_BODY >> 20))
}

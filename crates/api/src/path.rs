use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use focus_core::JobId;

use crate::error::{ApiError, Code};

/// The job that a path names. What is no job id names no job: 404, not another kind of error.
pub(crate) struct PathJob(pub(crate) JobId);

/// The stream that a path names.
pub(crate) struct PathStream(pub(crate) usize);

impl<S: Send + Sync> FromRequestParts<S> for PathJob {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let id = parameter(parts, state, "job_id").await.and_then(|text| text.parse().ok());
        id.map(Self).ok_or_else(ApiError::unknown_job)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathStream {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = parameter(parts, state, "stream_id").await.unwrap_or_default();
        // One spelling only, as for job ids: `+1` and `01` are not stream 1.
        let index = text.parse().ok().filter(|index: &usize| index.to_string() == text);
        index.map(Self).ok_or_else(Self::unknown)
    }
}

impl PathStream {
    /// The job has no such stream.
    pub(crate) fn unknown() -> ApiError {
        ApiError::new(
            Code::UnknownStream,
            "this job has no such stream; streams count from 0 to stream_amount - 1",
        )
    }
}

async fn parameter<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Option<String> {
    let Path(mut all) = Path::<HashMap<String, String>>::from_request_parts(parts, state).await.ok()?;
    all.remove(name)
}

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::Exposition;
use crate::error::ApiError;

const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Counters and gauges for Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "Server",
    responses((status = 200, description = "In the OpenMetrics text format", body = String,
        content_type = "application/openmetrics-text"))
)]
pub(crate) async fn metrics(State(exposition): State<Exposition>) -> Result<impl IntoResponse, ApiError> {
    let text = exposition.text().map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], text))
}

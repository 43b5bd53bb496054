use std::sync::{Arc, LazyLock};

use axum::extract::{Path, rejection::PathRejection};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use utoipa_swagger_ui::Config;

use crate::error::{ApiError, Code};
use crate::openapi::openapi;

/// Swagger UI sets styles from its script and shows images from data URLs; it talks to this server only.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// Made once: the document never changes while the server runs.
static DOCUMENT: LazyLock<Result<String, String>> =
    LazyLock::new(|| openapi().to_json().map_err(|error| error.to_string()));
/// The document's address is relative, so it is right under every prefix.
static CONFIG: LazyLock<Arc<Config<'static>>> =
    LazyLock::new(|| Arc::new(Config::new(["../openapi.json"]).try_it_out_enabled(true)));

/// This description of the interface.
#[utoipa::path(
    get, path = "/openapi.json", tag = "Pages",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
pub(crate) async fn document() -> Result<Response, ApiError> {
    let document = DOCUMENT.as_deref().map_err(|error| ApiError::internal(error.as_str()))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document).into_response())
}

/// Swagger UI, which links its files relative to `/docs/`.
#[utoipa::path(
    get, path = "/docs", tag = "Pages",
    responses((status = 308, description = "To `/docs/`, where Swagger UI is"))
)]
pub(crate) async fn without_slash() -> Redirect {
    Redirect::permanent("docs/")
}

pub(crate) async fn index() -> Result<Response, ApiError> {
    serve("index.html")
}

pub(crate) async fn file(file: Result<Path<String>, PathRejection>) -> Result<Response, ApiError> {
    serve(file.as_ref().map_or("", |Path(file)| file))
}

fn serve(name: &str) -> Result<Response, ApiError> {
    let file = utoipa_swagger_ui::serve(name, CONFIG.clone());
    let file = file.map_err(|error| ApiError::internal(error.to_string()))?;
    let file = file.ok_or_else(|| ApiError::new(Code::NotFound, "the documentation has no such file"))?;
    let headers =
        [(header::CONTENT_TYPE, file.content_type.as_str()), (header::CONTENT_SECURITY_POLICY, POLICY)];
    Ok((headers, file.bytes.into_owned()).into_response())
}

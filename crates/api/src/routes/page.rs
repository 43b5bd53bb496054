use axum::extract::{Path, rejection::PathRejection};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::assets::Asset;
use crate::error::{ApiError, Code};

/// The viewer page.
#[utoipa::path(
    get, path = "/", tag = "Pages",
    responses((status = 200, description = "HTML", body = String, content_type = "text/html"))
)]
pub(crate) async fn viewer(headers: HeaderMap) -> Result<Response, ApiError> {
    serve("index.html", &headers)
}

/// A page that plots what has been recorded.
#[utoipa::path(
    get, path = "/get_recordings_timeline", tag = "Pages",
    responses((status = 200, description = "HTML", body = String, content_type = "text/html"))
)]
pub(crate) async fn timeline(headers: HeaderMap) -> Result<Response, ApiError> {
    serve("timeline.html", &headers)
}

/// Scripts and styles of the pages.
pub(crate) async fn asset(
    file: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    serve(file.as_ref().map_or("", |Path(file)| file), &headers)
}

fn serve(file: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let asset =
        Asset::find(file).ok_or_else(|| ApiError::new(Code::NotFound, "the viewer has no such file"))?;
    Ok(asset.respond(headers))
}

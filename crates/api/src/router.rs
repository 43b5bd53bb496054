use std::any::Any;

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::SharedApp;
use crate::error::{ApiError, Code};
use crate::{request, routes, visitors};

/// Everything is served at the root and under this.
pub(crate) const PREFIX: &str = "/focus-server";

/// Every route, in every layer that a request passes.
pub(crate) fn router(app: SharedApp) -> Router {
    let routes = routes();
    Router::new()
        .merge(routes.clone())
        .nest(PREFIX, routes)
        .route("/", get(routes::page::viewer))
        .route(&format!("{PREFIX}/"), get(routes::page::viewer))
        // The page's links are relative: without the slash they would lead out of the prefix.
        .route(PREFIX, get(|| async { Redirect::permanent("focus-server/") }))
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| -> Response {
            ApiError::panicked(panic.as_ref()).into_response()
        }))
        .layer(app.services.origins.cors())
        .layer(from_fn_with_state(app.clone(), visitors::admit))
        .layer(from_fn_with_state(app.clone(), request::answer))
        .with_state(app)
}

fn routes() -> Router<SharedApp> {
    Router::new()
        .route("/ack", get(routes::ack::ack))
        .route("/channels", get(routes::fibre::channels))
        .route("/sensors", get(routes::fibre::sensors))
        .route("/live_metadata", get(routes::fibre::live_metadata))
        .route("/configure", post(routes::configure::configure))
        .route("/metadata/{job_id}", get(routes::jobs::metadata))
        .route("/job/{job_id}", delete(routes::jobs::stop))
        .route("/jobs", get(routes::jobs::list))
        .route("/jobs/{job_id}/streams/{stream_id}", any(routes::stream::stream))
        .route("/recordings_in_time_range", post(routes::recordings::in_time_range))
        .route("/get_recordings_timeline", get(routes::page::timeline))
        .route("/health", get(routes::health::health))
        .route("/health/live", get(routes::health::live))
        .route("/health/ready", get(routes::health::ready))
        .route("/metrics", get(routes::metrics::metrics))
        .route("/info", get(routes::info::info))
        .route("/openapi.json", get(routes::docs::document))
        .route("/docs", get(routes::docs::without_slash))
        .route("/docs/", get(routes::docs::index))
        .route("/docs/{file}", get(routes::docs::file))
        .route("/viewer/{*file}", get(routes::page::asset))
}

async fn unknown_route(uri: Uri) -> ApiError {
    let sentence = format!("there is nothing at {}; GET /docs lists what there is", excerpt(uri.path()));
    ApiError::new(Code::NotFound, sentence)
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let sentence =
        format!("{} does not take {}; see the Allow header", excerpt(uri.path()), excerpt(method.as_str()));
    ApiError::new(Code::MethodNotAllowed, sentence)
}

/// Short enough to stand in a sentence.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 80;
    text.chars().take(LONGEST).chain(text.chars().nth(LONGEST).map(|_| '…')).collect()
}

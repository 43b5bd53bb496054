use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// An empty object.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ack {}

/// The server answers.
#[utoipa::path(get, path = "/ack", tag = "Server", responses((status = 200, description = "It does", body = Ack)))]
pub(crate) async fn ack() -> Json<Ack> {
    Json(Ack {})
}

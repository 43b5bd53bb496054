use axum::Json;
use axum::extract::State;
use focus_core::Limits;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Build;
use crate::app::SharedApp;

/// What is running and what it allows.
#[derive(Serialize, ToSchema)]
pub(crate) struct Info {
    /// Always `Focus Server`.
    #[schema(example = "Focus Server")]
    name: &'static str,
    /// Version of the release.
    #[schema(example = "0.1.0")]
    version: String,
    /// Which build.
    build: Build,
    /// What one view may ask for.
    #[schema(value_type = LimitsBody)]
    limits: Limits,
    /// The upstreams in use.
    #[schema(example = json!(["catalogue"]))]
    upstreams: Vec<&'static str>,
}

/// What one view may ask for.
#[derive(ToSchema)]
#[expect(
    dead_code,
    clippy::struct_field_names,
    reason = "describes focus_core::Limits, which core keeps free of OpenAPI"
)]
pub(crate) struct LimitsBody {
    /// Most channels.
    #[schema(example = 2222)]
    max_channels: u32,
    /// Largest window of a multichannel view, samples.
    #[schema(example = 2048)]
    max_multichannel_nfft: u32,
    /// Most float32 rows, bytes per second of fibre time.
    #[schema(example = 1e8)]
    max_row_bytes_per_second: f64,
    /// Most Fourier transforms per second of fibre time.
    #[schema(example = 250_000.0)]
    max_ffts_per_second: f64,
    /// Most memory, bytes.
    #[schema(example = 1_073_741_824)]
    max_memory_bytes: u64,
}

/// What is running and what it allows.
#[utoipa::path(
    get, path = "/info", tag = "Server",
    responses((status = 200, description = "Version, build, limits, upstreams", body = Info))
)]
pub(crate) async fn info(State(app): State<SharedApp>) -> Json<Info> {
    let services = &app.services;
    Json(Info {
        name: "Focus Server",
        version: services.build.version.clone(),
        build: services.build.clone(),
        limits: services.limits.clone(),
        upstreams: services.upstreams.iter().map(|gate| gate.upstream().key()).collect(),
    })
}

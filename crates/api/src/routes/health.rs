use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use focus_upstream::Gate;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::SharedApp;
use crate::error::{ApiError, Code};
use crate::openapi::ShuttingDown;

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct HealthBody {
    /// `degraded` when any upstream is down.
    status: HealthStatus,
    /// Version of the release.
    #[schema(example = "0.1.0")]
    version: String,
    /// Seconds since the process started.
    #[schema(example = 86400.5)]
    uptime: f64,
    /// Whether a fibre is connected; its absence degrades nothing.
    fibre: FibreState,
    /// Each upstream by its name.
    upstreams: BTreeMap<&'static str, UpstreamBody>,
}

/// The whole in one word.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HealthStatus {
    /// Every upstream is up.
    Healthy,
    /// Some upstream is down: what needs it is refused, the rest goes on.
    Degraded,
}

/// Whether there is a fibre to show live.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FibreState {
    /// There is.
    Connected,
    /// Not yet, or no longer.
    Waiting,
}

/// One upstream.
#[derive(Serialize, ToSchema)]
pub(crate) struct UpstreamBody {
    /// Whether its last probe was answered.
    status: UpstreamStatus,
    /// When it became so, UTC.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// What the last failed probe found, also when it is up again.
    last_error: Option<String>,
    /// How long the last answer took, ms.
    #[schema(example = 0.4)]
    last_round_trip_ms: Option<f64>,
}

/// Up or down.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UpstreamStatus {
    /// It serves.
    Up,
    /// It does not.
    Down,
}

/// A state in one word.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProbeBody {
    /// `alive` or `ready`.
    #[schema(example = "ready")]
    status: &'static str,
}

/// How the server and its upstreams are; always 200.
#[utoipa::path(
    get, path = "/health", tag = "Server",
    responses((status = 200, description = "One entry for each upstream", body = HealthBody))
)]
pub(crate) async fn health(State(app): State<SharedApp>) -> Json<HealthBody> {
    let gates = &app.services.upstreams;
    let upstreams: BTreeMap<_, _> = gates.iter().map(|gate| (gate.upstream().key(), body_of(gate))).collect();
    let all_up = upstreams.values().all(|upstream| matches!(upstream.status, UpstreamStatus::Up));
    let connected = app.services.fibre.fibre().is_some();
    Json(HealthBody {
        status: if all_up { HealthStatus::Healthy } else { HealthStatus::Degraded },
        version: app.services.build.version.clone(),
        uptime: (app.started.elapsed().as_secs_f64() * 1e3).round() / 1e3,
        fibre: if connected { FibreState::Connected } else { FibreState::Waiting },
        upstreams,
    })
}

fn body_of(gate: &Gate) -> UpstreamBody {
    let state = gate.state();
    UpstreamBody {
        status: if state.up { UpstreamStatus::Up } else { UpstreamStatus::Down },
        since: state.since,
        last_error: state.last_error.map(|outage| outage.to_string()),
        last_round_trip_ms: state.last_round_trip.map(|time| time.as_secs_f64() * 1e3),
    }
}

/// The process runs.
#[utoipa::path(
    get, path = "/health/live", tag = "Server",
    responses((status = 200, description = "It does", body = ProbeBody))
)]
pub(crate) async fn live() -> Json<ProbeBody> {
    Json(ProbeBody { status: "alive" })
}

/// The server takes requests: it has started and is not shutting down. An upstream's outage does not change it.
#[utoipa::path(
    get, path = "/health/ready", tag = "Server",
    responses(
        (status = 200, description = "It does", body = ProbeBody),
        (status = 503, response = ShuttingDown),
    )
)]
pub(crate) async fn ready(State(app): State<SharedApp>) -> Result<Json<ProbeBody>, ApiError> {
    if app.is_leaving() {
        return Err(ApiError::new(Code::ShuttingDown, "the server is shutting down; try again in a moment"));
    }
    Ok(Json(ProbeBody { status: "ready" }))
}

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::SharedApp;
use crate::fibre_body::FibreBody;

/// The channels of the fibre.
#[derive(Serialize, ToSchema)]
pub(crate) struct Channels {
    /// Always 1.
    #[schema(example = 1)]
    lowest_channel: u32,
    /// How many channels there are; 0 while no fibre is connected.
    #[schema(example = 500)]
    highest_channel: u32,
}

/// The channels of the fibre, one by one.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sensors {
    /// Every channel number in order; empty while no fibre is connected.
    #[schema(example = json!([1, 2, 3]))]
    sensors: Vec<u32>,
}

/// The range of channels that a live view can show.
#[utoipa::path(
    get, path = "/channels", tag = "Fibre",
    responses((status = 200, description = "Lowest and highest channel", body = Channels))
)]
pub(crate) async fn channels(State(app): State<SharedApp>) -> Json<Channels> {
    Json(Channels { lowest_channel: 1, highest_channel: highest_channel(&app) })
}

/// The numbers of all channels.
#[utoipa::path(
    get, path = "/sensors", tag = "Fibre",
    responses((status = 200, description = "Every channel number", body = Sensors))
)]
pub(crate) async fn sensors(State(app): State<SharedApp>) -> Json<Sensors> {
    Json(Sensors { sensors: (1..=highest_channel(&app)).collect() })
}

/// The fibre as it is now.
#[utoipa::path(
    get, path = "/live_metadata", tag = "Fibre",
    responses((status = 200, description = "The fibre, or that none is connected", body = FibreBody))
)]
pub(crate) async fn live_metadata(State(app): State<SharedApp>) -> Json<FibreBody> {
    let fibre = app.services.fibre.fibre();
    Json(fibre.as_deref().map_or_else(FibreBody::waiting, FibreBody::from))
}

fn highest_channel(app: &SharedApp) -> u32 {
    app.services.fibre.fibre().map_or(0, |fibre| fibre.channels)
}

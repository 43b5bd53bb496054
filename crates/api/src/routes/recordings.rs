use std::time::Duration;

use axum::Json;
use axum::extract::State;
use focus_core::{Faults, epoch_seconds, from_epoch_seconds};
use focus_recordings::Extent;
use jiff::Timestamp;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::SharedApp;
use crate::body::RawBody;
use crate::error::ApiError;
use crate::openapi::{BadUpstream, InvalidRequest, InvalidView, TooLarge, Unavailable};

/// The time that the catalogue has for an answer.
const DEADLINE: Duration = Duration::from_secs(2);

/// A range of time.
#[derive(ToSchema)]
#[schema(example = json!({"start_time": 1_458_545_850, "end_time": 1_458_545_970}))]
#[expect(dead_code, reason = "describes what TimeRange::read reads, which names every faulty field")]
pub(crate) struct TimeRangeBody {
    /// Epoch seconds.
    start_time: f64,
    /// Epoch seconds, after `start_time`.
    end_time: f64,
}

/// What was recorded in a range of time.
///
/// A bare list of `[start, end]` in epoch seconds, sorted. Every recording that shares time with the range is in it,
/// with its whole extent; one that is still being written ends at the request's end.
#[utoipa::path(
    post, path = "/recordings_in_time_range", tag = "Recordings",
    request_body = TimeRangeBody,
    responses(
        (status = 200, description = "The recordings", body = Vec<[f64; 2]>,
            example = json!([[1_458_545_820.0, 1_458_545_880.0]])),
        (status = 400, response = InvalidView),
        (status = 413, response = TooLarge),
        (status = 422, response = InvalidRequest),
        (status = 502, response = BadUpstream),
        (status = 503, response = Unavailable),
    )
)]
pub(crate) async fn in_time_range(
    State(app): State<SharedApp>,
    RawBody(body): RawBody,
) -> Result<Json<Vec<[f64; 2]>>, ApiError> {
    let TimeRange { start, end } = TimeRange::read(&body)?;
    let catalogue = &app.services.catalogue;
    catalogue.gate().require().await?;
    let extents = catalogue.extents(start, end, DEADLINE).await?;
    let range = [epoch_seconds(start), epoch_seconds(end)];
    let extents = extents.iter().map(|recorded| extent(recorded, end));
    Ok(Json(extents.filter(|extent| share_time(extent, &range)).collect()))
}

fn extent(recorded: &Extent, requested_end: Timestamp) -> [f64; 2] {
    let end = if recorded.ongoing { requested_end } else { recorded.end };
    [epoch_seconds(recorded.start), epoch_seconds(end)]
}

/// Whether they do as the client counts time: today's epoch seconds as a double are 0.2 µs apart, so a range that
/// begins with the end of a recording could else reach some nanoseconds into it.
fn share_time(recording: &[f64; 2], range: &[f64; 2]) -> bool {
    recording[0] < range[1] && recording[1] > range[0]
}

struct TimeRange {
    start: Timestamp,
    end: Timestamp,
}

impl TimeRange {
    /// Every faulty field is found, not only the first.
    fn read(body: &[u8]) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let fields = match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => {
                faults.request("$", "the body must be a JSON object");
                return Err(faults);
            }
            Err(error) => {
                faults.request("$", format!("the body is not JSON: {error}"));
                return Err(faults);
            }
        };
        let start = instant(fields.get("start_time"), "$.start_time", &mut faults);
        let end = instant(fields.get("end_time"), "$.end_time", &mut faults);
        let (Some(start), Some(end)) = (start, end) else { return Err(faults) };
        if end <= start {
            faults.view("$.end_time", "must be after start_time");
        }
        faults.check(Self { start, end })
    }
}

fn instant(value: Option<&Value>, path: &str, faults: &mut Faults) -> Option<Timestamp> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        faults.request(path, "is required");
        return None;
    };
    let Some(seconds) = value.as_f64() else {
        faults.request(path, "must be a number of epoch seconds");
        return None;
    };
    let time = from_epoch_seconds(seconds);
    if time.is_none() {
        faults.view(path, format!("{seconds} is no time: epoch seconds are expected"));
    }
    time
}

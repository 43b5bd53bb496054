use axum::Json;
use axum::extract::State;
use focus_jobs::{Job, JobState, Report};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::SharedApp;
use crate::configure_body::{ConfigureAnswer, ConfigureBody};
use crate::error::ApiError;
use crate::openapi::{BadUpstream, ForbiddenOrigin, Unavailable, UnknownJob};
use crate::path::PathJob;

/// A running job in the list of all.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobEntry {
    /// Name of the job.
    #[schema(example = "3-1042")]
    id: String,
    /// The request that makes this view, with every default filled in.
    #[schema(value_type = ConfigureBody)]
    view: Value,
    /// `pending`, `running`, `completed`, `failed` or `cancelled`.
    #[schema(value_type = String, example = "running")]
    state: JobState,
    /// When it was started, UTC.
    #[schema(value_type = String, format = DateTime)]
    started: Timestamp,
    /// How many clients read it now.
    viewers: usize,
    /// Time of the newest row that it made, UTC; about a second old.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_row: Option<Timestamp>,
}

/// A job that is no more.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stopped {
    /// Always `success`.
    #[schema(example = "success")]
    status: &'static str,
    /// The job that was stopped.
    #[schema(example = "3-1042")]
    job_id: String,
}

/// What `POST /configure` answered for a running job.
#[utoipa::path(
    get, path = "/metadata/{job_id}", tag = "Jobs",
    params(("job_id" = String, Path, description = "Name of the job", example = "3-1042")),
    responses(
        (status = 200, description = "The same body", body = ConfigureAnswer),
        (status = 404, response = UnknownJob),
        (status = 502, response = BadUpstream),
        (status = 503, response = Unavailable),
    )
)]
pub(crate) async fn metadata(
    State(app): State<SharedApp>,
    PathJob(id): PathJob,
) -> Result<Json<ConfigureAnswer>, ApiError> {
    let job = app.job(id).await?;
    Ok(Json(ConfigureAnswer::from(job.as_ref())))
}

/// Stop a job. Answers when everything that it owned is gone.
#[utoipa::path(
    delete, path = "/job/{job_id}", tag = "Jobs",
    params(("job_id" = String, Path, description = "Name of the job", example = "3-1042")),
    responses(
        (status = 200, description = "It is stopped", body = Stopped),
        (status = 403, response = ForbiddenOrigin),
        (status = 404, response = UnknownJob),
        (status = 502, response = BadUpstream),
        (status = 503, response = Unavailable),
    )
)]
pub(crate) async fn stop(
    State(app): State<SharedApp>,
    PathJob(id): PathJob,
) -> Result<Json<Stopped>, ApiError> {
    if !app.services.jobs.stop(id).await? {
        return Err(ApiError::unknown_job());
    }
    Ok(Json(Stopped { status: "success", job_id: id.to_string() }))
}

/// The running jobs, the oldest first.
#[utoipa::path(
    get, path = "/jobs", tag = "Jobs",
    responses(
        (status = 200, description = "The running jobs", body = Vec<JobEntry>),
        (status = 502, response = BadUpstream),
        (status = 503, response = Unavailable),
    )
)]
pub(crate) async fn list(State(app): State<SharedApp>) -> Result<Json<Vec<JobEntry>>, ApiError> {
    let jobs = app.services.jobs.list().await?;
    Ok(Json(jobs.iter().map(|job| entry(job)).collect()))
}

fn entry(job: &Job) -> JobEntry {
    let Report { state, viewers, last_row } = job.report();
    JobEntry {
        id: job.spec().id.to_string(),
        view: job.spec().view.to_request(),
        state,
        started: job.started(),
        viewers,
        last_row,
    }
}

//! Every error that a client can get: its status, its code, its sentence. Nothing else chooses them.

use std::any::Any;
use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use focus_core::{Fault, FaultKind, Faults, Outage, Upstream};
use focus_jobs::ConfigureError;
use serde::Serialize;
use utoipa::ToSchema;

/// What every answer says that is not a success.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// One sentence a person can act on.
    #[schema(example = "channels.max: 9000 is outside the fibre, whose highest channel is 500")]
    pub(crate) error: String,
    /// The kind of error, for programs.
    #[schema(example = "invalid_request")]
    pub(crate) code: String,
    /// For `invalid_request` and `invalid_view` every faulty field, else null.
    #[schema(value_type = Option<Vec<FaultBody>>)]
    pub(crate) detail: Option<Vec<Fault>>,
    /// The same as in the header `X-Request-Id` and in the server's log.
    #[schema(example = "5f0c9a3e7d21b846")]
    pub(crate) request_id: String,
}

/// What is wrong with one field.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes focus_core::Fault, which core keeps free of OpenAPI")]
pub(crate) struct FaultBody {
    /// JSON path of the field.
    #[schema(example = "$.channels.max")]
    path: String,
    /// The rule it breaks and what would satisfy it.
    #[schema(example = "9000 is outside the fibre, whose highest channel is 500")]
    message: String,
}

/// The kind of an error; decides the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Code {
    InvalidRequest,
    InvalidView,
    IdempotencyKeyReused,
    NoRecording,
    UnknownJob,
    UnknownStream,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    PayloadTooLarge,
    UpgradeRequired,
    ForbiddenOrigin,
    ForbiddenHost,
    TooManyJobs,
    QuotaExceeded,
    TooManyViewers,
    WaitingForFiber,
    NoFreePort,
    ShuttingDown,
    InternalError,
    Unavailable(Upstream),
    Refused(Upstream),
}

impl Code {
    /// What `POST /configure` can answer whatever upstreams there are.
    pub(crate) const OF_CONFIGURE: [Self; 12] = [
        Self::InvalidRequest,
        Self::InvalidView,
        Self::IdempotencyKeyReused,
        Self::NoRecording,
        Self::RequestTimeout,
        Self::PayloadTooLarge,
        Self::TooManyJobs,
        Self::QuotaExceeded,
        Self::WaitingForFiber,
        Self::NoFreePort,
        Self::ShuttingDown,
        Self::InternalError,
    ];

    /// As it stands in answers, logs and metrics.
    pub(crate) fn name(self) -> Cow<'static, str> {
        let name = match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidView => "invalid_view",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::NoRecording => "no_recording",
            Self::UnknownJob => "unknown_job",
            Self::UnknownStream => "unknown_stream",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UpgradeRequired => "upgrade_required",
            Self::ForbiddenOrigin => "forbidden_origin",
            Self::ForbiddenHost => "forbidden_host",
            Self::TooManyJobs => "too_many_jobs",
            Self::QuotaExceeded => "quota_exceeded",
            Self::TooManyViewers => "too_many_viewers",
            Self::WaitingForFiber => "waiting_for_fiber",
            Self::NoFreePort => "no_free_port",
            Self::ShuttingDown => "shutting_down",
            Self::InternalError => "internal_error",
            Self::Unavailable(upstream) => return format!("{}_unavailable", upstream.key()).into(),
            Self::Refused(upstream) => return format!("{}_error", upstream.key()).into(),
        };
        name.into()
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::InvalidView => StatusCode::BAD_REQUEST,
            Self::ForbiddenOrigin | Self::ForbiddenHost => StatusCode::FORBIDDEN,
            Self::NoRecording | Self::UnknownJob | Self::UnknownStream | Self::NotFound => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::InvalidRequest | Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::TooManyJobs | Self::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Refused(_) => StatusCode::BAD_GATEWAY,
            Self::TooManyViewers
            | Self::WaitingForFiber
            | Self::NoFreePort
            | Self::ShuttingDown
            | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whose fault it is, if an upstream's.
    pub(crate) fn upstream(self) -> Option<Upstream> {
        match self {
            Self::Unavailable(upstream) | Self::Refused(upstream) => Some(upstream),
            _ => None,
        }
    }

    /// Seconds after which the same request may succeed.
    fn retry_after(self) -> Option<u32> {
        match self {
            Self::Unavailable(_) => Some(1),
            Self::WaitingForFiber | Self::NoFreePort | Self::TooManyViewers => Some(5),
            Self::TooManyJobs | Self::QuotaExceeded | Self::ShuttingDown => Some(10),
            _ => None,
        }
    }
}

/// An error on its way to the client.
///
/// As a response it is only a status: [`crate::request`] gives it its body, because that knows the request's id
/// and logs it, once.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) code: Code,
    pub(crate) error: String,
    pub(crate) detail: Option<Vec<Fault>>,
    /// For the log only.
    pub(crate) cause: Option<String>,
}

impl ApiError {
    pub(crate) fn new(code: Code, error: impl Into<String>) -> Self {
        Self { code, error: error.into(), detail: None, cause: None }
    }

    /// No such job, or no longer.
    pub(crate) fn unknown_job() -> Self {
        Self::new(Code::UnknownJob, "Invalid job_id")
    }

    /// A fault of this server's own; `cause` stays in the log.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        let sentence = "the server failed to answer; its log knows more under this request_id";
        Self { cause: Some(cause.into()), ..Self::new(Code::InternalError, sentence) }
    }

    /// What a panic says is for the log; the client learns only that there was one.
    pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Self {
        let message = panic.downcast_ref::<&str>().copied();
        let message = message.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Self::internal(format!("panicked: {}", message.unwrap_or("without a message")))
    }
}

impl From<Faults> for ApiError {
    fn from(faults: Faults) -> Self {
        let code = match faults.kind() {
            FaultKind::Request => Code::InvalidRequest,
            FaultKind::View => Code::InvalidView,
        };
        let detail = Some(faults.all().to_vec());
        // The root of the document needs no name in a sentence.
        let sentence = faults.to_string();
        let sentence = sentence.strip_prefix("$: ").unwrap_or(&sentence).to_owned();
        Self { detail, ..Self::new(code, sentence) }
    }
}

impl From<Outage> for ApiError {
    fn from(outage: Outage) -> Self {
        let code = match &outage {
            Outage::Unavailable { upstream, .. } => Code::Unavailable(*upstream),
            Outage::Refused { upstream, .. } => Code::Refused(*upstream),
        };
        Self::new(code, outage.to_string())
    }
}

impl From<ConfigureError> for ApiError {
    fn from(error: ConfigureError) -> Self {
        let code = match error {
            ConfigureError::Invalid(faults) => return faults.into(),
            ConfigureError::Outage(outage) => return outage.into(),
            ConfigureError::Failed(reason) => return Self::internal(reason),
            ConfigureError::KeyReused => Code::IdempotencyKeyReused,
            ConfigureError::TooManyJobs { .. } => Code::TooManyJobs,
            ConfigureError::Quota(_) => Code::QuotaExceeded,
            ConfigureError::WaitingForFibre => Code::WaitingForFiber,
            ConfigureError::NoRecording { .. } => Code::NoRecording,
            ConfigureError::Draining => Code::ShuttingDown,
            ConfigureError::NoPort(_) => Code::NoFreePort,
        };
        Self::new(code, error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if let Some(seconds) = self.code.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Code::UpgradeRequired {
            response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

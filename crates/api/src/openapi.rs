//! The OpenAPI document, made from the handlers, and the errors that they share.

use axum::http::StatusCode;
use focus_core::Upstream;
use serde_json::json;
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Type,
};
use utoipa::{Modify, OpenApi as _, ToResponse};

use crate::error::{Code, ErrorBody};
use crate::routes;

/// The description of the HTTP interface in OpenAPI 3.1.
#[must_use]
pub fn openapi() -> OpenApi {
    Document::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Focus Server",
        description = "See any stretch of a sensing fibre, in any band, now or earlier: a client says which channels, \
                       which band and which time it wants to see; the server answers with a running job that streams \
                       exactly those rows. Everything is served at the root and under `/focus-server`.",
    ),
    servers((url = ".", description = "This server")),
    tags(
        (name = "Jobs", description = "Views and their rows"),
        (name = "Fibre", description = "The fibre as it is now"),
        (name = "Recordings", description = "The fibre as it was"),
        (name = "Server", description = "How the server is"),
        (name = "Pages", description = "For people"),
    ),
    paths(
        routes::configure::configure,
        routes::jobs::metadata,
        routes::jobs::stop,
        routes::jobs::list,
        routes::stream::stream,
        routes::fibre::channels,
        routes::fibre::sensors,
        routes::fibre::live_metadata,
        routes::recordings::in_time_range,
        routes::ack::ack,
        routes::health::health,
        routes::health::live,
        routes::health::ready,
        routes::metrics::metrics,
        routes::info::info,
        routes::docs::document,
        routes::docs::without_slash,
        routes::page::viewer,
        routes::page::timeline,
    ),
    components(
        schemas(ErrorBody),
        responses(
            InvalidRequest, InvalidView, NoRecording, UnknownJob, TooManyJobs, Unavailable, BadUpstream, TooLarge,
            ShuttingDown, ForbiddenOrigin, UpgradeRequired, AnyError,
        )
    ),
    modifiers(&EveryOperationCanFail),
)]
struct Document;

/// Errors that any operation can give are said once for each, not in every handler.
struct EveryOperationCanFail;

impl Modify for EveryOperationCanFail {
    fn modify(&self, document: &mut OpenApi) {
        for item in document.paths.paths.values_mut() {
            let operations = [&mut item.get, &mut item.post, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                let any = RefOr::Ref(Ref::from_response_name("AnyError"));
                operation.responses.responses.insert("default".to_owned(), any);
            }
        }
    }
}

macro_rules! error_responses {
    ($($name:ident: $code:expr, $description:literal, $error:literal;)*) => {$(
        #[doc = $description]
        pub(crate) enum $name {}

        impl<'r> ToResponse<'r> for $name {
            fn response() -> (&'r str, RefOr<Response>) {
                (stringify!($name), described($code, $description, $error).into())
            }
        }
    )*};
}

error_responses! {
    InvalidRequest: Code::InvalidRequest,
        "No request: malformed JSON, a missing or forbidden field, a wrong type, channels outside the fibre. Or an \
         Idempotency-Key that came with another body (`idempotency_key_reused`).",
        "channels.max: 9000 is outside the fibre, whose highest channel is 500";
    InvalidView: Code::InvalidView,
        "A request, but a value breaks a rule, or the view costs more than the limits.",
        "end_time: must be after start_time";
    NoRecording: Code::NoRecording,
        "Nothing was recorded in the range of time.",
        "no recording between 2016-03-21T07:00:00Z and 2016-03-21T07:10:00Z";
    UnknownJob: Code::UnknownJob,
        "There is no such job, or no longer; or it has no such stream (`unknown_stream`).",
        "Invalid job_id";
    TooManyJobs: Code::TooManyJobs,
        "As many jobs as allowed already run; or the quota of the cluster is used up (`quota_exceeded`).",
        "all 30 jobs are in use; stop one or try again later";
    Unavailable: Code::Unavailable(Upstream::Catalogue),
        "Something that this needs is not there now: an upstream that cannot be reached or does not answer \
         (`<upstream>_unavailable`, the sentence names it), the fibre (`waiting_for_fiber`), a free port \
         (`no_free_port`), a place for one more viewer (`too_many_viewers`), or the server itself \
         (`shutting_down`).",
        "Catalogue unavailable: the disk is full";
    BadUpstream: Code::Refused(Upstream::Catalogue),
        "An upstream answered, and refused or broke its protocol.",
        "Catalogue error: the index is damaged";
    TooLarge: Code::PayloadTooLarge,
        "The body is over 1 MiB.",
        "the body is larger than 1 MiB";
    ShuttingDown: Code::ShuttingDown,
        "The server is shutting down.",
        "the server is shutting down; try again in a moment";
    ForbiddenOrigin: Code::ForbiddenOrigin,
        "A page of an origin that is not allowed. Or, from a server that listens on loopback, any request for a host \
         name that is none of its own (`forbidden_host`).",
        "pages of this origin may not do this; name the origin in cors_origins to let them";
    UpgradeRequired: Code::UpgradeRequired,
        "The request is no WebSocket's.",
        "this is a WebSocket: the request has no upgrade header";
    AnyError: Code::InternalError,
        "Any other error; all have this form.",
        "the server failed to answer; its log knows more under this request_id";
}

fn described(code: Code, description: &str, error: &str) -> Response {
    let detail = match code {
        Code::InvalidRequest | Code::InvalidView => {
            let (field, message) = error.split_once(": ").unwrap_or(("", error));
            json!([{"path": format!("$.{field}"), "message": message}])
        }
        _ => json!(null),
    };
    let example = json!({
        "error": error,
        "code": code.name(),
        "detail": detail,
        "request_id": "5f0c9a3e7d21b846",
    });
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).example(Some(example));
    let mut response =
        ResponseBuilder::new().description(description).content("application/json", content.build());
    if [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&code.status()) {
        let seconds = HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
            .description(Some("Seconds after which the same request may succeed"));
        response = response.header("Retry-After", seconds.build());
    }
    response.build()
}

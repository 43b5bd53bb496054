use std::time::Duration;

use focus_core::{Outage, Upstream};

use crate::ConfigureError;

/// Why a call to the API server has no good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    /// In words that help to repair it.
    reason: String,
    /// Whether what was asked for may have been done, or may still be.
    pub(super) may_be_done: bool,
}

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is no such object.
    Missing,
    /// There is one of that name already, or it is not the one that was meant.
    Conflict,
    /// The namespace may not hold more.
    Quota,
    /// Every node port is taken.
    NoPort,
    /// It answers, and refuses or breaks its protocol.
    Refused,
    /// It cannot be reached, or cannot serve now.
    Unavailable,
}

/// What an API server says whose own store does not answer.
const STORE_TROUBLE: [&str; 5] =
    ["etcdserver", "code = Unavailable", "context deadline exceeded", "timed out", "connection refused"];

impl Failure {
    pub(super) fn silent(deadline: Duration) -> Self {
        let reason = format!("no answer within {} ms", deadline.as_millis());
        Self { kind: Kind::Unavailable, reason, may_be_done: true }
    }

    /// A call was not made, because those before it took too long.
    pub(super) fn crowded(waited: Duration) -> Self {
        let reason = format!("it was busy with other requests for {} ms", waited.as_millis());
        Self { kind: Kind::Unavailable, reason, may_be_done: false }
    }

    /// A deleted Job is still there after this long.
    pub(super) fn held(waited: Duration) -> Self {
        let reason = format!("the Job is deleted, but something holds it longer than {} s", waited.as_secs());
        Self { kind: Kind::Refused, reason, may_be_done: true }
    }

    pub(super) fn of(error: &kube::Error) -> Self {
        let (kind, reason, may_be_done) = match error {
            kube::Error::Api(status) => {
                let message = if status.message.is_empty() { &status.reason } else { &status.message };
                let (kind, may_be_done) = judge(status.code, &status.reason, message);
                (kind, format!("it answered {}: {message}", status.code), may_be_done)
            }
            kube::Error::Service(_) | kube::Error::HyperError(_) => (Kind::Unavailable, root(error), true),
            kube::Error::Auth(_) => (Kind::Refused, root(error), false),
            _ => (Kind::Refused, root(error), true),
        };
        Self { kind, reason, may_be_done }
    }

    /// As everybody else sees it.
    pub(super) fn outage(self) -> Outage {
        let (upstream, reason) = (Upstream::Kubernetes, self.reason);
        match self.kind {
            Kind::Unavailable => Outage::Unavailable { upstream, reason },
            _ => Outage::Refused { upstream, reason },
        }
    }
}

impl From<Failure> for ConfigureError {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            Kind::Quota => Self::Quota(failure.reason),
            Kind::NoPort => Self::NoPort(failure.reason),
            _ => Self::Outage(failure.outage()),
        }
    }
}

/// What an answer means that is not a success, and whether something may have been done all the same.
fn judge(code: u16, reason: &str, message: &str) -> (Kind, bool) {
    match code {
        404 => (Kind::Missing, false),
        // Two requests at once have changed the same quota.
        409 if message.contains("resourcequotas") => (Kind::Unavailable, false),
        409 => (Kind::Conflict, false),
        403 if message.contains("exceeded quota") => (Kind::Quota, false),
        _ if message.contains("range is full") => (Kind::NoPort, false),
        429 => (Kind::Unavailable, false),
        503 | 504 => (Kind::Unavailable, true),
        _ if reason == "Timeout" || reason == "ServerTimeout" => (Kind::Unavailable, true),
        500.. if STORE_TROUBLE.iter().any(|trouble| message.contains(trouble)) => (Kind::Unavailable, true),
        500.. => (Kind::Refused, true),
        _ => (Kind::Refused, false),
    }
}

/// The innermost cause says most: those around it only repeat where it happened.
fn root(error: &kube::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match cause.downcast_ref::<std::io::Error>() {
        Some(io) if io.raw_os_error().is_some() => io.kind().to_string(),
        _ => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_cause_is_told_in_words() {
        let told = |error: std::io::Error| root(&kube::Error::Service(error.into()));
        assert_eq!(told(std::io::Error::from_raw_os_error(111)), "connection refused");
        assert_eq!(told(std::io::Error::other("no such certificate")), "no such certificate");
        assert_eq!(told(std::io::ErrorKind::UnexpectedEof.into()), "unexpected end of file");
    }

    #[test]
    fn what_an_answer_means() {
        let cases = [
            (404, "NotFound", "jobs.batch \"x\" not found", Kind::Missing, false),
            (409, "AlreadyExists", "jobs.batch \"x\" already exists", Kind::Conflict, false),
            (
                409,
                "Conflict",
                "Operation cannot be fulfilled on resourcequotas \"q\"",
                Kind::Unavailable,
                false,
            ),
            (403, "Forbidden", "jobs.batch \"x\" is forbidden: exceeded quota: q", Kind::Quota, false),
            (403, "Forbidden", "jobs.batch is forbidden: User \"u\" cannot list", Kind::Refused, false),
            (500, "InternalError", "failed to allocate a nodePort: range is full", Kind::NoPort, false),
            (500, "InternalError", "failed calling webhook \"w\"", Kind::Refused, true),
            (500, "", "etcdserver: request timed out", Kind::Unavailable, true),
            (500, "", "rpc error: code = Unavailable desc = transport is closing", Kind::Unavailable, true),
            (429, "TooManyRequests", "too many requests", Kind::Unavailable, false),
            (504, "Timeout", "", Kind::Unavailable, true),
            (503, "ServiceUnavailable", "", Kind::Unavailable, true),
            (422, "Invalid", "spec.template: Invalid value", Kind::Refused, false),
        ];
        for (code, reason, message, kind, may_be_done) in cases {
            assert_eq!(judge(code, reason, message), (kind, may_be_done), "{code} {message}");
        }
    }
}

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use focus_core::Limits;
use focus_stream::Tls;
use serde::{Deserialize, Serialize};

/// The rules that all jobs of a server live by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Most jobs at once; at least 1.
    pub max_jobs: u32,
    /// What one view may cost.
    pub limits: Limits,
    /// Host that clients reach the jobs' gRPC services by; by default the one they reached this server by.
    pub public_host: Option<String>,
    /// How each job is served.
    pub serving: Serving,
}

/// How each job is served, wherever it runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Serving {
    /// Address that the jobs' gRPC services listen on.
    pub bind: IpAddr,
    /// Their ports: one for each job.
    pub ports: RangeInclusive<u16>,
    /// Certificate and key of the gRPC services; plaintext without.
    pub tls: Option<Tls>,
    /// A job that nobody has connected to within this time is stopped.
    pub connect_within: Duration,
    /// A job that nobody has watched for this long is stopped.
    pub unwatched_for: Duration,
}

impl Serving {
    /// Of the addresses that clients are given.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }
}

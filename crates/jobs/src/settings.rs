use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use focus_core::Limits;
use tonic::transport::Identity;

/// The rules that all jobs of a server live by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Most jobs at once; at least 1.
    pub max_jobs: u32,
    /// A job that nobody has connected to within this time is stopped.
    pub connect_within: Duration,
    /// A job that nobody has watched for this long is stopped.
    pub unwatched_for: Duration,
    /// What one view may cost.
    pub limits: Limits,
    /// Address that the jobs' gRPC services listen on.
    pub bind: IpAddr,
    /// Their ports: one for each job.
    pub ports: RangeInclusive<u16>,
    /// Host that clients reach them by; by default the one they reached this server by.
    pub public_host: Option<String>,
    /// Certificate and key of the gRPC services; plaintext without.
    pub tls: Option<Identity>,
}

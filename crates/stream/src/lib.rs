//! Inside a job: source -> spectrum -> rows -> fan-out -> gRPC and WebSocket frames.
//!
//! A [`Feed`] makes the rows of one job. Live feeds share their spectra with all jobs that show the
//! same fibre in the same way ([`LiveSpectra`]); a historic feed reads the recording anew for each
//! viewer, as fast as that viewer takes the rows. Whoever wants rows becomes a [`Viewer`], also of a job in another
//! process ([`remote`]).

pub mod browser;
mod feed;
pub mod grpc;
mod historic;
mod joined;
mod live;
mod metrics;
mod pass;
mod recent;
pub mod remote;
mod row;
mod spec;
mod status;
mod tls;
mod viewer;

pub use feed::{Feed, HISTORIC_PLACES, WatchError};
pub use live::LiveSpectra;
pub use metrics::{Counts, Metrics, Share};
pub use pass::reach;
pub use row::{Batch, Extremes, StreamRow};
pub use spec::{Before, JobSpec, Show};
pub use status::{Audience, End};
pub use tls::Tls;
pub use viewer::Viewer;

/// The gRPC interface, generated from `proto/pandadatastream.proto`.
#[expect(missing_docs, clippy::pedantic, reason = "generated code; the .proto documents it")]
pub mod proto {
    tonic::include_proto!("pandadatastream");

    /// Of all our services, for the reflection service.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
}

/// How a job tells how it is, generated from `proto/focus.proto`.
#[expect(clippy::pedantic, unreachable_pub, reason = "generated code; the .proto documents it")]
mod reports {
    tonic::include_proto!("focus");
}

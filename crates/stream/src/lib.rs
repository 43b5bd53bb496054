//! Inside a job: source -> spectrum -> rows -> fan-out -> gRPC and WebSocket frames.

/// The gRPC interface, generated from `proto/pandadatastream.proto`.
#[expect(missing_docs, clippy::pedantic, reason = "generated code; the .proto documents it")]
pub mod proto {
    tonic::include_proto!("pandadatastream");

    /// For the reflection service.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pandadatastream.bin"));
}

//! Generates the gRPC types from `proto/` without needing `protoc`.

use std::{env, fs, path::PathBuf};

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(["proto/pandadatastream.proto", "proto/focus.proto"], ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    // Rows are encoded once and shared by all viewers: `Bytes` instead of `Vec<u8>`.
    tonic_prost_build::configure().bytes(".").compile_fds(descriptors)?;
    Ok(())
}

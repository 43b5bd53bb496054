//! What a service's methods take and give.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures::{StreamExt as _, stream};
use prost_reflect::DescriptorPool;
use prost_reflect::prost::Message as _;
use prost_reflect::prost_types::FileDescriptorProto;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

/// More files than this a service is not made of.
const MOST_FILES: usize = 500;
/// The versions of the reflection service, which are the same on the wire.
const VERSIONS: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// Why the methods are not known.
pub(super) enum Unknown {
    /// The server, or the way to it, says so.
    Status(Status),
    /// For another reason, in a sentence.
    Told(String),
}

/// By a file that a compiler for protocol buffers wrote (`--descriptor_set_out`, with `--include_imports`).
pub(super) fn of_file(file: &Path) -> Result<DescriptorPool, String> {
    let failed = |error: &dyn std::fmt::Display| {
        format!("{}: {error}; write it by `protoc --include_imports --descriptor_set_out`", file.display())
    };
    let bytes = std::fs::read(file).map_err(|error| failed(&error))?;
    DescriptorPool::decode(bytes.as_slice()).map_err(|error| failed(&error))
}

/// By the server's reflection service: the file that a service is in, and all that it imports.
pub(super) async fn of_server(channel: &Channel, service: &str) -> Result<DescriptorPool, Unknown> {
    let mut version = VERSIONS[0];
    let mut files = Files::default();
    let mut wanted = vec![MessageRequest::FileContainingSymbol(service.to_owned())];
    while !wanted.is_empty() {
        match ask(channel, version, &wanted).await {
            Err(Unknown::Status(status))
                if status.code() == Code::Unimplemented && version == VERSIONS[0] =>
            {
                version = VERSIONS[1];
            }
            Err(unknown) => return Err(unknown),
            Ok(found) => {
                for file in found {
                    files.add(file);
                }
                let lacking = files.lacking();
                let asked: Vec<_> = lacking.into_iter().map(MessageRequest::FileByFilename).collect();
                if asked == wanted || files.0.len() > MOST_FILES {
                    let text = format!("the server does not tell all that {service} is made of");
                    return Err(Unknown::Told(text));
                }
                wanted = asked;
            }
        }
    }
    let mut pool = DescriptorPool::new();
    let added = pool.add_file_descriptor_protos(files.0.into_values());
    added
        .map_err(|error| Unknown::Told(format!("what the server says of {service} does not fit: {error}")))?;
    Ok(pool)
}

/// Files by their names.
#[derive(Default)]
struct Files(BTreeMap<String, FileDescriptorProto>);

impl Files {
    fn add(&mut self, file: FileDescriptorProto) {
        self.0.insert(file.name().to_owned(), file);
    }

    /// What is imported and not there; what every compiler brings along is added, since servers may leave it out.
    fn lacking(&mut self) -> BTreeSet<String> {
        loop {
            let imports = self.0.values().flat_map(|file| &file.dependency);
            let lacking: BTreeSet<_> = imports.filter(|name| !self.0.contains_key(*name)).cloned().collect();
            let common = DescriptorPool::global();
            let found: Vec<_> = lacking.iter().filter_map(|name| common.get_file_by_name(name)).collect();
            if found.is_empty() {
                return lacking;
            }
            for file in found {
                self.add(file.file_descriptor_proto().clone());
            }
        }
    }
}

/// Asks the reflection service for files.
async fn ask(
    channel: &Channel,
    version: &'static str,
    wanted: &[MessageRequest],
) -> Result<Vec<FileDescriptorProto>, Unknown> {
    let request = |wanted: &MessageRequest| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(wanted.clone()),
    };
    let requests = stream::iter(wanted.iter().map(request).collect::<Vec<_>>());
    let codec = ProstCodec::<ServerReflectionRequest, ServerReflectionResponse>::default();
    let mut client = tonic::client::Grpc::new(channel.clone());
    let not_ready = |error: tonic::transport::Error| Status::from_error(error.into());
    client.ready().await.map_err(not_ready).map_err(Unknown::Status)?;
    let path = PathAndQuery::from_static(version);
    let answers = client.streaming(Request::new(requests), path, codec).await.map_err(Unknown::Status)?;
    let mut answers = answers.into_inner().take(wanted.len());
    let mut files = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer.map_err(Unknown::Status)?.message_response {
            Some(MessageResponse::FileDescriptorResponse(found)) => {
                for file in found.file_descriptor_proto {
                    let file = FileDescriptorProto::decode(file.as_slice());
                    files
                        .push(file.map_err(|error| Unknown::Told(format!("a descriptor is none: {error}")))?);
                }
            }
            Some(MessageResponse::ErrorResponse(error)) => {
                return Err(Unknown::Told(format!("the server says: {}", error.error_message)));
            }
            _ => return Err(Unknown::Told("the server's reflection answers something else".to_owned())),
        }
    }
    Ok(files)
}

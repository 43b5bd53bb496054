//! Stands in for the kubelet of a node: it has the logs of containers, which the API server asks it for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use k8s_openapi::api::core::v1::Node;
use kube::api::{Api, Patch, PatchParams, PostParams};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The name of its node.
pub(crate) const NODE: &str = "stand-in";

/// What containers have logged, by `pod/container`, with ` before` behind it for what ran before; each line begins with
/// its time.
pub(crate) type Logs = Arc<Mutex<BTreeMap<String, String>>>;

/// A kubelet that only has logs.
pub(crate) struct Kubelet {
    pub(crate) logs: Logs,
    task: JoinHandle<()>,
}

impl Kubelet {
    pub(crate) async fn start(client: kube::Client) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([NODE.to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let logs = Logs::default();
        let theirs = logs.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, acceptor.clone(), theirs.clone()));
            }
        });
        let nodes: Api<Node> = Api::all(client);
        let node = serde_json::from_value(json!({ "metadata": { "name": NODE } })).unwrap();
        nodes.create(&PostParams::default(), &node).await.unwrap();
        let status = json!({ "status": {
            "addresses": [{ "type": "InternalIP", "address": "127.0.0.1" }],
            "daemonEndpoints": { "kubeletEndpoint": { "Port": port } },
        }});
        nodes.patch_status(NODE, &PatchParams::default(), &Patch::Merge(&status)).await.unwrap();
        Self { logs, task }
    }

    pub(crate) fn log(&self, container: &str, text: String) {
        self.logs.lock().unwrap().insert(container.to_owned(), text);
    }

    pub(crate) fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, logs: Logs) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        request.push(byte);
    }
    let request = String::from_utf8(request).unwrap();
    let path = request.split_whitespace().nth(1).unwrap();
    let (path, query) = path.split_once('?').unwrap();
    let container = path.strip_prefix("/containerLogs/").unwrap().split_once('/').unwrap().1;
    assert!(query.contains("timestamps=true") && query.contains("sinceTime="), "{query}");
    let before = if query.contains("previous=true") { " before" } else { "" };
    let log = logs.lock().unwrap().get(&format!("{container}{before}")).cloned();
    let (status, body) = match log {
        Some(log) => ("200 OK", log),
        None => ("404 Not Found", format!("no log of {container}{before}")),
    };
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    // Whoever does not wait for it has gone.
    drop(stream.write_all(answer.as_bytes()).await);
    drop(stream.shutdown().await);
}

//! The cluster that an environment has, and what targets are on it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use kube::config::Kubeconfig;
use kube::core::ApiResource;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Redactor;
use crate::kubernetes::kinds;

/// Where a pod of a cluster finds what it needs to ask that cluster.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// What reports call the cluster's address.
const NAME: &str = "$kubernetes";

/// A cluster: how it is reached, and the only namespace that is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The file that says how it is reached. Without it and without `url`, what `kubectl` would use here.
    pub kubeconfig: Option<PathBuf>,
    /// Where its API server is, instead of a kubeconfig.
    pub url: Option<String>,
    /// With `url`: the bearer token of whoever asks.
    pub token: Option<String>,
    /// With `url`: the file that this token is in, which may change.
    pub token_file: Option<PathBuf>,
    /// With `url`: the certificates of the authority that the API server's is signed by, PEM.
    pub ca: Option<PathBuf>,
    /// The only namespace that is looked at.
    pub namespace: String,
}

impl Cluster {
    /// Finds out how it is reached, so that anybody can reach it so later, and hides its address and credentials.
    pub(super) fn settle(
        &mut self,
        variable: &dyn Fn(&str) -> Option<String>,
        redactor: &mut Redactor,
        problems: &mut Vec<String>,
    ) {
        let mut problem = |place: &str, text: String| problems.push(format!("kubernetes.{place}: {text}"));
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.namespace.is_empty() || !self.namespace.bytes().all(is_name) {
            problem("namespace", "a namespace is lower-case letters, digits and `-`".to_owned());
        }
        if self.kubeconfig.is_some() && self.url.is_some() {
            problem("url", "there is a kubeconfig as well; leave one of them out".to_owned());
        }
        let with_url = [
            ("token", self.token.is_some()),
            ("token_file", self.token_file.is_some()),
            ("ca", self.ca.is_some()),
        ];
        for (field, _) in with_url.iter().filter(|(_, is_there)| *is_there && self.url.is_none()) {
            problem(field, "it goes with url; leave it out, or say where the API server is".to_owned());
        }
        if self.kubeconfig.is_none() && self.url.is_none() {
            self.find(variable);
        }
        if let Some(path) = &mut self.kubeconfig {
            // Whoever recovers may stand elsewhere.
            *path = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
            match server_of(path) {
                Ok(kubeconfig) => kubeconfig.hide(redactor),
                Err(error) => problem("kubeconfig", format!("{}: {error}", path.display())),
            }
        }
        if let Some(url) = &self.url {
            match Url::parse(url) {
                Ok(url) if matches!(url.scheme(), "https" | "http") => hide_address(&url, redactor),
                _ => problem("url", "it must be a URL such as \"https://10.0.0.1:6443\"".to_owned()),
            }
        }
        if let Some(token) = &self.token {
            redactor.hide(token, "***");
        }
        for (field, file) in [("ca", &mut self.ca), ("token_file", &mut self.token_file)] {
            let Some(file) = file else { continue };
            *file = std::path::absolute(&file).unwrap_or_else(|_| file.clone());
            match std::fs::read_to_string(&file) {
                Ok(text) if field == "token_file" => redactor.hide(text.trim(), "***"),
                Ok(_) => {}
                Err(error) => problem(field, format!("{} cannot be read: {error}", file.display())),
            }
        }
    }

    /// What `kubectl` would use: the cluster that this runs in, else the user's file.
    fn find(&mut self, variable: &dyn Fn(&str) -> Option<String>) {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let inside = set("KUBERNETES_SERVICE_HOST").zip(set("KUBERNETES_SERVICE_PORT"));
        if let (None, Some((host, port))) = (set("KUBECONFIG"), inside) {
            let host = if host.parse().is_ok_and(|host: IpAddr| host.is_ipv6()) {
                format!("[{host}]")
            } else {
                host
            };
            self.url = Some(format!("https://{host}:{port}"));
            self.token_file = Some(Path::new(ACCOUNT).join("token"));
            self.ca = Some(Path::new(ACCOUNT).join("ca.crt"));
            return;
        }
        let home = || Path::new(&set("HOME").unwrap_or_default()).join(".kube/config");
        self.kubeconfig = Some(set("KUBECONFIG").map_or_else(home, PathBuf::from));
    }
}

/// What of a kubeconfig must not be written.
struct Hidden {
    url: Url,
    secrets: Vec<String>,
}

impl Hidden {
    fn hide(&self, redactor: &mut Redactor) {
        hide_address(&self.url, redactor);
        for secret in &self.secrets {
            redactor.hide(secret, "***");
        }
    }
}

fn hide_address(url: &Url, redactor: &mut Redactor) {
    if let Some((host, port)) = url.host_str().zip(url.port_or_known_default()) {
        redactor.hide(&format!("{host}:{port}"), NAME);
    }
    redactor.hide(url.as_str().trim_end_matches('/'), NAME);
}

fn server_of(path: &Path) -> Result<Hidden, String> {
    let remedy = "name another by kubernetes.kubeconfig, or say kubernetes.url";
    let kubeconfig =
        Kubeconfig::read_from(path).map_err(|error| format!("it cannot be used: {error}; {remedy}"))?;
    let wanted = kubeconfig.current_context.as_deref();
    let context = kubeconfig.contexts.iter().find(|context| Some(context.name.as_str()) == wanted);
    let context = context.and_then(|context| context.context.as_ref());
    let context = context.ok_or_else(|| format!("it has no current context; {remedy}"))?;
    let cluster = kubeconfig.clusters.iter().find(|cluster| cluster.name == context.cluster);
    let server = cluster.and_then(|cluster| cluster.cluster.as_ref()?.server.as_deref());
    let url = server.and_then(|server| Url::parse(server).ok());
    let url = url.ok_or_else(|| format!("its current context has no server; {remedy}"))?;
    let mut secrets = Vec::new();
    for user in kubeconfig.auth_infos.iter().filter_map(|user| user.auth_info.as_ref()) {
        // Its own way to give away what it holds.
        let user = serde_json::to_value(user).unwrap_or_default();
        let of = |field: &str| user[field].as_str().map(str::to_owned);
        secrets.extend(["token", "password", "client-key-data"].into_iter().filter_map(of));
    }
    Ok(Hidden { url, secrets })
}

/// What a target is on a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected \"deployment/name\" or { selector = \"app=name\" }")]
pub enum Workload {
    /// An object, as kind and name, e.g. `deployment/focus-server`.
    Object(String),
    /// Pods with certain labels.
    Pods {
        /// As `kubectl --selector` takes it.
        selector: String,
    },
}

impl Workload {
    /// Kinds that have pods.
    const KINDS: &[&str] = &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Service", "Pod"];
    /// Kinds that run in a number.
    const SCALED: &[&str] = &["Deployment", "StatefulSet", "ReplicaSet"];

    /// The object's kind and name; none when it is only labels.
    ///
    /// # Errors
    ///
    /// A sentence, when it is no object that has pods.
    pub fn object(&self) -> Result<Option<(ApiResource, &str)>, String> {
        let Self::Object(text) = self else { return Ok(None) };
        let parts = text.split_once('/').filter(|(_, name)| !name.is_empty());
        let found = parts.and_then(|(kind, name)| Some((kinds::find(kind)?, name)));
        let found = found.filter(|(kind, _)| Self::KINDS.contains(&kind.kind.as_str()));
        found.map(Some).ok_or_else(|| {
            format!(
                "\"{text}\" must be kind and name of something that has pods, e.g. \"deployment/focus-server\", or {{ selector = \"app=focus-server\" }}"
            )
        })
    }

    /// Whether it can run in another number.
    #[must_use]
    pub fn can_scale(&self) -> bool {
        matches!(self.object(), Ok(Some((kind, _))) if Self::SCALED.contains(&kind.kind.as_str()))
    }

    /// What is wrong with it.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Pods { selector } if selector.trim().is_empty() => {
                Err("the selector is empty, which would be all pods; write e.g. \"app=focus-server\""
                    .to_owned())
            }
            _ => self.object().map(drop),
        }
    }
}

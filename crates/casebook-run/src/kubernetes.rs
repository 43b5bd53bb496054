//! Calls to a cluster's API server. Each has a deadline, and whatever goes wrong is a sentence.

pub(crate) mod kinds;
pub(crate) mod pods;

use std::error::Error as _;
use std::time::Duration;

use casebook_ticket::language::Units;
use kube::api::{Api, DynamicObject};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::ApiResource;
use kube::{Client, Config};
use serde_json::json;
use tokio::time::timeout;

use crate::environment::Cluster;

/// A way to a cluster. It is made anew for each statement: what an outage left of an earlier one says nothing about now.
pub(crate) struct Connection {
    client: Client,
    namespace: String,
    deadline: Duration,
}

impl Connection {
    /// Gets ready. Nobody is asked yet.
    ///
    /// # Errors
    ///
    /// When what says how to reach the cluster cannot be used.
    pub(crate) async fn open(cluster: &Cluster, deadline: Duration) -> Result<Self, String> {
        let mut config = config(cluster).await?;
        config.connect_timeout = Some(deadline);
        config.write_timeout = Some(deadline);
        // Each call has a deadline of its own.
        config.read_timeout = None;
        // What happened is to be seen, not mended.
        config.default_retry = false;
        // A kubeconfig may have a program give the credentials, which blocks.
        let client = tokio::task::spawn_blocking(move || Client::try_from(config));
        let client = timeout(deadline, client)
            .await
            .map_err(|_| format!("no credentials for Kubernetes were given within {}", Units(deadline)))?;
        let client = client.map_err(|error| error.to_string())?;
        let client = client.map_err(|error| told("its configuration", &error))?;
        Ok(Self { client, namespace: cluster.namespace.clone(), deadline })
    }

    /// How long a call may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Objects of a kind.
    pub(crate) fn objects(&self, kind: &ApiResource) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, kind)
    }

    /// Objects of a kind that is known here.
    pub(crate) fn typed<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Waits for a call's answer, as long as that may take; `what` is asked for.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub(crate) async fn call<T>(
        &self,
        what: &str,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, String> {
        match timeout(self.deadline, call).await {
            Ok(Err(error)) if !is_late(&error) => Err(told(what, &error)),
            Ok(Ok(answer)) => Ok(answer),
            _ => Err(format!("Kubernetes has not answered within {} ({what})", Units(self.deadline))),
        }
    }
}

async fn config(cluster: &Cluster) -> Result<Config, String> {
    let Some(url) = &cluster.url else {
        let path = cluster.kubeconfig.as_deref().ok_or("the environment has no kubeconfig and no url")?;
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let kubeconfig = Kubeconfig::read_from(path).map_err(|error| failed(&error))?;
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        return config.map_err(|error| failed(&error));
    };
    let mut config = Config::new(url.parse().map_err(|error| format!("kubernetes.url: {error}"))?);
    config.root_cert_file.clone_from(&cluster.ca);
    // The type that holds the token is not the library's own.
    let user = json!({ "token": cluster.token, "tokenFile": cluster.token_file });
    config.auth_info = serde_json::from_value(user).map_err(|error| format!("kubernetes.token: {error}"))?;
    Ok(config)
}

/// Whether a connection was not made in time, which is as late as a call that is not answered.
fn is_late(error: &kube::Error) -> bool {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let io = causes.filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.into_iter().any(|error| error.kind() == std::io::ErrorKind::TimedOut)
}

/// What went wrong, and what can be done about it.
fn told(what: &str, error: &kube::Error) -> String {
    let kube::Error::Api(status) = error else {
        let mut text = format!("Kubernetes cannot be asked for {what}: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            let more = error.to_string();
            if !text.contains(&more) {
                text = format!("{text}: {more}");
            }
            cause = error.source();
        }
        return text;
    };
    let said = if status.message.is_empty() { &status.reason } else { &status.message };
    match status.code {
        401 => format!("Kubernetes does not know who asks for {what}; check the credentials of [kubernetes]"),
        403 => format!("Kubernetes forbids {what}: {said}; give that right to the account of [kubernetes]"),
        code => format!("Kubernetes refuses {what} ({code}): {said}"),
    }
}

use std::path::Path;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// A way to a cluster's API server.
#[derive(Clone)]
pub struct Connection {
    /// Makes the calls.
    pub client: Client,
    /// Where we are, unless told otherwise.
    pub namespace: String,
    /// Whether this process runs in the cluster.
    pub is_inside: bool,
    /// Of the API server, for people.
    pub url: String,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Connection {
    /// By the file `kubeconfig`; without one by the service account of the pod that this runs in, or else by what
    /// `kubectl` would take. Nobody is asked yet. A connection that takes longer than `deadline` to be made is given up.
    ///
    /// # Errors
    /// When there is no usable configuration, in a sentence.
    pub async fn open(kubeconfig: Option<&Path>, deadline: Duration) -> Result<Self, String> {
        let (mut config, is_inside) = match kubeconfig {
            Some(path) => (read(path).await?, false),
            None => match Config::incluster() {
                Ok(config) => (config, true),
                Err(_) => (kubectls().await?, false),
            },
        };
        config.connect_timeout = Some(deadline);
        // Each call has a deadline of its own; answers that nobody waits for any more are dropped with it.
        config.read_timeout = None;
        config.write_timeout = Some(deadline);
        // What a call has done is looked at, not tried again.
        config.default_retry = false;
        let (namespace, url) = (config.default_namespace.clone(), config.cluster_url.to_string());
        let client = Client::try_from(config).map_err(|error| error.to_string())?;
        Ok(Self { client, namespace, is_inside, url })
    }
}

async fn read(path: &Path) -> Result<Config, String> {
    let kubeconfig = Kubeconfig::read_from(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    config.map_err(|error| format!("{}: {error}", path.display()))
}

async fn kubectls() -> Result<Config, String> {
    let config = Config::from_kubeconfig(&KubeConfigOptions::default()).await;
    config.map_err(|error| {
        format!("this is no pod of a cluster, and there is no kubeconfig that can be used: {error}")
    })
}

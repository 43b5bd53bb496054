use std::path::{Path, PathBuf};
use std::time::Duration;

use focus_jobs::Connection;
use focus_kubernetes_node::Cluster;
use focus_rabbitmq_node::Node;
use tempfile::TempDir;

use crate::objects::Objects;
use crate::server::Server;

/// Longer than anything here takes, on a slow machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A cluster and a broker, for servers that come and go.
pub(crate) struct Place {
    cluster: Cluster,
    broker: Node,
    /// The way to the cluster that no server uses.
    pub(crate) client: kube::Client,
    home: TempDir,
}

impl Place {
    /// `None`, and says so, where the machine has no cluster.
    pub(crate) async fn new() -> Option<Self> {
        if !Cluster::available() {
            return None;
        }
        let cluster = tokio::task::spawn_blocking(Cluster::start);
        let broker = tokio::task::spawn_blocking(Node::start);
        let (cluster, broker) = (cluster.await.unwrap(), broker.await.unwrap());
        let connection = Connection::open(Some(cluster.kubeconfig()), PATIENCE).await.unwrap();
        Some(Self { cluster, broker, client: connection.client, home: TempDir::new().unwrap() })
    }

    /// A deployment's namespace.
    pub(crate) fn namespace(&self) -> String {
        tokio::task::block_in_place(|| self.cluster.namespace())
    }

    /// The user who may do everything.
    pub(crate) fn kubeconfig(&self) -> &Path {
        self.cluster.kubeconfig()
    }

    /// Where servers of a namespace keep what they write.
    pub(crate) fn home(&self, namespace: &str) -> PathBuf {
        let home = self.home.path().join(namespace);
        std::fs::create_dir_all(&home).unwrap();
        home
    }

    /// Starts a server and waits until all that it needs is known to be up.
    pub(crate) async fn server(&self, namespace: &str, settings: &[(&str, &str)]) -> Server {
        let kubeconfig = self.kubeconfig().to_str().unwrap();
        let ours = [
            ("FOCUS_RABBITMQ_URL", self.broker.url()),
            ("FOCUS_KUBERNETES_NAMESPACE", namespace.to_owned()),
            ("FOCUS_KUBERNETES_KUBECONFIG", kubeconfig.to_owned()),
        ];
        let ours = ours.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = ours.chain(settings.iter().copied()).collect();
        Server::start(&self.home(namespace), &all).await
    }

    /// What is there.
    pub(crate) async fn objects(&self, namespace: &str) -> Objects {
        Objects::list(&self.client, namespace).await
    }

    /// Waits until what is there is as it should be.
    pub(crate) async fn until(
        &self,
        namespace: &str,
        what: &str,
        mut is_so: impl FnMut(&Objects) -> bool,
    ) -> Objects {
        let asked = tokio::time::Instant::now();
        loop {
            let objects = self.objects(namespace).await;
            if is_so(&objects) {
                return objects;
            }
            assert!(asked.elapsed() < PATIENCE, "{namespace} never comes to be {what}: {objects:?}");
            tokio::time::sleep(LOOK_AGAIN * 5).await;
        }
    }
}

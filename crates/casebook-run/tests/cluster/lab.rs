//! A cluster, and what a test does there.

use std::time::Duration;

use casebook_run::environment::Environment;
use casebook_run::perform::perform;
use casebook_run::world::World;
use casebook_run::{Observation, Outcome};
use casebook_ticket::At;
use casebook_ticket::language::parse_statement;
use focus_kubernetes_node::Cluster;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::{Api, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;

/// How long the API server may take here, where others work too.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// A cluster, and a namespace of it that is an environment's.
pub(crate) struct Lab {
    pub(crate) cluster: Cluster,
    pub(crate) namespace: String,
}

impl Lab {
    pub(crate) fn start() -> Option<Self> {
        if !Cluster::available() {
            return None;
        }
        let cluster = Cluster::start();
        let namespace = cluster.namespace();
        Some(Self { cluster, namespace })
    }

    pub(crate) fn environment(&self) -> Environment {
        self.environment_by(&format!("kubeconfig = \"{}\"", self.cluster.kubeconfig().display()))
    }

    pub(crate) fn environment_by(&self, reached: &str) -> Environment {
        let text = format!(
            "name = \"lab\"\nlimits = {{ deadline = {} }}\n\
             [kubernetes]\n{reached}\nnamespace = \"{}\"\n\
             [targets.server]\nkubernetes = \"deployment/server\"\nmay = [\"scale\"]\n\
             [targets.broker]\nkubernetes = {{ selector = \"app=broker\" }}\n\
             logs = {{ kubernetes = {{ selector = \"app=broker\" }} }}\n",
            DEADLINE.as_secs_f64(),
            self.namespace
        );
        let variable = |name: &str| (name == "TOKEN").then(|| self.cluster.admin_token().to_owned());
        Environment::parse("lab.toml", &text, &variable).unwrap()
    }

    pub(crate) async fn client(&self) -> kube::Client {
        let kubeconfig = Kubeconfig::read_from(self.cluster.kubeconfig()).unwrap();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
        kube::Client::try_from(config.unwrap()).unwrap()
    }

    pub(crate) async fn jobs(&self) -> Api<Job> {
        Api::namespaced(self.client().await, &self.namespace)
    }

    pub(crate) async fn services(&self) -> Api<Service> {
        Api::namespaced(self.client().await, &self.namespace)
    }

    pub(crate) async fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client().await, &self.namespace)
    }

    /// How often the API server was asked for a list of Jobs.
    pub(crate) async fn lists_of_jobs(&self) -> f64 {
        let request = hyper::Request::get("/metrics").body(Vec::new()).unwrap();
        let metrics = self.client().await.request_text(request).await.unwrap();
        let is_list = |line: &&str| {
            line.starts_with("apiserver_request_total{")
                && line.contains("resource=\"jobs\"")
                && line.contains("verb=\"LIST\"")
        };
        let counts = metrics.lines().filter(is_list).filter_map(|line| line.rsplit(' ').next());
        counts.map(|count| count.parse::<f64>().unwrap()).sum()
    }

    /// When it was asked once more.
    pub(crate) async fn asked_for_jobs(&self, before: f64) {
        while self.lists_of_jobs().await <= before {}
    }

    pub(crate) fn service(&self, name: &str) {
        let service = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": { "name": name, "namespace": self.namespace },
            "spec": { "ports": [{ "port": 5000 }], "selector": { "app": name } },
        });
        self.cluster.apply(&service.to_string());
    }

    pub(crate) fn deployment(&self, replicas: u32) {
        let deployment = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": { "name": "server", "namespace": self.namespace },
            "spec": {
                "replicas": replicas,
                "selector": { "matchLabels": { "app": "server" } },
                "template": {
                    "metadata": { "labels": { "app": "server" } },
                    "spec": { "containers": [{ "name": "server", "image": "none" }] },
                },
            },
        });
        self.cluster.apply(&deployment.to_string());
    }
}

pub(crate) fn job(name: &str) -> Job {
    let job = json!({
        "metadata": { "name": name },
        "spec": {
            "parallelism": 0,
            "template": {
                "spec": { "restartPolicy": "Never", "containers": [{ "name": "a", "image": "none" }] },
            },
        },
    });
    serde_json::from_value(job).unwrap()
}

pub(crate) fn pod(name: &str, app: &str) -> Pod {
    let pod = json!({
        "metadata": { "name": name, "labels": { "app": app } },
        "spec": { "containers": [{ "name": "main", "image": "none" }] },
    });
    serde_json::from_value(pod).unwrap()
}

/// Plays the kubelet: a pod's container is ready or not, and was started again so often.
pub(crate) async fn becomes(pods: &Api<Pod>, name: &str, ready: bool, restarts: i32) {
    let ready_word = if ready { "True" } else { "False" };
    let status = json!({ "status": {
        "phase": "Running",
        "conditions": [{ "type": "Ready", "status": ready_word }],
        "containerStatuses": [{
            "name": "main", "image": "none", "imageID": "", "ready": ready, "restartCount": restarts,
        }],
    }});
    pods.patch_status(name, &PatchParams::default(), &Patch::Merge(&status)).await.unwrap();
}

pub(crate) async fn seen(statement: &str, world: &mut World<'_>) -> Observation {
    perform(&parse_statement(statement, At::default()).unwrap(), world).await
}

pub(crate) fn number(seen: &Observation, name: &str) -> i64 {
    assert_eq!(seen.outcome, Outcome::Answered);
    seen.numbers[name] as i64
}

pub(crate) fn changes(seen: &Observation) -> (i64, i64) {
    (number(seen, "added"), number(seen, "removed"))
}

pub(crate) fn why(seen: &Observation) -> &str {
    match &seen.outcome {
        Outcome::Failed(why) => why,
        other => panic!("{other:?}"),
    }
}

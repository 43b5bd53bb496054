//! Jobs on a cluster, as the settings say.

use anyhow::{Context as _, Result};
use focus_jobs::{
    Beside, Cluster, Connection, GRACE, KubernetesMetrics, KubernetesSettings, Reach, WorkerTemplate,
};

use crate::server::{Server, job_settings};
use crate::settings::Settings;

/// Where a cluster's node ports are, unless told otherwise: as with a cluster on one's own machine.
const THIS_HOST: &str = "127.0.0.1";

/// A home on the cluster. That the cluster serves is not needed to start.
///
/// # Errors
/// When the settings do not say where the cluster is.
pub(crate) async fn cluster(settings: &Settings, server: &Server, beside: Beside) -> Result<Cluster> {
    let chosen = &settings.kubernetes;
    let connection = Connection::open(chosen.kubeconfig.as_deref(), chosen.deadline).await;
    let connection = connection.map_err(anyhow::Error::msg).context("kubernetes.kubeconfig")?;
    let template = chosen.worker_template.clone().unwrap_or_else(WorkerTemplate::built_in);
    let rules = job_settings(settings);
    let host = settings.public_host.clone().unwrap_or_else(|| THIS_HOST.to_owned());
    let on_cluster = KubernetesSettings {
        namespace: chosen.namespace.clone().unwrap_or(connection.namespace),
        instance: chosen.instance.clone(),
        template: match &chosen.image {
            Some(image) => template.with_image(image),
            None => template,
        },
        exposure: chosen.service,
        reach: if connection.is_inside { Reach::Inside } else { Reach::NodePort(host) },
        deadline: chosen.deadline,
        max_job_life: chosen.max_job_life,
        sweep_period: chosen.sweep_period,
        grace: GRACE,
        max_jobs: rules.max_jobs,
        limits: rules.limits,
        data_dir: settings.data_dir.clone(),
        tls: rules.serving.tls,
    };
    tracing::info!(url = connection.url, namespace = on_cluster.namespace, "jobs run on Kubernetes");
    let metrics = server.metrics.register(focus_jobs::Metrics::register);
    let kubernetes_metrics = server.metrics.register(KubernetesMetrics::register);
    let upstreams = server.metrics.upstreams();
    Ok(Cluster::start(connection.client, on_cluster, beside, metrics, kubernetes_metrics, upstreams).await)
}

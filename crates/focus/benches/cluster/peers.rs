//! Other ways to start the same job: only what the API server must be asked for, and nothing else.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use focus_kubernetes_node::Cluster;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;
use tempfile::TempDir;

/// A plain client that makes the three calls of a job one after the other: create the Job, create the Service, let the Job
/// run.
pub(crate) struct Bare {
    jobs: Api<Job>,
    services: Api<Service>,
    namespace: String,
    job: Job,
    service: Service,
}

impl Bare {
    /// Makes the same objects as the server did of `example`, but for their names.
    pub(crate) fn new(client: kube::Client, namespace: &str, example: (Job, Service)) -> Self {
        let (mut job, mut service) = example;
        job.status = None;
        if let Some(spec) = &mut job.spec {
            // What the API server has added.
            spec.selector = None;
            for labels in spec.template.metadata.iter_mut().filter_map(|pod| pod.labels.as_mut()) {
                labels.retain(|name, _| !["controller-uid", "job-name"].contains(&name.as_str()));
            }
            spec.parallelism = Some(0);
            spec.active_deadline_seconds = Some(60);
        }
        service.status = None;
        if let Some(spec) = &mut service.spec {
            spec.cluster_ip = None;
            spec.cluster_ips = None;
            spec.ports.iter_mut().flatten().for_each(|port| port.node_port = None);
        }
        for metadata in [&mut job.metadata, &mut service.metadata] {
            let ObjectMeta { labels, annotations, owner_references, .. } = std::mem::take(metadata);
            *metadata = ObjectMeta { labels, annotations, owner_references, ..ObjectMeta::default() };
        }
        Self {
            jobs: Api::namespaced(client.clone(), namespace),
            services: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            job,
            service,
        }
    }

    /// Starts a job, which is timed, and deletes it.
    pub(crate) async fn start_and_delete(&self, number: usize) -> Result<Option<Duration>> {
        let name = format!("bare-{number}");
        let (mut job, mut service) = (self.job.clone(), self.service.clone());
        job.metadata.name = Some(name.clone());
        service.metadata.name = Some(name.clone());
        let asked = Instant::now();
        let created = self.jobs.create(&PostParams::default(), &job).await?;
        for owner in service.metadata.owner_references.iter_mut().flatten() {
            owner.uid = created.metadata.uid.clone().context("a Job without a uid")?;
            owner.name.clone_from(&name);
        }
        self.services.create(&PostParams::default(), &service).await?;
        let commit = json!({"spec": {"parallelism": 1, "activeDeadlineSeconds": 604_800}});
        self.jobs.patch(&name, &PatchParams::default(), &Patch::Merge(commit)).await?;
        let took = asked.elapsed();
        self.delete(&name).await?;
        Ok(Some(took))
    }

    /// Also waits until the Job is gone, as the server does.
    async fn delete(&self, name: &str) -> Result<()> {
        // First the one that goes by itself after the other.
        self.services.delete(name, &DeleteParams::background()).await?;
        self.jobs.delete(name, &DeleteParams::background()).await?;
        while self.jobs.get_opt(name).await?.is_some() {}
        Ok(())
    }
}

/// A person's tool: one command for Job and Service, which can own nothing and are not inert.
pub(crate) struct Kubectl<'a> {
    cluster: &'a Cluster,
    bare: Arc<Bare>,
    home: TempDir,
}

impl<'a> Kubectl<'a> {
    pub(crate) fn new(cluster: &'a Cluster, bare: &Arc<Bare>) -> Result<Self> {
        Ok(Self { cluster, bare: Arc::clone(bare), home: tempfile::tempdir()? })
    }

    /// Starts a job, which is timed, and deletes it.
    pub(crate) async fn start_and_delete(&self, number: usize) -> Result<Duration> {
        let name = format!("kubectl-{number}");
        let file = self.write(&name)?;
        let file = file.to_str().context("a path in UTF-8")?;
        let asked = Instant::now();
        let arguments = ["create", "--filename", file, "--namespace", &self.bare.namespace];
        tokio::task::block_in_place(|| self.cluster.kubectl(&arguments));
        let took = asked.elapsed();
        self.bare.delete(&name).await?;
        Ok(took)
    }

    fn write(&self, name: &str) -> Result<PathBuf> {
        let (mut job, mut service) = (self.bare.job.clone(), self.bare.service.clone());
        for metadata in [&mut job.metadata, &mut service.metadata] {
            metadata.name = Some(name.to_owned());
            metadata.owner_references = None;
        }
        if let Some(spec) = &mut job.spec {
            spec.parallelism = Some(1);
        }
        let objects = json!({"apiVersion": "v1", "kind": "List", "items": [job, service]});
        let file = self.home.path().join("objects.json");
        std::fs::write(&file, objects.to_string())?;
        Ok(file)
    }
}

//! The Job and the Service of one job, as they are first created.

use std::collections::BTreeMap;
use std::time::Duration;

use focus_core::JobId;
use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{
    EnvVar, EnvVarSource, ObjectFieldSelector, Service, ServicePort, ServiceSpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::{JobOrder, Key, OrderTooLong};

/// Port of the gRPC service in every job's container.
pub(super) const PORT: u16 = 5000;
/// A Job that is not committed is ended by the cluster after this long, where its clock runs for inert Jobs.
const INERT_LIFE: Duration = Duration::from_secs(60);
/// What has finished stays so long, for those who want to read its log.
pub(super) const KEEP_FINISHED: Duration = Duration::from_secs(120);
/// Name of the environment variable that holds a pod's order.
pub const ORDER_VARIABLE: &str = "JOB_ORDER";

/// What manages our objects, by its label, and writes them, by the API server's notes.
pub(super) const MANAGER: &str = "focus-server";

const NAME: &str = "app.kubernetes.io/name";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const INSTANCE: &str = "app.kubernetes.io/instance";
pub(super) const JOB_ID: &str = "focus-server/job-id";
pub(super) const KEY: &str = "focus-server/key";
pub(super) const REQUEST: &str = "focus-server/request";
pub(super) const ATTEMPT: &str = "focus-server/attempt";
pub(super) const STARTED: &str = "focus-server/started";
pub(super) const HOST: &str = "focus-server/host";
pub(super) const KEPT: &str = "focus-server/kept";
pub(super) const ORDER: &str = "focus-server/order";

/// How clients reach a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// From anywhere: by a port that every node of the cluster has for it.
    NodePort,
    /// From within the cluster only: by the Service's name.
    ClusterIp,
}

/// The manifest that jobs are made from: how a worker's pod is to be run.
#[derive(Clone, Debug)]
pub struct WorkerTemplate(Job);

impl WorkerTemplate {
    /// The one that is built in.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn built_in() -> Self {
        let text = include_str!("../../../../deploy/kubernetes/base/worker.yaml");
        Self::parse(text).expect("the built-in manifest is valid")
    }

    /// Of a `batch/v1` Job in YAML. What names it and ends it is not taken from there.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(yaml: &str) -> Result<Self, String> {
        let job: Job =
            serde_saphyr::from_str(yaml).map_err(|error| format!("not a Job manifest: {error}"))?;
        let pod = job.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
        match pod {
            None => Err("has no spec.template.spec".to_owned()),
            Some(pod) if pod.containers.is_empty() => Err("has no spec.template.spec.containers".to_owned()),
            Some(_) => Ok(Self(job)),
        }
    }

    /// With another image for the first container.
    #[must_use]
    pub fn with_image(mut self, image: &str) -> Self {
        if let Some(worker) = self.0.spec.as_mut().and_then(|spec| spec.template.spec.as_mut()) {
            worker.containers[0].image = Some(image.to_owned());
        }
        self
    }
}

/// Which objects are this deployment's, as a selector ..
pub(super) fn ours(instance: &str) -> String {
    format!("{MANAGED_BY}={MANAGER},{INSTANCE}={instance}")
}

/// .. and of one that was asked for by its name.
pub(super) fn is_ours(metadata: &ObjectMeta, instance: &str) -> bool {
    let is = |label, value| {
        metadata.labels.as_ref().and_then(|labels| labels.get(label)).is_some_and(|is| is == value)
    };
    is(MANAGED_BY, MANAGER) && is(INSTANCE, instance)
}

pub(super) fn job_name(id: JobId) -> String {
    format!("grpc-job-{id}")
}

pub(super) fn service_name(id: JobId) -> String {
    format!("grpc-service-{id}")
}

/// Everything about one job that its objects carry.
pub(super) struct Description<'a> {
    pub(super) order: &'a JobOrder,
    pub(super) instance: &'a str,
    /// Tells this attempt to create it from every other one.
    pub(super) attempt: &'a str,
    pub(super) key: Option<&'a Key>,
    /// Host that clients are told.
    pub(super) host: &'a str,
}

impl Description<'_> {
    fn labels(&self) -> BTreeMap<String, String> {
        let labels = [
            (NAME, "focus-worker".to_owned()),
            (MANAGED_BY, MANAGER.to_owned()),
            (INSTANCE, self.instance.to_owned()),
            (JOB_ID, self.order.job.to_string()),
        ];
        labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The Job, inert: as long as its parallelism is 0 it has no pod.
    ///
    /// # Errors
    /// When the order is longer than a pod can carry.
    pub(super) fn job(&self, template: &WorkerTemplate, now: Timestamp) -> Result<Job, OrderTooLong> {
        let mut job = template.0.clone();
        let order = self.order.to_json()?;
        let mut labels = self.labels();
        let spec = job.spec.get_or_insert_default();
        spec.parallelism = Some(0);
        spec.completions = Some(1);
        spec.backoff_limit = Some(0);
        spec.active_deadline_seconds = Some(seconds(INERT_LIFE).into());
        spec.ttl_seconds_after_finished = Some(seconds(KEEP_FINISHED));
        let pod = spec.template.metadata.get_or_insert_default();
        pod.labels.get_or_insert_default().extend(labels.clone());
        pod.annotations.get_or_insert_default().insert(ORDER.to_owned(), order);
        if let Some(worker) = spec.template.spec.as_mut().and_then(|pod| pod.containers.first_mut()) {
            order_variable(worker.env.get_or_insert_default());
        }

        let mut annotations = vec![
            (ATTEMPT, self.attempt.to_owned()),
            (STARTED, now.to_string()),
            (HOST, self.host.to_owned()),
        ];
        if let Some(key) = self.key {
            labels.insert(KEY.to_owned(), key.name().to_owned());
            annotations.push((REQUEST, key.request().to_owned()));
        }
        // The template's own labels and annotations are for people; its name and the rest are not used.
        let metadata = std::mem::take(&mut job.metadata);
        job.metadata = ObjectMeta {
            name: Some(job_name(self.order.job)),
            labels: Some(joined(metadata.labels, labels)),
            annotations: Some(joined(
                metadata.annotations,
                annotations.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            )),
            ..ObjectMeta::default()
        };
        job.status = None;
        Ok(job)
    }

    /// The Service, owned by the Job with this uid.
    pub(super) fn service(&self, exposure: Exposure, owner: &str) -> Service {
        let id = self.order.job;
        let owner = OwnerReference {
            api_version: "batch/v1".to_owned(),
            kind: "Job".to_owned(),
            name: job_name(id),
            uid: owner.to_owned(),
            ..OwnerReference::default()
        };
        let port = ServicePort {
            name: Some("grpc".to_owned()),
            port: PORT.into(),
            target_port: Some(IntOrString::Int(PORT.into())),
            ..ServicePort::default()
        };
        let kind = match exposure {
            Exposure::NodePort => "NodePort",
            Exposure::ClusterIp => "ClusterIP",
        };
        Service {
            metadata: ObjectMeta {
                name: Some(service_name(id)),
                labels: Some(self.labels()),
                owner_references: Some(vec![owner]),
                ..ObjectMeta::default()
            },
            spec: Some(ServiceSpec {
                type_: Some(kind.to_owned()),
                selector: Some([(JOB_ID.to_owned(), id.to_string())].into()),
                ports: Some(vec![port]),
                ..ServiceSpec::default()
            }),
            ..Service::default()
        }
    }
}

fn order_variable(environment: &mut Vec<EnvVar>) {
    if environment.iter().any(|variable| variable.name == ORDER_VARIABLE) {
        return;
    }
    let field = ObjectFieldSelector {
        field_path: format!("metadata.annotations['{ORDER}']"),
        ..ObjectFieldSelector::default()
    };
    environment.push(EnvVar {
        name: ORDER_VARIABLE.to_owned(),
        value_from: Some(EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() }),
        ..EnvVar::default()
    });
}

fn joined(
    theirs: Option<BTreeMap<String, String>>,
    ours: BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut all = theirs.unwrap_or_default();
    all.extend(ours);
    all
}

fn seconds(duration: Duration) -> i32 {
    duration.as_secs() as i32
}

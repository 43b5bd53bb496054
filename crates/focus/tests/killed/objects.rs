use std::time::Duration;

use focus_jobs::{GRACE, JobOrder};
use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Service;
use kube::api::{Api, ListParams};

/// Annotation of a Job's pod that tells what the job shows.
const ORDER: &str = "focus-server/order";
/// Times of objects are whole seconds.
const SECOND: Duration = Duration::from_secs(1);

/// The Jobs and Services of a namespace.
#[derive(Debug)]
pub(crate) struct Objects {
    pub(crate) jobs: Vec<SeenJob>,
    /// Names of the Services that no Job owns.
    pub(crate) orphans: Vec<String>,
}

/// A Job.
#[derive(Debug)]
pub(crate) struct SeenJob {
    /// Of the job.
    pub(crate) id: String,
    /// Which request it was made for: what its height tells.
    pub(crate) number: u64,
    pub(crate) committed: bool,
    /// Services of the right name that it owns.
    pub(crate) services: usize,
    created: Timestamp,
}

impl Objects {
    pub(crate) async fn list(client: &kube::Client, namespace: &str) -> Self {
        let all = ListParams::default();
        // A Job is there before its Service: of two that are there, both are seen.
        let services = Api::<Service>::namespaced(client.clone(), namespace).list(&all).await.unwrap().items;
        let jobs = Api::<Job>::namespaced(client.clone(), namespace).list(&all).await.unwrap().items;
        let owns = |job: &Job, service: &Service| {
            let mut owners = service.metadata.owner_references.iter().flatten();
            owners.any(|owner| Some(&owner.uid) == job.metadata.uid.as_ref())
        };
        let orphans = services.iter().filter(|service| !jobs.iter().any(|job| owns(job, service)));
        Self {
            orphans: orphans.map(|service| service.metadata.name.clone().unwrap()).collect(),
            jobs: jobs
                .iter()
                .map(|job| {
                    let id = job.metadata.name.as_deref().unwrap().strip_prefix("grpc-job-").unwrap();
                    let name = format!("grpc-service-{id}");
                    let is_its = |service: &&Service| {
                        service.metadata.name.as_ref() == Some(&name) && owns(job, service)
                    };
                    let spec = job.spec.as_ref().unwrap();
                    let order =
                        &spec.template.metadata.as_ref().unwrap().annotations.as_ref().unwrap()[ORDER];
                    let order = JobOrder::from_json(order).unwrap();
                    SeenJob {
                        id: id.to_owned(),
                        number: order.request["displayInfo"]["height"].as_u64().unwrap(),
                        committed: spec.parallelism == Some(1),
                        services: services.iter().filter(is_its).count(),
                        created: job.metadata.creation_timestamp.as_ref().unwrap().0,
                    }
                })
                .collect(),
        }
    }

    /// The Jobs that were made for a request.
    pub(crate) fn of(&self, number: u64) -> Vec<&SeenJob> {
        self.jobs.iter().filter(|job| job.number == number).collect()
    }

    /// How many Jobs are not committed.
    pub(crate) fn uncommitted(&self) -> usize {
        self.jobs.iter().filter(|job| !job.committed).count()
    }

    /// Whether every Job is committed and has its Service, and no Service is alone.
    pub(crate) fn are_whole(&self) -> bool {
        self.orphans.is_empty() && self.jobs.iter().all(|job| job.committed && job.services == 1)
    }

    /// Whether nobody can be working on any of them any more.
    pub(crate) fn are_old(&self) -> bool {
        let now = Timestamp::now();
        self.jobs.iter().all(|job| now.duration_since(job.created).unsigned_abs() > GRACE + SECOND)
    }
}

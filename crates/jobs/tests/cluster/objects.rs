//! What there is on the cluster, seen without any of our code.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::{Api, ListParams};

use crate::server::{DEADLINE, Place};

/// All Jobs and Services of one place.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    pub(crate) jobs: Vec<Job>,
    pub(crate) services: Vec<Service>,
}

impl Place {
    pub(crate) fn jobs(&self) -> Api<Job> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(crate) fn services(&self) -> Api<Service> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(crate) fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub(crate) async fn objects(&self) -> Objects {
        let all = ListParams::default();
        let (jobs, services) = (self.jobs(), self.services());
        let (jobs, services) = tokio::try_join!(jobs.list(&all), services.list(&all)).unwrap();
        Objects { jobs: jobs.items, services: services.items }
    }

    /// The pods by the ids of their jobs.
    pub(crate) async fn pods_of_jobs(&self) -> Vec<String> {
        let pods = self.pods().list(&ListParams::default()).await.unwrap();
        pods.items
            .iter()
            .map(|pod| pod.metadata.labels.as_ref().unwrap()["focus-server/job-id"].clone())
            .collect()
    }

    /// Waits until `condition` holds for what there is.
    pub(crate) async fn until(&self, condition: impl Fn(&Objects) -> bool) -> Objects {
        let come_true = async {
            loop {
                let objects = self.objects().await;
                if condition(&objects) {
                    return objects;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if let Ok(objects) = tokio::time::timeout(DEADLINE, come_true).await {
            return objects;
        }
        panic!("it does not come true: there is {}", self.objects().await.names().join(", "));
    }

    /// Waits until these jobs have pods, and no others.
    pub(crate) async fn until_pods(&self, ids: &[&str]) {
        let come_true = async {
            loop {
                let mut pods = self.pods_of_jobs().await;
                pods.sort();
                if pods == ids {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let come_true = tokio::time::timeout(DEADLINE, come_true).await;
        assert!(come_true.is_ok(), "pods of {:?}, not {ids:?}", self.pods_of_jobs().await);
    }
}

impl Objects {
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.services.is_empty()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let jobs = self.jobs.iter().map(|job| &job.metadata);
        let services = self.services.iter().map(|service| &service.metadata);
        jobs.chain(services).map(|metadata| metadata.name.clone().unwrap()).collect()
    }

    /// The ids of all jobs; each has its Job, committed, and its Service, owned by it, and there is nothing else. Or else
    /// what is wrong.
    pub(crate) fn whole(&self) -> Result<Vec<String>, String> {
        let mut services = BTreeMap::new();
        for service in &self.services {
            let owner = service
                .metadata
                .owner_references
                .as_ref()
                .and_then(|owners| Some(owners.first()?.uid.clone()));
            services.insert(owner.ok_or("a Service has no owner")?, service.metadata.name.clone().unwrap());
        }
        let mut ids = Vec::new();
        for job in &self.jobs {
            let name = job.metadata.name.as_ref().unwrap();
            let id = name.strip_prefix("grpc-job-").unwrap().to_owned();
            if !is_committed(job) {
                return Err(format!("{name} is not committed"));
            }
            let service = services.remove(job.metadata.uid.as_ref().unwrap());
            if service != Some(format!("grpc-service-{id}")) {
                return Err(format!("{name} has the Service {service:?}"));
            }
            ids.push(id);
        }
        ids.sort();
        if services.is_empty() { Ok(ids) } else { Err(format!("nobody owns {:?}", services.into_values())) }
    }
}

pub(crate) fn is_committed(job: &Job) -> bool {
    job.spec.as_ref().and_then(|spec| spec.parallelism) == Some(1)
}

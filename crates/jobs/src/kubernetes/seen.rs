//! A job's objects, as they were read.

use std::net::IpAddr;

use focus_core::JobId;
use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::manifest;
use crate::{JobOrder, JobState, Key};

/// What a Job tells.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what an object says of itself is independent of the rest")]
pub(super) struct SeenJob {
    pub(super) id: JobId,
    pub(super) uid: String,
    pub(super) name: String,
    /// As a precondition ..
    pub(super) resource_version: String,
    /// .. and as a number that grows with every change of any Job; `None` where it is none.
    pub(super) version: Option<u64>,
    /// Whether anybody has written to it after it was created.
    pub(super) touched: bool,
    pub(super) created: Option<Timestamp>,
    /// Whether it may run.
    pub(super) committed: bool,
    /// Whether its pod can be read; `None` where the cluster does not say, as before version 1.24.
    pub(super) ready: Option<bool>,
    /// How and when it has finished.
    pub(super) finished: Option<(JobState, Timestamp)>,
    /// Whether somebody has deleted it and it only waits to go.
    pub(super) leaving: bool,
    /// Which attempt made it.
    pub(super) attempt: String,
    /// Whether a client was told of it for its key: then it stays, even when the attempt that made it gives up.
    pub(super) kept: bool,
    pub(super) key: Option<Key>,
    /// When it was started, by the clock of the server that did.
    pub(super) started: Option<Timestamp>,
    /// Host that clients were told.
    pub(super) host: String,
    order: Option<String>,
}

impl SeenJob {
    /// `None` when it is none of ours, whatever its labels say.
    pub(super) fn of(job: Job) -> Option<Self> {
        let Job { metadata, spec, status } = job;
        let label = |name: &str| metadata.labels.as_ref()?.get(name).cloned();
        let annotation = |name: &str| metadata.annotations.as_ref()?.get(name).cloned();
        let id: JobId = label(manifest::JOB_ID)?.parse().ok()?;
        let name = metadata.name.clone().filter(|name| *name == manifest::job_name(id))?;
        let spec = spec.unwrap_or_default();
        let pod = spec.template.metadata.unwrap_or_default();
        let status = status.unwrap_or_default();
        let ready = status.ready.map(|pods| pods > 0);
        let finished = status.conditions.unwrap_or_default().into_iter().find_map(|condition| {
            let state = match condition.type_.as_str() {
                "Complete" => JobState::Completed,
                "Failed" => JobState::Failed,
                _ => return None,
            };
            let when = condition.last_transition_time.map_or(Timestamp::UNIX_EPOCH, |time| time.0);
            (condition.status == "True").then_some((state, when))
        });
        let resource_version = metadata.resource_version.clone()?;
        Some(Self {
            id,
            name,
            uid: metadata.uid.clone()?,
            version: resource_version.parse().ok(),
            resource_version,
            touched: metadata.managed_fields.as_ref().is_none_or(|writers| writers.len() != 1),
            created: created(&metadata),
            committed: spec.parallelism.unwrap_or(1) > 0,
            ready,
            finished,
            leaving: metadata.deletion_timestamp.is_some(),
            attempt: annotation(manifest::ATTEMPT).unwrap_or_default(),
            kept: annotation(manifest::KEPT).is_some(),
            key: label(manifest::KEY)
                .zip(annotation(manifest::REQUEST))
                .map(|(key, request)| Key::stored(&key, &request)),
            started: annotation(manifest::STARTED).and_then(|time| time.parse().ok()),
            host: annotation(manifest::HOST).unwrap_or_default(),
            order: pod.annotations.and_then(|mut annotations| annotations.remove(manifest::ORDER)),
        })
    }

    /// Whether it takes its slot: it runs, or is about to.
    pub(super) fn is_alive(&self) -> bool {
        self.finished.is_none() && !self.leaving
    }

    /// What it was made to show.
    pub(super) fn order(&self) -> Option<JobOrder> {
        JobOrder::from_json(self.order.as_deref()?).ok()
    }
}

/// What a Service tells.
#[derive(Clone, Debug)]
pub(super) struct SeenService {
    pub(super) id: JobId,
    pub(super) name: String,
    pub(super) uid: String,
    /// The Job that owns it.
    pub(super) owner: Option<String>,
    /// The port that every node has for it.
    pub(super) node_port: Option<u16>,
    /// Its address inside the cluster.
    pub(super) cluster_ip: Option<IpAddr>,
}

impl SeenService {
    /// `None` when it is none of ours, whatever its labels say.
    pub(super) fn of(service: Service) -> Option<Self> {
        let Service { metadata, spec, .. } = service;
        let id: JobId = metadata.labels.as_ref()?.get(manifest::JOB_ID)?.parse().ok()?;
        let spec = spec.unwrap_or_default();
        let port = spec.ports.and_then(|ports| ports.into_iter().next()).unwrap_or_default();
        let owners = metadata.owner_references.as_ref();
        Some(Self {
            id,
            uid: metadata.uid.clone()?,
            owner: owners.and_then(|owners| owners.first()).map(|owner| owner.uid.clone()),
            name: metadata.name.filter(|name| *name == manifest::service_name(id))?,
            node_port: port.node_port.and_then(|port| u16::try_from(port).ok()),
            cluster_ip: spec.cluster_ip.and_then(|address| address.parse().ok()),
        })
    }
}

fn created(metadata: &ObjectMeta) -> Option<Timestamp> {
    metadata.creation_timestamp.as_ref().map(|time| time.0)
}

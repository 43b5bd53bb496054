use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Service;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::KubernetesMetrics;
use super::failure::{Failure, Kind};
use super::manifest::{self, KEPT, MANAGER};

/// So many calls at once: more would only wait for each other in the API server, each with its deadline running.
const AT_ONCE: usize = 8;

/// Every kind of call that is made to the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Probe,
    ListJobs,
    ListServices,
    GetJob,
    GetService,
    CreateJob,
    CreateService,
    Commit,
    KeepJob,
    DeleteJob,
    DeleteService,
}

impl Call {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::ListJobs => "list_jobs",
            Self::ListServices => "list_services",
            Self::GetJob => "get_job",
            Self::GetService => "get_service",
            Self::CreateJob => "create_job",
            Self::CreateService => "create_service",
            Self::Commit => "commit",
            Self::KeepJob => "keep_job",
            Self::DeleteJob => "delete_job",
            Self::DeleteService => "delete_service",
        }
    }
}

/// The calls to the API server: one request each, never repeated, with a deadline. When many want to call, all take turns.
#[derive(Clone)]
pub(super) struct Calls {
    jobs: Api<Job>,
    services: Api<Service>,
    /// Whose objects are ours.
    instance: String,
    /// Longest time for one call.
    deadline: Duration,
    turns: Arc<Semaphore>,
    metrics: KubernetesMetrics,
}

impl Calls {
    pub(super) fn new(
        client: kube::Client,
        namespace: &str,
        instance: &str,
        deadline: Duration,
        metrics: KubernetesMetrics,
    ) -> Self {
        Self {
            jobs: Api::namespaced(client.clone(), namespace),
            services: Api::namespaced(client, namespace),
            instance: instance.to_owned(),
            deadline,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            metrics,
        }
    }

    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Whether it serves: as truthful as reading can be, for it is the store that answers.
    pub(super) async fn probe(&self) -> Result<(), Failure> {
        let first = ListParams { limit: Some(1), ..self.ours() };
        self.call(Call::Probe, self.by(), self.jobs.list_metadata(&first).boxed()).await.map(drop)
    }

    /// All Jobs of ours, as the store has them now.
    pub(super) async fn list_jobs(&self, by: Instant) -> Result<Vec<Job>, Failure> {
        Ok(self.call(Call::ListJobs, by, self.jobs.list(&self.ours()).boxed()).await?.items)
    }

    /// All Services of ours, as the store has them now.
    pub(super) async fn list_services(&self, by: Instant) -> Result<Vec<Service>, Failure> {
        Ok(self.call(Call::ListServices, by, self.services.list(&self.ours()).boxed()).await?.items)
    }

    /// The Job of this name, if it is ours.
    pub(super) async fn get_job(&self, name: &str, by: Instant) -> Result<Option<Job>, Failure> {
        let job = self.call(Call::GetJob, by, self.jobs.get_opt(name).boxed()).await?;
        Ok(job.filter(|job| manifest::is_ours(&job.metadata, &self.instance)))
    }

    /// The Service of this name, if it is ours.
    pub(super) async fn get_service(&self, name: &str, by: Instant) -> Result<Option<Service>, Failure> {
        let service = self.call(Call::GetService, by, self.services.get_opt(name).boxed()).await?;
        Ok(service.filter(|service| manifest::is_ours(&service.metadata, &self.instance)))
    }

    pub(super) async fn create_job(&self, job: &Job, by: Instant) -> Result<Job, Failure> {
        self.call(Call::CreateJob, by, self.jobs.create(&creation(), job).boxed()).await
    }

    pub(super) async fn create_service(&self, service: &Service, by: Instant) -> Result<Service, Failure> {
        self.call(Call::CreateService, by, self.services.create(&creation(), service).boxed()).await
    }

    /// Lets this very Job run, for `life` at most.
    pub(super) async fn commit(
        &self,
        name: &str,
        uid: &str,
        life: Duration,
        by: Instant,
    ) -> Result<Job, Failure> {
        let spec = json!({ "parallelism": 1, "activeDeadlineSeconds": life.as_secs() });
        let patch = json!({ "metadata": { "uid": uid }, "spec": spec });
        self.patch_job(Call::Commit, name, patch, by).await
    }

    /// Notes on this very Job that a client is told of it; `false` when it is gone, or about to go.
    pub(super) async fn keep_job(&self, name: &str, uid: &str, by: Instant) -> Result<bool, Failure> {
        let patch = json!({ "metadata": { "uid": uid, "annotations": { KEPT: "true" } } });
        match self.patch_job(Call::KeepJob, name, patch, by).await {
            Ok(job) => Ok(job.metadata.deletion_timestamp.is_none()),
            Err(Failure { kind: Kind::Missing | Kind::Conflict, .. }) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// With a uid the patch applies to this object or to none.
    async fn patch_job(&self, call: Call, name: &str, patch: Value, by: Instant) -> Result<Job, Failure> {
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        self.call(call, by, self.jobs.patch(name, &params, &Patch::Merge(patch)).boxed()).await
    }

    /// Deletes this very Job, and what it owns in the background. With a `version` only if it has not changed since.
    /// It is a success when there is none.
    pub(super) async fn delete_job(
        &self,
        name: &str,
        uid: &str,
        version: Option<String>,
        by: Instant,
    ) -> Result<(), Failure> {
        let params = deletion(Some(uid.to_owned()), version);
        gone(self.call(Call::DeleteJob, by, self.jobs.delete(name, &params).boxed()).await)
    }

    /// Deletes the Service of this name, or only the one with this `uid`. It is a success when there is none.
    pub(super) async fn delete_service(
        &self,
        name: &str,
        uid: Option<String>,
        by: Instant,
    ) -> Result<(), Failure> {
        gone(
            self.call(Call::DeleteService, by, self.services.delete(name, &deletion(uid, None)).boxed())
                .await,
        )
    }

    /// The latest moment for a call that is made now and has the time that one may have.
    pub(super) fn by(&self) -> Instant {
        Instant::now() + self.deadline
    }

    fn ours(&self) -> ListParams {
        // Without a version the store itself is asked, not a cache.
        ListParams::default().labels(&manifest::ours(&self.instance))
    }

    async fn call<T>(
        &self,
        call: Call,
        by: Instant,
        // In a box: a request's state is large.
        request: BoxFuture<'_, kube::Result<T>>,
    ) -> Result<T, Failure> {
        let _turn = self.turn(call, by).await?;
        let start = Instant::now();
        let deadline = self.deadline.min(by.saturating_duration_since(start));
        let answer = tokio::time::timeout(deadline, request).await;
        let result = match answer {
            Ok(answer) => answer.map_err(|error| Failure::of(&error)),
            Err(_) => Err(Failure::silent(deadline)),
        };
        self.metrics.called(call, start.elapsed(), &result);
        result
    }

    /// Waits until this call may be made. There is one probe at a time and one list, which many wait for.
    async fn turn(&self, call: Call, by: Instant) -> Result<Option<SemaphorePermit<'_>>, Failure> {
        if matches!(call, Call::Probe | Call::ListJobs) {
            return Ok(None);
        }
        let asked = Instant::now();
        let turn = tokio::time::timeout_at(by, self.turns.acquire()).await;
        turn.map(Result::ok).map_err(|_| Failure::crowded(by.saturating_duration_since(asked)))
    }
}

fn creation() -> PostParams {
    PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() }
}

fn deletion(uid: Option<String>, resource_version: Option<String>) -> DeleteParams {
    let params = DeleteParams::background();
    if uid.is_none() && resource_version.is_none() {
        return params;
    }
    params.preconditions(Preconditions { uid, resource_version })
}

/// It is as well when somebody else was faster.
fn gone<T>(result: Result<T, Failure>) -> Result<(), Failure> {
    match result {
        Ok(_) | Err(Failure { kind: Kind::Missing, .. }) => Ok(()),
        Err(failure) => Err(failure),
    }
}

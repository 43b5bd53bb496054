//! What nobody owns goes, and nothing else; and with the server gone for ever the cluster ends what there is.

use std::time::Duration;

use focus_core::JobId;
use focus_kubernetes_node::{Cluster, Part};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Service;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions, PropagationPolicy};
use serde_json::{Value, json};

use crate::faults::Fate;
use crate::objects::{Objects, is_committed};
use crate::server::{DEADLINE, Place, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_owns_goes_and_nothing_else() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let place = Place::on(&mut cluster).await;
    ten_go_at_a_time(&place.elsewhere().await).await;
    every_kind_goes(&place).await;
    what_is_younger_than_the_grace_stays(&place.elsewhere().await).await;
    what_cannot_be_removed_holds_up_nothing_else(&place.elsewhere().await).await;
    what_is_committed_meanwhile_stays(&place.elsewhere().await).await;
    what_is_made_while_it_sweeps_stays(&place.elsewhere().await).await;
    another_of_the_same_name_stays(&place.elsewhere().await).await;
    what_is_not_ours_stays(&place.elsewhere().await).await;
    without_a_server_a_job_ends_and_all_that_it_owned_goes(&place).await;
    // From here on the cluster does nothing by itself.
    cluster.stop(Part::Controllers);
    what_the_cluster_forgets_goes(&place.elsewhere().await).await;
}

async fn ten_go_at_a_time(place: &Place) {
    let sweeper = place.sweeper().await;
    for number in 1..=25 {
        place.create_job(&inert(number)).await;
    }
    let removed = || sweeper.metric("focus_sweep_removed_total{kind=\"job\",reason=\"uncommitted\"}");
    for (left, overdue) in [(15, 15), (5, 5), (0, 0)] {
        sweeper.cluster.sweep().await.unwrap();
        assert_eq!(place.objects().await.jobs.len(), left);
        assert_eq!((removed(), sweeper.metric("focus_sweep_overdue")), (25 - left, overdue));
    }
    let passes = sweeper.metric("focus_sweep_passes_total{result=\"ok\"}");
    sweeper.cluster.sweep().await.unwrap();
    assert_eq!(removed(), 25);
    assert_eq!(sweeper.metric("focus_sweep_passes_total{result=\"ok\"}"), passes + 1);
}

async fn every_kind_goes(place: &Place) {
    // What is made here is younger than its grace, however long that takes.
    let server = place.server_with(|settings| settings.grace = DEADLINE).await;
    let sweeper = place.sweeper().await;
    let half = server.configure(None).await.unwrap().job.spec().id;
    let whole = server.configure(None).await.unwrap().job.spec().id;
    let mut ids = [half, whole].map(|id| id.to_string());
    ids.sort();
    place.until_pods(&ids.each_ref().map(String::as_str)).await;
    let service = format!("grpc-service-{half}");
    place.services().delete(&service, &DeleteParams::default()).await.unwrap();
    place.create_job(&inert(900)).await;
    let orphan = place.create_service(&service_of(901, Value::Null)).await;
    server.cluster.sweep().await.unwrap();
    assert_eq!(place.objects().await.jobs.len(), 3, "they may be younger than the grace");
    assert!(place.services().get_opt(&orphan).await.unwrap().is_none());

    sweeper.cluster.sweep().await.unwrap();
    assert_eq!(place.objects().await.whole(), Ok(vec![whole.to_string()]));
    for (server, line) in [
        (&server, "{kind=\"service\",reason=\"orphan\"}"),
        (&sweeper, "{kind=\"job\",reason=\"half\"}"),
        (&sweeper, "{kind=\"job\",reason=\"uncommitted\"}"),
    ] {
        assert_eq!(server.metric(&format!("focus_sweep_removed_total{line}")), 1, "{line}");
    }
    // The pod goes with its Job.
    place.until_pods(&[&whole.to_string()]).await;
    assert!(server.jobs.stop(whole).await.unwrap());
    place.until_pods(&[]).await;
}

async fn what_is_younger_than_the_grace_stays(place: &Place) {
    let server = place.server_with(|settings| settings.grace = Duration::from_secs(2)).await;
    let start = std::time::Instant::now();
    place.create_job(&inert(1)).await;
    while !place.objects().await.jobs.is_empty() {
        server.cluster.sweep().await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(start.elapsed() < DEADLINE);
    }
    // Its time of creation is rounded to seconds.
    assert!(start.elapsed() > Duration::from_secs(1), "{:?}", start.elapsed());
}

async fn what_cannot_be_removed_holds_up_nothing_else(place: &Place) {
    let sweeper = place.sweeper().await;
    for number in 1..=3 {
        place.create_job(&inert(number)).await;
    }
    sweeper.way.first("delete_job", Fate::IsAnswered(500));
    sweeper.cluster.sweep().await.unwrap_err();
    assert_eq!(place.objects().await.jobs.len(), 1);
    assert!(sweeper.metric("focus_sweep_passes_total{result=\"failed\"}") > 0);
    sweeper.way.mend();
    sweeper.cluster.sweep().await.unwrap();
    assert!(place.objects().await.is_empty());
}

async fn what_is_committed_meanwhile_stays(place: &Place) {
    let sweeper = place.sweeper().await;
    let name = place.create_job(&inert(1)).await;
    let sweeping = held(&sweeper, "delete_job", async |server| server.cluster.sweep().await).await;
    let commit = Patch::Merge(json!({"spec": {"parallelism": 1}}));
    place.jobs().patch(&name, &PatchParams::default(), &commit).await.unwrap();
    sweeper.way.release();
    sweeping.await.unwrap().unwrap_err();
    assert!(is_committed(&place.jobs().get(&name).await.unwrap()));
}

/// It looks at one kind after the other.
async fn what_is_made_while_it_sweeps_stays(place: &Place) {
    let (server, other) = (place.server().await, place.server().await);
    let mut lists = 0;
    server.way.decide(move |call| {
        lists += usize::from(call.what.starts_with("list"));
        if lists == 2 { Fate::IsHeld } else { Fate::Passes }
    });
    let sweeping = tokio::spawn({
        let server = server.clone();
        async move { server.cluster.sweep().await }
    });
    server.way.holds().await;
    let id = other.configure(None).await.unwrap().job.spec().id;
    server.way.mend();
    server.way.release();
    sweeping.await.unwrap().unwrap();
    assert_eq!(place.objects().await.whole(), Ok(vec![id.to_string()]));
}

/// Whatever is decided about a Job is done to that Job alone.
async fn another_of_the_same_name_stays(place: &Place) {
    let server = place.server().await;
    // When it is stopped ..
    let id = server.configure(None).await.unwrap().job.spec().id;
    let stopping = held(&server, "delete_job", async move |server| server.jobs.stop(id).await).await;
    let other = place.replace(id).await;
    server.way.release();
    stopping.await.unwrap().unwrap_err();
    assert_eq!(place.uid(id).await, other, "another Job was stopped");
    place.remove(id).await;
    // .. when it is committed ..
    let configuring = held(&server, "commit", async |server| server.configure(None).await).await;
    let id = place.objects().await.jobs[0].metadata.labels.as_ref().unwrap()["focus-server/job-id"]
        .parse()
        .unwrap();
    let other = place.replace(id).await;
    server.way.release();
    configuring.await.unwrap().unwrap_err();
    let job = place.jobs().get(&format!("grpc-job-{id}")).await.unwrap();
    assert_eq!(job.metadata.uid.as_ref(), Some(&other), "another Job was undone");
    assert!(!is_committed(&job), "another Job was committed");
    place.remove(id).await;
    // .. and when it is swept.
    let sweeper = place.sweeper().await;
    place.create_job(&inert(1)).await;
    let id = JobId { slot: 1, sequence: 1 };
    let sweeping = held(&sweeper, "delete_job", async |server| server.cluster.sweep().await).await;
    let other = place.replace(id).await;
    sweeper.way.release();
    sweeping.await.unwrap().unwrap_err();
    assert_eq!(place.uid(id).await, other, "another Job was swept");
}

async fn what_is_not_ours_stays(place: &Place) {
    let mut foreign = inert(1);
    foreign["metadata"]["labels"]["app.kubernetes.io/instance"] = "theirs".into();
    place.create_job(&foreign).await;
    let mut named = inert(2);
    named["metadata"]["name"] = "backup".into();
    place.create_job(&named).await;
    let mut our_own = service_of(3, Value::Null);
    our_own["metadata"]["name"] = "focus-server".into();
    our_own["metadata"]["labels"].as_object_mut().unwrap().remove("focus-server/job-id");
    place.create_service(&our_own).await;
    let mut foreign = service_of(4, Value::Null);
    foreign["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "somebody".into();
    place.create_service(&foreign).await;
    let sweeper = place.sweeper().await;
    sweeper.cluster.sweep().await.unwrap();
    let objects = place.objects().await;
    assert_eq!((objects.jobs.len(), objects.services.len()), (2, 2), "{:?}", objects.names());
}

/// Its deadline ends it, and its time after that removes it and all that it owned.
async fn without_a_server_a_job_ends_and_all_that_it_owned_goes(place: &Place) {
    // Long enough for its pod to be seen.
    let server = place.server_with(|settings| settings.max_job_life = Duration::from_secs(8)).await;
    let id = server.configure(None).await.unwrap().job.spec().id;
    place.until_pods(&[&id.to_string()]).await;
    let has_failed = |job: &Job| {
        let conditions = job.status.as_ref().and_then(|status| status.conditions.as_ref());
        conditions.is_some_and(|conditions| conditions.iter().any(|condition| condition.type_ == "Failed"))
    };
    place.until(|objects| objects.jobs.iter().all(has_failed)).await;
    place.until_pods(&[]).await;
    // It is no job any more, and its slot is free; but it can still be looked at.
    assert!(server.jobs.list().await.unwrap().is_empty() && server.jobs.get(id).await.unwrap().is_none());
    assert!(!server.jobs.stop(id).await.unwrap());
    let next = server.configure(None).await.unwrap().job.spec().id;
    assert_eq!((id.slot, next.slot), (1, 1));
    assert!(server.jobs.stop(next).await.unwrap());
    assert_eq!(place.objects().await.names(), [format!("grpc-job-{id}"), format!("grpc-service-{id}")]);
    // Nobody wants to wait for two minutes.
    let sooner = Patch::Merge(json!({"spec": {"ttlSecondsAfterFinished": 0}}));
    place.jobs().patch(&format!("grpc-job-{id}"), &PatchParams::default(), &sooner).await.unwrap();
    place.until(Objects::is_empty).await;
}

async fn what_the_cluster_forgets_goes(place: &Place) {
    let sweeper = place.sweeper().await;
    for (number, ago) in [(1, 200), (2, 100)] {
        let name = place.create_job(&inert(number)).await;
        let commit = Patch::Merge(json!({"spec": {"parallelism": 1}}));
        place.jobs().patch(&name, &PatchParams::default(), &commit).await.unwrap();
        let when = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(ago);
        let condition = json!({"type": "Complete", "status": "True", "lastTransitionTime": when.to_string()});
        let status = Patch::Merge(json!({"status": {"conditions": [condition]}}));
        place.jobs().patch_status(&name, &PatchParams::default(), &status).await.unwrap();
    }
    sweeper.cluster.sweep().await.unwrap();
    assert_eq!(place.objects().await.names(), ["grpc-job-1-2"]);
    assert_eq!(sweeper.metric("focus_sweep_removed_total{kind=\"job\",reason=\"finished\"}"), 1);
    assert_eq!(sweeper.metric("focus_jobs_active"), 0);
}

/// Starts what a server is asked for, until it makes this call.
async fn held<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    server: &Server,
    call: &'static str,
    asking: impl FnOnce(Server) -> F,
) -> tokio::task::JoinHandle<T> {
    server.way.first(call, Fate::IsHeld);
    let asked = tokio::spawn(asking(server.clone()));
    server.way.holds().await;
    server.way.mend();
    asked
}

impl Place {
    async fn create_job(&self, job: &Value) -> String {
        let job: Job = serde_json::from_value(job.clone()).unwrap();
        self.jobs().create(&PostParams::default(), &job).await.unwrap().metadata.name.unwrap()
    }

    async fn create_service(&self, service: &Value) -> String {
        let service: Service = serde_json::from_value(service.clone()).unwrap();
        self.services().create(&PostParams::default(), &service).await.unwrap().metadata.name.unwrap()
    }

    /// Puts another Job, of our kind too, in the place of the one of this id; its uid.
    async fn replace(&self, id: JobId) -> String {
        let old = self.remove_job(id).await;
        let mut other = inert(id.sequence);
        other["metadata"]["name"] = old.into();
        other["metadata"]["labels"]["focus-server/job-id"] = id.to_string().into();
        self.create_job(&other).await;
        self.uid(id).await
    }

    async fn remove(&self, id: JobId) {
        self.remove_job(id).await;
        drop(self.services().delete(&format!("grpc-service-{id}"), &DeleteParams::default()).await);
    }

    async fn remove_job(&self, id: JobId) -> String {
        let name = format!("grpc-job-{id}");
        let params = DeleteParams {
            propagation_policy: Some(PropagationPolicy::Background),
            preconditions: Some(Preconditions { uid: Some(self.uid(id).await), resource_version: None }),
            ..DeleteParams::default()
        };
        self.jobs().delete(&name, &params).await.unwrap();
        name
    }

    async fn uid(&self, id: JobId) -> String {
        self.jobs().get(&format!("grpc-job-{id}")).await.unwrap().metadata.uid.unwrap()
    }
}

fn metadata(kind: &str, number: u32) -> Value {
    json!({
        "name": format!("grpc-{kind}-1-{number}"),
        "labels": {
            "app.kubernetes.io/managed-by": "focus-server", "app.kubernetes.io/instance": "focus-server",
            "focus-server/job-id": format!("1-{number}"),
        },
    })
}

/// What a server leaves that dies in the middle.
fn inert(number: u32) -> Value {
    json!({
        "metadata": metadata("job", number),
        "spec": {
            "parallelism": 0, "completions": 1,
            "template": {"spec": {
                "restartPolicy": "Never", "automountServiceAccountToken": false,
                "containers": [{"name": "worker", "image": "none"}],
            }},
        },
    })
}

fn service_of(number: u32, owners: Value) -> Value {
    let mut metadata = metadata("service", number);
    metadata["ownerReferences"] = owners;
    json!({"metadata": metadata, "spec": {"ports": [{"port": 5000}]}})
}

//! The whole way, and nothing in it.

use std::sync::Arc;
use std::time::Instant;

use focus_jobs::{Configured, Exposure, Job};
use focus_kubernetes_node::Cluster;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::faults::Fate;
use crate::objects::Objects;
use crate::server::{DEADLINE, Place, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_is_one_job_and_one_service_whichever_server_is_asked_and_then_nothing() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let place = Place::on(&mut cluster).await;
    let (server, other) = (place.server().await, place.server().await);

    let configured = server.configure(Some("a key")).await.unwrap();
    is_as_the_contract_says(&place, &configured).await;
    everybody_says_the_same(&configured, &server, &other).await;
    goes_with_all_that_it_owns(&place, &other, &configured.job).await;
    costs_so_many_calls(&server).await;
    has_no_pod_before_it_is_committed(&place, &server, &other).await;
    is_collected_when_somebody_deletes_the_job_alone(&place, &cluster).await;
    comes_to_its_end_without_its_client(&place, &server).await;
    can_be_for_this_cluster_alone(&place).await;
    is_nobody_elses(&place, &server).await;
}

async fn is_as_the_contract_says(place: &Place, configured: &Configured) {
    assert!(!configured.repeated);
    let id = configured.job.spec().id.to_string();
    assert!(id.starts_with("1-"), "{id}");
    let objects = place.objects().await;
    assert_eq!(objects.whole(), Ok(vec![id.clone()]));
    let (job, service) = (
        serde_json::to_value(&objects.jobs[0]).unwrap(),
        serde_json::to_value(&objects.services[0]).unwrap(),
    );

    let ours = json!({
        "app.kubernetes.io/name": "focus-worker", "app.kubernetes.io/managed-by": "focus-server",
        "app.kubernetes.io/instance": "focus-server", "focus-server/job-id": id,
    });
    let meta = &job["metadata"];
    assert_eq!(meta["name"], format!("grpc-job-{id}"));
    assert!(contains(&meta["labels"], &ours), "{meta}");
    let is_hash = |hash: &Value| hash.as_str().is_some_and(|hash| hash.len() == 40);
    assert!(is_hash(&meta["labels"]["focus-server/key"]), "{meta}");
    assert!(is_hash(&meta["annotations"]["focus-server/request"]), "{meta}");
    assert_eq!(meta["annotations"]["focus-server/attempt"].as_str().map(str::len), Some(32));
    assert_eq!(meta["annotations"]["focus-server/started"], configured.job.started().to_string());
    assert_eq!(meta["annotations"]["focus-server/host"], "das.example");
    assert!(meta["ownerReferences"].is_null() && meta["finalizers"].is_null(), "{meta}");
    let expected = json!({
        "parallelism": 1, "completions": 1, "backoffLimit": 0, "activeDeadlineSeconds": 3600,
        "ttlSecondsAfterFinished": 120,
    });
    assert!(contains(&job["spec"], &expected), "{}", job["spec"]);
    let pod = &job["spec"]["template"];
    assert!(contains(&pod["metadata"]["labels"], &ours), "{pod}");
    let order: Value =
        serde_json::from_str(pod["metadata"]["annotations"]["focus-server/order"].as_str().unwrap()).unwrap();
    assert_eq!((&order["job"], &order["request"]["channels"]["max"]), (&json!(id), &json!(30)));
    assert!(contains(
        &pod["spec"],
        &json!({"restartPolicy": "Never", "automountServiceAccountToken": false, "enableServiceLinks": false}),
    ));
    let worker = &pod["spec"]["containers"][0];
    assert_eq!(worker["command"], json!(["focus", "work", "--in-pod"]));
    assert_eq!(worker["ports"][0]["containerPort"], 5000);

    let meta = &service["metadata"];
    assert_eq!((&meta["name"], &meta["labels"]), (&json!(format!("grpc-service-{id}")), &ours));
    let owner = json!([{
        "apiVersion": "batch/v1", "kind": "Job", "name": format!("grpc-job-{id}"), "uid": job["metadata"]["uid"],
    }]);
    assert_eq!(meta["ownerReferences"], owner);
    let port = configured.job.stream_port();
    let expected = json!({
        "type": "NodePort", "selector": {"focus-server/job-id": id},
        "ports": [{"name": "grpc", "protocol": "TCP", "port": 5000, "targetPort": 5000, "nodePort": port}],
    });
    assert!(contains(&service["spec"], &expected), "{service}");
    assert_eq!(configured.job.stream_url(), "http://das.example");

    // The controller makes its pod, and only that.
    place.until_pods(&[&id]).await;
    let pods = place.pods().list(&ListParams::default()).await.unwrap();
    let pod = serde_json::to_value(&pods.items[0]).unwrap();
    assert_eq!(pod["metadata"]["ownerReferences"][0]["uid"], job["metadata"]["uid"]);
    assert!(pod["metadata"]["annotations"]["focus-server/order"].is_string());
}

async fn everybody_says_the_same(configured: &Configured, server: &Server, other: &Server) {
    let id = configured.job.spec().id;
    for server in [server, other] {
        let told = server.jobs.get(id).await.unwrap().unwrap();
        assert_eq!(body(&told), body(&configured.job));
        let listed = server.jobs.list().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(body(&listed[0]), body(&configured.job));
        let again = server.configure(Some("a key")).await.unwrap();
        assert!(again.repeated);
        assert_eq!(body(&again.job), body(&configured.job));
    }
}

async fn goes_with_all_that_it_owns(place: &Place, server: &Server, job: &Arc<Job>) {
    let id = job.spec().id;
    assert!(server.jobs.stop(id).await.unwrap());
    assert!(place.objects().await.is_empty());
    assert!(!server.jobs.stop(id).await.unwrap());
    assert!(server.jobs.get(id).await.unwrap().is_none() && server.jobs.list().await.unwrap().is_empty());
    place.until_pods(&[]).await;
}

async fn costs_so_many_calls(server: &Server) {
    server.way.calls();
    let configured = server.configure(None).await.unwrap();
    let mut calls: Vec<_> = server.way.calls().into_iter().map(|call| call.what).collect();
    // Whether there are rivals is asked while the Service is made.
    calls[3..5].sort_unstable();
    let expected = ["list_jobs", "list_jobs", "create_job", "create_service", "list_jobs", "commit"];
    assert_eq!(calls, expected);
    assert!(server.jobs.stop(configured.job.spec().id).await.unwrap());
}

async fn has_no_pod_before_it_is_committed(place: &Place, server: &Server, other: &Server) {
    let start = Instant::now();
    let (first, second) = loop {
        server.way.first("commit", Fate::IsHeld);
        let configuring = tokio::spawn({
            let server = server.clone();
            async move { server.configure(None).await }
        });
        server.way.holds().await;
        let second = other.configure(None).await.unwrap().job.spec().id;
        assert_eq!(second.slot, 2, "the first slot is taken, although its job does not run yet");
        place.until_pods(&[&second.to_string()]).await;
        // It has time to be committed, whoever sweeps.
        other.cluster.sweep().await.unwrap();
        let listed = other.jobs.list().await.unwrap();
        assert_eq!(listed.iter().map(|job| job.spec().id).collect::<Vec<_>>(), [second]);
        server.way.mend();
        server.way.release();
        match configuring.await.unwrap() {
            Ok(first) => break (first.job.spec().id, second),
            // All this took longer than a request may.
            Err(error) => assert!(start.elapsed() < DEADLINE, "{error}"),
        }
        server.way.settle().await;
        server.cluster.sweep().await.unwrap();
        assert!(other.jobs.stop(second).await.unwrap());
    };
    place.until_pods(&[&first.to_string(), &second.to_string()]).await;
    for id in [first, second] {
        assert!(server.jobs.stop(id).await.unwrap());
    }
    place.until_pods(&[]).await;
}

async fn is_collected_when_somebody_deletes_the_job_alone(place: &Place, cluster: &Cluster) {
    let server = place.server().await;
    let id = server.configure(None).await.unwrap().job.spec().id;
    cluster.kubectl(&["delete", "job", &format!("grpc-job-{id}"), "--namespace", &place.namespace]);
    place.until(Objects::is_empty).await;
    assert!(server.jobs.get(id).await.unwrap().is_none());
}

async fn comes_to_its_end_without_its_client(place: &Place, server: &Server) {
    for step in ["create_job", "create_service", "commit"] {
        server.way.first(step, Fate::IsHeld);
        let configuring = tokio::spawn({
            let server = server.clone();
            async move { server.configure(None).await }
        });
        server.way.holds().await;
        configuring.abort();
        assert!(configuring.await.unwrap_err().is_cancelled());
        server.way.mend();
        server.way.release();
        let objects = place.until(|objects| objects.whole().is_ok_and(|ids| ids.len() == 1)).await;
        let id = objects.whole().unwrap()[0].parse().unwrap();
        assert!(server.jobs.stop(id).await.unwrap());
    }
}

async fn can_be_for_this_cluster_alone(place: &Place) {
    let server = place.server_with(|settings| settings.exposure = Exposure::ClusterIp).await;
    let job = server.configure(None).await.unwrap().job;
    let id = job.spec().id;
    let service = serde_json::to_value(&place.objects().await.services[0]).unwrap();
    assert_eq!(service["spec"]["type"], "ClusterIP");
    assert!(service["spec"]["ports"][0]["nodePort"].is_null(), "{service}");
    let host = format!("http://grpc-service-{id}.{}.svc", place.namespace);
    assert_eq!((job.stream_url(), job.stream_port()), (host.as_str(), 5000));
    assert_eq!(body(&server.jobs.get(id).await.unwrap().unwrap()), body(&job));
    assert!(server.jobs.stop(id).await.unwrap());
}

async fn is_nobody_elses(place: &Place, server: &Server) {
    let theirs = place.server_with(|settings| settings.instance = "theirs".into()).await;
    let id = theirs.configure(None).await.unwrap().job.spec().id;
    assert!(server.jobs.list().await.unwrap().is_empty());
    assert!(server.jobs.get(id).await.unwrap().is_none(), "another deployment's job is shown");
    assert!(!server.jobs.stop(id).await.unwrap(), "another deployment's job is stopped");
    let sweeper = place.sweeper().await;
    sweeper.cluster.sweep().await.unwrap();
    assert!(theirs.jobs.stop(id).await.unwrap());
}

/// All that `/configure` and `/metadata` tell.
fn body(job: &Job) -> String {
    let spec = job.spec();
    let (url, port, started) = (job.stream_url(), job.stream_port(), job.started());
    format!("{} {:?} {:?} {:?} {url} {port} {started}", spec.id, spec.view, spec.plan, spec.fibre)
}

/// Whether everything in `part` is in `whole`, in objects and lists at any depth.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, part)| whole.get(name).is_some_and(|whole| contains(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| contains(whole, part))
        }
        _ => whole == part,
    }
}

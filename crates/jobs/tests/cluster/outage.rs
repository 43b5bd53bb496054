//! The cluster itself is in trouble, or says no: an answer in time, nothing left, and all is well again afterwards
//! without a restart.

use std::time::{Duration, Instant};

use focus_core::{Outage, Upstream};
use focus_jobs::{ConfigureError, Configured, WorkerTemplate};
use focus_kubernetes_node::{Cluster, Part};
use focus_stopwatch::Stopwatch;
use futures::future::join_all;
use k8s_openapi::api::core::v1::{ResourceQuota, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::Resource;
use kube::api::{Api, DeleteParams, PostParams};
use kube::core::NamespaceResourceScope;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::faults::Fate;
use crate::server::{ANSWER_WITHIN, DEADLINE, PROMPT, Place, Server, patiently};

type Answer = Result<Configured, ConfigureError>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_breaks_is_answered_in_time_and_mended_without_a_restart() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let place = Place::on(&mut cluster).await;
    let server = place.server_with(|settings| (settings.max_jobs, settings.deadline) = (30, PROMPT)).await;
    slowly(&place.elsewhere().await).await;
    for part in [Part::Server, Part::Etcd] {
        breaks(&place, &server, &mut cluster, |cluster| cluster.freeze(part), |cluster| cluster.thaw(part))
            .await;
        breaks(
            &place,
            &server,
            &mut cluster,
            |cluster| cluster.stop(part),
            |cluster| cluster.start_again(part),
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_refused_is_answered_with_its_reason_and_leaves_nothing() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let place = Place::on(&mut cluster).await;
    without_its_rights(&place, &cluster).await;
    with_a_full_quota(&place).await;
    with_no_port_left(&place).await;
    with_a_template_that_is_refused(&place).await;
    without_a_namespace(&place).await;
}

/// Every call is answered, but after so long.
async fn slowly(place: &Place) {
    let server = place.server_with(|settings| (settings.max_jobs, settings.deadline) = (30, PROMPT)).await;
    let mut expected = 0;
    for pause in [50, 200, 350, 500, 650, 800] {
        server.way.decide(move |_| Fate::Dawdles(Duration::from_millis(pause)));
        let key = pause.to_string();
        let asked = [None, Some(key.as_str()), Some(key.as_str())].map(async |key| {
            let stopwatch = Stopwatch::start();
            (server.configure(key).await, stopwatch.elapsed())
        });
        let answers = join_all(asked).await;
        server.way.mend();
        for (answer, took) in &answers {
            assert!(*took < ANSWER_WITHIN, "{pause} ms each: {took:?}, {answer:?}");
            match answer {
                Ok(configured) => expected += usize::from(!configured.repeated),
                Err(_) => is_an_outage(answer),
            }
        }
        server.way.settle().await;
        patiently(async || server.cluster.sweep().await).await;
        let ids = place.until(|objects| objects.whole().is_ok()).await.whole().unwrap();
        assert_eq!(ids.len(), expected, "{pause} ms each: {answers:?}");
    }
    assert!(expected > 0, "the fastest serve");
}

async fn breaks(
    place: &Place,
    server: &Server,
    cluster: &mut Cluster,
    break_it: impl FnOnce(&mut Cluster),
    mend: impl FnOnce(&mut Cluster),
) {
    let kept = until_it_serves(server).await.1.job.spec().id;
    // Some requests are under way when it happens.
    let under_way: Vec<_> = (0..5).map(|_| start(server)).collect();
    server.way.first("create_service", Fate::IsHeld);
    let half_way = start(server);
    server.way.holds().await;
    tokio::task::block_in_place(|| break_it(cluster));
    server.way.mend();
    server.way.release();
    let mut answers = join_all(under_way.into_iter().chain([half_way])).await;
    for _ in 0..5 {
        let answer = start(server).await.unwrap();
        is_an_outage(&answer.1);
        answers.push(Ok(answer));
    }
    // Whatever else they ask for.
    let stopwatch = Stopwatch::start();
    let (get, list, stop) = tokio::join!(server.jobs.get(kept), server.jobs.list(), server.jobs.stop(kept));
    for outage in [get.map(drop).unwrap_err(), list.map(drop).unwrap_err(), stop.map(drop).unwrap_err()] {
        assert!(matches!(outage, Outage::Unavailable { upstream: Upstream::Kubernetes, .. }), "{outage}");
    }
    let took = stopwatch.elapsed();
    assert!(took < ANSWER_WITHIN, "{took:?}");

    tokio::task::block_in_place(|| mend(cluster));
    let (took, configured) = until_it_serves(server).await;
    answers.push(Ok((took, Ok(configured))));
    let mut expected = vec![kept.to_string()];
    for answer in answers {
        let (took, answer) = answer.unwrap();
        assert!(took < ANSWER_WITHIN, "{took:?}: {answer:?}");
        match answer {
            Ok(configured) => expected.push(configured.job.spec().id.to_string()),
            Err(_) => is_an_outage(&answer),
        }
    }
    expected.sort();
    // What was asked for may be done when nobody waits for it any more; the sweep is told of it.
    server.way.settle().await;
    patiently(async || server.cluster.sweep().await).await;
    let ids = place.until(|objects| objects.whole().is_ok()).await.whole();
    assert_eq!(ids, Ok(expected));
    for job in patiently(async || server.jobs.list().await).await {
        patiently(async || server.jobs.stop(job.spec().id).await).await;
    }
}

fn is_an_outage(answer: &Answer) {
    let error = answer.as_ref().unwrap_err();
    let expected =
        matches!(error, ConfigureError::Outage(Outage::Unavailable { upstream: Upstream::Kubernetes, .. }));
    assert!(expected && error.to_string().starts_with("Kubernetes unavailable: "), "{error}");
}

async fn until_it_serves(server: &Server) -> (Duration, Configured) {
    let start = Instant::now();
    loop {
        let (took, answer) = self::start(server).await.unwrap();
        match answer {
            Ok(configured) => return (took, configured),
            Err(error) => assert!(start.elapsed() < DEADLINE, "{error}"),
        }
    }
}

/// How long it takes, and what it is answered.
fn start(server: &Server) -> tokio::task::JoinHandle<(Duration, Answer)> {
    let server = server.clone();
    tokio::spawn(async move {
        let stopwatch = Stopwatch::start();
        let answer = server.configure(None).await;
        (stopwatch.elapsed(), answer)
    })
}

async fn without_its_rights(place: &Place, cluster: &Cluster) {
    create::<Role>(place, &role()).await;
    create::<RoleBinding>(place, &binding()).await;
    let account = json!({"metadata": {"name": "focus-server"}});
    create::<ServiceAccount>(place, &account).await;
    let kubeconfig = cluster.service_account_kubeconfig(&place.namespace, "focus-server");
    let ours = place.seen_by(&kubeconfig).await;

    // They suffice for all that a server ever does.
    let server = ours.server().await;
    let configured = server.configure(Some("one")).await.unwrap();
    let id = configured.job.spec().id;
    assert!(server.configure(Some("one")).await.unwrap().repeated);
    assert!(server.jobs.get(id).await.unwrap().is_some() && server.jobs.list().await.unwrap().len() == 1);
    assert!(server.jobs.stop(id).await.unwrap());
    server.way.first("create_service", Fate::IsAnswered(500));
    server.configure(None).await.unwrap_err();
    server.way.mend();
    server.cluster.sweep().await.unwrap();
    assert!(place.objects().await.is_empty());

    // Without them nothing is even begun ..
    delete::<RoleBinding>(place).await;
    let error = until_refused(&server).await;
    assert!(error.to_string().contains("it answered 403: jobs.batch is forbidden"), "{error}");
    assert!(place.objects().await.is_empty());
    create::<RoleBinding>(place, &binding()).await;
    let id = until_it_serves(&server).await.1.job.spec().id;
    assert!(server.jobs.stop(id).await.unwrap());

    // .. and what was begun waits for the sweep until it may.
    server.way.first("commit", Fate::IsHeld);
    let half_way = start(&server);
    server.way.holds().await;
    delete::<RoleBinding>(place).await;
    until_refused(&server).await;
    server.way.mend();
    server.way.release();
    let (took, answer) = half_way.await.unwrap();
    is_refused(&answer.unwrap_err());
    assert!(took < ANSWER_WITHIN, "{took:?}");
    server.cluster.sweep().await.unwrap_err();
    create::<RoleBinding>(place, &binding()).await;
    until_it_serves(&server).await;
    server.cluster.sweep().await.unwrap();
    let ids = place.until(|objects| objects.whole().is_ok()).await.whole().unwrap();
    assert_eq!(ids.len(), 1);
    assert!(server.jobs.stop(ids[0].parse().unwrap()).await.unwrap());
}

async fn until_refused(server: &Server) -> ConfigureError {
    let start = Instant::now();
    loop {
        // A request that was under way when they were taken away is answered with half of them.
        match server.configure(None).await {
            // A call that the machine was too slow for says nothing of rights.
            Err(ConfigureError::Outage(Outage::Unavailable { .. })) => {}
            Err(error) => {
                is_refused(&error);
                return error;
            }
            Ok(configured) => drop(server.jobs.stop(configured.job.spec().id).await),
        }
        assert!(start.elapsed() < DEADLINE);
    }
}

fn is_refused(error: &ConfigureError) {
    let expected =
        matches!(error, ConfigureError::Outage(Outage::Refused { upstream: Upstream::Kubernetes, .. }));
    assert!(expected && error.to_string().starts_with("Kubernetes error: "), "{error}");
}

async fn with_a_full_quota(place: &Place) {
    for full in ["count/jobs.batch", "services.nodeports"] {
        let place = place.elsewhere().await;
        let server = place.server().await;
        let quota = json!({"metadata": {"name": "focus-server"}, "spec": {"hard": {full: "1"}}});
        create::<ResourceQuota>(&place, &quota).await;
        until_counted(&place).await;
        let first = until_it_serves(&server).await.1.job.spec().id;
        let (took, answer) = start(&server).await.unwrap();
        let error = answer.unwrap_err();
        assert!(matches!(error, ConfigureError::Quota(_)), "{error}");
        assert!(error.to_string().contains("exceeded quota") && took < ANSWER_WITHIN, "{took:?}: {error}");
        server.tidy().await;
        assert_eq!(place.objects().await.whole(), Ok(vec![first.to_string()]));
        delete::<ResourceQuota>(&place).await;
        until_it_serves(&server).await;
        assert_eq!(place.objects().await.whole().unwrap().len(), 2);
    }
}

/// Before the cluster has counted what there is, a quota does not hold.
async fn until_counted(place: &Place) {
    let quotas: Api<ResourceQuota> = Api::namespaced(place.client.clone(), &place.namespace);
    let counted = async {
        let status = async || quotas.get("focus-server").await.unwrap().status;
        while status().await.is_none_or(|status| status.used.is_none()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, counted).await.expect("it is counted in time");
}

async fn with_no_port_left(place: &Place) {
    let place = place.elsewhere().await;
    let server = place.server().await;
    // As many at once as there are, and then what is left one by one.
    for count in [300, 50, 25, 12, 6, 3, 2, 1, 1, 1, 1, 1] {
        let ports: Vec<_> =
            (1..=count).map(|port| json!({"name": format!("p{port}"), "port": port})).collect();
        let service = json!({
            "metadata": {"generateName": "all-"}, "spec": {"type": "NodePort", "ports": ports},
        });
        let service = serde_json::from_value(service).unwrap();
        drop(place.services().create(&PostParams::default(), &service).await);
    }
    let (took, answer) = start(&server).await.unwrap();
    let error = answer.unwrap_err();
    assert!(matches!(error, ConfigureError::NoPort(_)) && took < ANSWER_WITHIN, "{took:?}: {error}");
    server.tidy().await;
    let objects = place.objects().await;
    assert!(objects.jobs.is_empty(), "{:?}", objects.names());
    for name in objects.names() {
        place.services().delete(&name, &DeleteParams::default()).await.unwrap();
    }
    until_it_serves(&server).await;
    assert_eq!(place.objects().await.whole().unwrap().len(), 1);
}

async fn with_a_template_that_is_refused(place: &Place) {
    let place = place.elsewhere().await;
    let template =
        "{spec: {template: {spec: {restartPolicy: Always, containers: [{name: worker, image: none}]}}}}";
    let template = WorkerTemplate::parse(template).unwrap();
    let server = place.server_with(|settings| settings.template = template).await;
    let error = server.configure(None).await.unwrap_err();
    is_refused(&error);
    assert!(
        error.to_string().contains("it answered 422") && error.to_string().contains("restartPolicy"),
        "{error}"
    );
    assert!(place.objects().await.is_empty());
}

async fn without_a_namespace(place: &Place) {
    let server = place.server_with(|settings| settings.namespace = "nowhere".into()).await;
    let error = server.configure(None).await.unwrap_err();
    is_refused(&error);
    assert!(error.to_string().contains("namespaces \"nowhere\" not found"), "{error}");
}

fn role() -> Value {
    let rules = json!([
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["get", "list", "create", "patch", "delete"]},
        {"apiGroups": [""], "resources": ["services"], "verbs": ["get", "list", "create", "delete"]},
    ]);
    json!({"metadata": {"name": "focus-server"}, "rules": rules})
}

fn binding() -> Value {
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "focus-server"});
    let subject = json!({"kind": "ServiceAccount", "name": "focus-server"});
    json!({"metadata": {"name": "focus-server"}, "roleRef": role, "subjects": [subject]})
}

async fn create<K>(place: &Place, object: &Value)
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + Serialize
        + DeserializeOwned,
{
    let object: K = serde_json::from_value(object.clone()).unwrap();
    let objects = Api::namespaced(place.client.clone(), &place.namespace);
    drop(objects.create(&PostParams::default(), &object).await.unwrap());
}

async fn delete<K>(place: &Place)
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned,
{
    let objects: Api<K> = Api::namespaced(place.client.clone(), &place.namespace);
    drop(objects.delete("focus-server", &DeleteParams::default()).await.unwrap());
}

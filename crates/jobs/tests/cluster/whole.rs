//! The whole way, and nothing in it.

use focus_kubernetes_node::Cluster;
use serde_json::Value;

use crate::server::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_is_one_job_and_one_service_and_then_none() {
    if !Cluster::available() {
        return;
    }
    let mut cluster = Cluster::start();
    let namespace = cluster.namespace();
    let place = Place::new(cluster.kubeconfig(), namespace.clone()).await;
    let server = place.server().await;
    drop(server.way.calls());
    let configured = server.configure(None).await.unwrap();
    println!("{:?}", server.way.calls());
    let objects = |kind: &str| -> Value {
        serde_json::from_str(&cluster.kubectl(&["get", kind, "--namespace", &namespace, "--output=json"]))
            .unwrap()
    };
    println!("{:#}", objects("jobs"));
    println!("{:#}", objects("services"));
    let id = configured.job.spec().id;
    println!("{:?}", configured.job);
    let start = std::time::Instant::now();
    assert!(server.jobs.get(id).await.unwrap().is_some());
    println!("{:?}", server.jobs.list().await.unwrap());
    println!("{:?} {:?}", server.way.calls(), start.elapsed());
    assert!(server.jobs.stop(id).await.unwrap());
    assert_eq!(objects("jobs,services")["items"].as_array().unwrap().len(), 0);
}

//! The cluster that other tests rely on.

use focus_kubernetes_node::Cluster;
use std::time::Instant;

#[test]
fn starts() {
    let started = Instant::now();
    let mut cluster = Cluster::start();
    println!("started in {:?}", started.elapsed());
    println!("{}", cluster.kubectl(&["get", "all,sa", "-A"]));
    println!("{}", cluster.namespace());
}

//! For tests and benches only: a private Kubernetes control plane of one's own.
//!
//! A [`Cluster`] is a real API server on a real etcd, with the real controllers that act on jobs: they make a job's
//! pods, end it at its deadline, remove it after its time, collect what it owned, and keep quotas, endpoints and
//! service accounts. It is reachable from this machine only, shares nothing with other clusters, can be stopped
//! and frozen part by part, and leaves nothing behind: when it is dropped, and also when the process that started
//! it dies.
//!
//! There is no node and no scheduler: pods stay pending unless a test plays the kubelet, and nobody listens on a
//! service's addresses unless a test plays the proxy. For that, cluster IPs are in the loopback network and
//! node ports are no other cluster's while this one lives.
//!
//! Everything here blocks, for seconds where the cluster starts.

mod cluster;
mod credentials;
mod kubectl;
mod part;
mod programs;
mod service_ranges;
mod setup;

pub use crate::cluster::Cluster;
pub use crate::part::Part;

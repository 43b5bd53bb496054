//! What is asked of a cluster, and done to it, against a real API server.

mod kubelet;
mod lab;
mod logs;
mod looks;
mod scale;
mod whole;

//! Jobs that live on a Kubernetes cluster: a real API server, with and without misfortunes on the way to it.

mod crash;
mod faults;
mod litter;
mod objects;
mod outage;
mod random;
mod server;
mod together;
mod whole;

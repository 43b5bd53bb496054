//! One file for each group of routes.

pub(crate) mod ack;
pub(crate) mod configure;
pub(crate) mod docs;
pub(crate) mod fibre;
pub(crate) mod health;
pub(crate) mod info;
pub(crate) mod jobs;
pub(crate) mod metrics;
pub(crate) mod page;
pub(crate) mod recordings;
pub(crate) mod stream;

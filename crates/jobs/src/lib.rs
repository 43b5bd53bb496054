//! A job's life: configure as one transaction, slots, launcher, and the end.
//!
//! [`Jobs::configure`] turns a request into a running [`Job`] or into a [`ConfigureError`] that leaves
//! nothing behind. Whatever a job owns is freed by its keeper, whichever way the job ends.

mod configure;
mod error;
mod idempotency;
mod job;
mod jobs;
mod keeper;
mod launcher;
mod metrics;
mod settings;
mod slots;

pub use configure::ConfigureRequest;
pub use error::ConfigureError;
pub use job::{Job, JobState};
pub use jobs::{Jobs, Upstreams};
pub use launcher::Launcher;
pub use metrics::Metrics;
pub use settings::Settings;

//! A job's life: configure as one transaction, slots, launchers, and the end.
//!
//! [`Jobs::configure`] turns a request into a running [`Job`] or into a [`ConfigureError`] that leaves
//! nothing behind. Where a job runs is its [`Launcher`]'s choice: [`InProcess`], or [`Processes`] that [`work`]. Whatever
//! a job owns is freed by its keeper, whichever way the job ends.

mod configure;
mod error;
mod idempotency;
mod in_process;
mod job;
mod jobs;
mod keeper;
mod launcher;
mod metrics;
mod order;
mod ports;
mod process;
mod settings;
mod slots;

pub use configure::{ConfigureRequest, Configured};
pub use error::ConfigureError;
pub use in_process::InProcess;
pub use job::{Job, JobState};
pub use jobs::{Jobs, Upstreams};
pub use launcher::{LaunchError, Launcher, Report, Show, Worker};
pub use metrics::Metrics;
pub use order::{JobOrder, Source};
pub use process::{LogStyle, Order, Processes, work};
pub use settings::{Serving, Settings};

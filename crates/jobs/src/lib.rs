//! A job's life: configure as one transaction, slots, launchers, and the end.
//!
//! [`Jobs::configure`] turns a request into a running [`Job`] or into a [`ConfigureError`] that leaves
//! nothing behind. Jobs live in a [`Home`]: [`Local`] ones in the memory of this process, which a [`Launcher`] runs,
//! [`InProcess`] or in [`Processes`] that [`work`]. Whatever a job owns is freed by its keeper, whichever way it ends.

mod alone;
mod catalogue;
mod configure;
mod error;
mod home;
mod idempotency;
mod in_process;
mod job;
mod jobs;
mod keeper;
mod kubernetes;
mod launcher;
mod local;
mod metrics;
mod order;
mod pod;
mod ports;
mod process;
mod settings;
mod slots;

pub use catalogue::GatedCatalogue;
pub use configure::{ConfigureRequest, Configured};
pub use error::ConfigureError;
pub use home::{Home, Wanted};
pub use idempotency::Key;
pub use in_process::InProcess;
pub use job::{Job, JobState};
pub use jobs::{Jobs, Upstreams};
pub use kubernetes::{
    Beside, Cluster, Connection, Exposure, GRACE, KubernetesMetrics, KubernetesSettings, ORDER_VARIABLE,
    Reach, WorkerTemplate,
};
pub use launcher::{LaunchError, Launcher, Report, Rows, Worker};
pub use local::Local;
pub use metrics::Metrics;
pub use order::{InvalidOrder, JobOrder, OrderTooLong, Source};
pub use pod::Pod;
pub use process::{LogStyle, Order, Processes, work};
pub use settings::{Serving, Settings};

//! The words of the domain, as types: fibre, block, view, plan, job id, limits, outage.
//!
//! Everything here is pure: no IO, no clock, no async runtime. Past [`Draft::resolve`] an invalid
//! [`View`] cannot exist, and a [`Plan`] says exactly what a view will yield and what it costs.

mod block;
mod channel;
mod fault;
mod fibre;
mod job_id;
mod limits;
mod outage;
mod plan;
mod request;
mod time;
mod view;

pub use block::{Block, DataType, Samples};
pub use channel::ChannelRange;
pub use fault::{Fault, FaultKind, Faults};
pub use fibre::Fibre;
pub use job_id::{InvalidJobId, JobId};
pub use limits::Limits;
pub use outage::{Outage, Upstream};
pub use plan::{Cost, Plan, StreamPlan};
pub use request::Draft;
pub use time::{epoch_seconds, from_epoch_seconds, sample_offset};
pub use view::{Band, Period, Picture, View, ViewType};

//! Runs test cases against a real deployment.
//!
//! A case is first checked as a whole, then carried out step by step; each mutation is journaled before it is made and
//! undone whatever happens. What was seen is an [`Observation`], what was made of it a [`RunRecord`]: the verdict
//! follows from the record alone.

mod clock;
mod command;
pub mod courier;
pub mod environment;
pub mod evaluate;
pub mod evidence;
mod exchange;
pub mod export;
pub mod fault;
pub mod inject;
pub mod journal;
mod kubernetes;
mod log_file;
pub mod names;
pub mod network;
mod observation;
pub mod perform;
pub mod plan;
pub mod processes;
pub mod push;
mod record;
pub mod report;
mod request;
pub mod run;
mod seen;
pub mod session;
#[cfg(test)]
mod tests;
mod tls;
pub mod undo;
mod verdict;
pub mod verify;
pub mod watchdog;
pub mod world;
mod written;

pub use observation::{Observation, Outcome};
pub use record::{
    AssertionRecord, CaseRecord, Fault, FaultRecord, FaultState, Judged, RunRecord, StatementRecord,
    StepKind, StepRecord, StepState, Tool, Verdict,
};
pub use verdict::{case_verdict, run_verdict};

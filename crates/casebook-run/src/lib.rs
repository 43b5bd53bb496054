//! Runs test cases against a real deployment.
//!
//! A case is first checked as a whole, then carried out step by step; each mutation is journaled before it is made and
//! undone whatever happens. What was seen is an [`Observation`], what was made of it a [`RunRecord`]: the verdict
//! follows from the record alone.

mod command;
pub mod environment;
pub mod evaluate;
pub mod evidence;
pub mod fault;
pub mod inject;
pub mod journal;
pub mod names;
pub mod network;
mod observation;
pub mod perform;
pub mod plan;
pub mod processes;
mod record;
pub mod report;
pub mod run;
pub mod session;
pub mod undo;
mod verdict;
pub mod verify;
pub mod watchdog;
pub mod world;

pub use observation::{Observation, Outcome};
pub use record::{
    AssertionRecord, CaseRecord, Fault, FaultRecord, FaultState, Judged, RunRecord, StatementRecord,
    StepKind, StepRecord, Tool, Verdict,
};
pub use verdict::{case_verdict, run_verdict};

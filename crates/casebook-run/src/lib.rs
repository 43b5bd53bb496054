//! Runs test cases against a real deployment.
//!
//! A case is first checked as a whole, then carried out step by step; each mutation is journaled before it is made and
//! undone whatever happens. What was seen is an [`Observation`], what was made of it a [`RunRecord`]: the verdict
//! follows from the record alone.

pub mod environment;
pub mod evaluate;
mod observation;
mod record;
mod verdict;

pub use observation::{Observation, Outcome};
pub use record::{
    AssertionRecord, CaseRecord, Fault, FaultRecord, FaultState, Judged, RunRecord, StatementRecord,
    StepKind, StepRecord, Tool, Verdict,
};
pub use verdict::{case_verdict, run_verdict};

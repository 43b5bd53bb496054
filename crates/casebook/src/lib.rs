//! Holds test cases to a standard: audits, completes, converts and reports them.

pub mod audit;
pub mod collection;
pub mod comparison;
pub mod complete;
pub mod duplicates;
mod preconditions;
pub mod report;

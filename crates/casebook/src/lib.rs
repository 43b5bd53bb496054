//! Holds test cases to a standard: audits, completes, converts and reports them.

pub mod audit;

//! What comes of an audit: the highest gate that is passed, and points.

use serde::Deserialize;

/// What a ticket must be, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gate {
    /// It can be read as a test case without doubt.
    Parses,
    /// Every critical and important field is adequate.
    Complete,
    /// Whatever it breaks it puts back, and it gives away nothing.
    Safe,
    /// It can fail.
    Falsifiable,
    /// A program can run it.
    Executable,
}

/// A letter for the points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Below 50 points.
    F,
    /// From 50.
    D,
    /// From 65.
    C,
    /// From 80.
    B,
    /// From 90.
    A,
}

/// What comes of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The highest gate that is passed together with all before it.
    pub gate: Option<Gate>,
    /// 0 to 100.
    pub points: u8,
    /// The letter; a blocker caps it at [`Grade::D`].
    pub grade: Grade,
    /// How many findings are blockers.
    pub blockers: usize,
}

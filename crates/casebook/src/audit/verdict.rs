//! What comes of an audit: the highest gate that is passed, and points.

//!
//! Points: each field has a share of 100 by its importance: critical 3, important 2, nice to have 1. An adequate field
//! has all of its share, an inadequate one half, one that is absent or says nothing none. From this is taken for each
//! finding that is not already in its field's share: a blocker 15, a major one 6, a minor one 2, a hint 1; but of one
//! rule no more than three times.

use casebook_ticket::{Importance, Standard};
use serde::Deserialize;

use super::{FieldState, Finding, Severity, State, rule};

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

impl Verdict {
    /// The verdict on a ticket whose fields fare like this and that has these findings.
    pub(super) fn of(standard: &Standard, fields: &[FieldState], findings: &[Finding]) -> Self {
        let blockers = findings.iter().filter(|finding| finding.severity == Severity::Blocker).count();
        let points = points(standard, fields, findings);
        let grade = Grade::of(points);
        let grade = if blockers > 0 { grade.min(Grade::D) } else { grade };
        Self { gate: gate(standard, fields, findings), points, grade, blockers }
    }
}

impl Grade {
    fn of(points: u8) -> Self {
        match points {
            90.. => Self::A,
            80.. => Self::B,
            65.. => Self::C,
            50.. => Self::D,
            _ => Self::F,
        }
    }
}

impl Gate {
    /// All of them, the first first.
    pub const ALL: &[Self] = &[Self::Parses, Self::Complete, Self::Safe, Self::Falsifiable, Self::Executable];
}

fn gate(standard: &Standard, fields: &[FieldState], findings: &[Finding]) -> Option<Gate> {
    let is_open = |gate: Gate| match gate {
        Gate::Complete => fields.iter().all(|field| {
            let importance =
                standard.rule(&field.field).map_or(Importance::NiceToHave, |rule| rule.importance);
            importance == Importance::NiceToHave || field.state >= State::Adequate
        }),
        Gate::Executable => {
            fields.iter().any(|field| field.state == State::Executable)
                && !findings.iter().any(|finding| holds(finding, gate))
        }
        gate => !findings.iter().any(|finding| holds(finding, gate)),
    };
    Gate::ALL.iter().copied().take_while(|gate| is_open(*gate)).last()
}

/// Whether a finding holds a gate shut.
pub(super) fn holds(finding: &Finding, gate: Gate) -> bool {
    rule(finding.rule).is_some_and(|rule| rule.gate == Some(gate))
}

fn points(standard: &Standard, fields: &[FieldState], findings: &[Finding]) -> u8 {
    let (mut had, mut wanted) = (0_u32, 0_u32);
    for field in fields {
        let share = match standard.rule(&field.field).map(|rule| rule.importance) {
            Some(Importance::Critical) => 6,
            Some(Importance::Important) => 4,
            Some(Importance::NiceToHave) | None => 2,
        };
        wanted += share;
        had += match field.state {
            State::Absent | State::Placeholder => 0,
            State::Inadequate => share / 2,
            State::Adequate | State::Executable => share,
        };
    }
    let mut taken = 0_u32;
    for (number, finding) in findings.iter().enumerate() {
        let same = findings[..number].iter().rev().filter(|other| other.rule == finding.rule).take(3).count();
        if same < 3 && !holds(finding, Gate::Complete) {
            taken += match finding.severity {
                Severity::Blocker => 15,
                Severity::Major => 6,
                Severity::Minor => 2,
                Severity::Hint => 1,
            };
        }
    }
    let share = (had * 100).checked_div(wanted).unwrap_or(100);
    share.saturating_sub(taken).min(100) as u8
}

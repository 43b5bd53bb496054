//! How good and bad look.

use super::super::span::Kind;
use crate::audit::{Grade, Severity, State};

pub(super) fn grade_kind(grade: Grade) -> Kind {
    match grade {
        Grade::A | Grade::B => Kind::Good,
        Grade::C => Kind::Fair,
        Grade::D | Grade::F => Kind::Bad,
    }
}

pub(super) fn state_kind(state: State) -> Kind {
    match state {
        State::Absent => Kind::Bad,
        State::Placeholder | State::Inadequate => Kind::Fair,
        State::Adequate | State::Executable => Kind::Good,
    }
}

pub(super) fn severity_kind(severity: Severity) -> Kind {
    match severity {
        Severity::Blocker | Severity::Major => Kind::Bad,
        Severity::Minor => Kind::Fair,
        Severity::Hint => Kind::Faint,
    }
}

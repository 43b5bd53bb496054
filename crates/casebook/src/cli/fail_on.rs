//! What makes a command exit with 1.

use std::str::FromStr;

use casebook::audit::{Audit, Gate, Grade, Severity};

/// One reason to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailOn {
    /// A finding this bad, or worse.
    Severity(Severity),
    /// A ticket that does not pass this gate.
    Gate(Gate),
    /// A ticket with a worse grade.
    Grade(Grade),
    /// Nothing.
    Never,
}

const SEVERITIES: [(&str, Severity); 4] = [
    ("blocker", Severity::Blocker),
    ("major", Severity::Major),
    ("minor", Severity::Minor),
    ("hint", Severity::Hint),
];
const GATES: [(&str, Gate); 5] = [
    ("parses", Gate::Parses),
    ("complete", Gate::Complete),
    ("safe", Gate::Safe),
    ("falsifiable", Gate::Falsifiable),
    ("executable", Gate::Executable),
];
const GRADES: [(&str, Grade); 5] =
    [("A", Grade::A), ("B", Grade::B), ("C", Grade::C), ("D", Grade::D), ("F", Grade::F)];

impl FailOn {
    /// Whether a ticket is a reason to fail.
    pub(super) fn fails(self, audit: &Audit) -> bool {
        match self {
            Self::Severity(severity) => audit.findings.iter().any(|finding| finding.severity >= severity),
            Self::Gate(gate) => audit.verdict.gate < Some(gate),
            Self::Grade(grade) => audit.verdict.grade < grade,
            Self::Never => false,
        }
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "never" {
            return Ok(Self::Never);
        }
        let found = match text.split_once(':') {
            None => one_of(&SEVERITIES, text).map(Self::Severity),
            Some(("gate", name)) => one_of(&GATES, name).map(Self::Gate),
            Some(("grade", name)) => one_of(&GRADES, name).map(Self::Grade),
            Some(_) => None,
        };
        found.ok_or_else(|| {
            format!(
                "must be a severity ({}), gate:NAME ({}), grade:LETTER ({}), or never",
                names(&SEVERITIES),
                names(&GATES),
                names(&GRADES)
            )
        })
    }
}

fn one_of<T: Copy>(known: &[(&str, T)], name: &str) -> Option<T> {
    known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}

fn names<T>(known: &[(&str, T)]) -> String {
    known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use casebook::audit::{Finding, Verdict};
    use casebook_ticket::{At, Origin};

    use super::*;

    #[test]
    fn each_way_to_say_it_is_understood() {
        for (text, meant) in [
            ("blocker", FailOn::Severity(Severity::Blocker)),
            ("gate:complete", FailOn::Gate(Gate::Complete)),
            ("grade:b", FailOn::Grade(Grade::B)),
            ("never", FailOn::Never),
        ] {
            assert_eq!(text.parse(), Ok(meant));
        }
        for wrong in ["", "gate", "gate:", "gate:no", "grade:E", "warning", "x:y"] {
            assert!(wrong.parse::<FailOn>().unwrap_err().contains("never"), "{wrong}");
        }
    }

    #[test]
    fn it_fails_at_and_above_what_is_named() {
        let audit = Audit {
            key: None,
            summary: None,
            origin: Origin::default(),
            fields: Vec::new(),
            findings: vec![Finding::new("filler-cell", At::default()).severity(Severity::Minor)],
            verdict: Verdict { gate: Some(Gate::Safe), points: 80, grade: Grade::B, blockers: 0 },
            named: Vec::new(),
        };
        let failing = ["minor", "hint", "gate:falsifiable", "grade:A"];
        for text in failing {
            assert!(text.parse::<FailOn>().unwrap().fails(&audit), "{text}");
        }
        for text in ["major", "blocker", "gate:safe", "gate:parses", "grade:B", "grade:F", "never"] {
            assert!(!text.parse::<FailOn>().unwrap().fails(&audit), "{text}");
        }
    }
}

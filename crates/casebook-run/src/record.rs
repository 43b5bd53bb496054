//! What a run was: enough to judge it again without the deployment.

use std::collections::BTreeMap;
use std::fmt;

use casebook_ticket::Field;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Observation, Outcome};

/// One run of one or more cases.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run's id: when it began, and random characters.
    pub id: String,
    /// The format of this record: [`RunRecord::VERSION`].
    pub version: u32,
    /// The environment's name.
    pub environment: String,
    /// SHA-256 of the environment's file, in hexadecimal.
    pub environment_sha256: String,
    /// The environment's values that predicates may name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Value>,
    /// Programs that took part.
    pub tools: Vec<Tool>,
    /// When it began.
    pub began: Timestamp,
    /// When it ended, the undo included.
    pub ended: Timestamp,
    /// The cases, in the order in which they ran.
    pub cases: Vec<CaseRecord>,
    /// The worst of the cases'.
    pub verdict: Verdict,
}

impl RunRecord {
    /// The format of records that this program writes and reads.
    pub const VERSION: u32 = 3;
}

/// A program that took part in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version, as it tells.
    pub version: String,
}

/// One case of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseRecord {
    /// The ticket's key.
    pub key: String,
    /// Its summary.
    pub summary: String,
    /// The ticket's file, relative to the evidence.
    pub ticket: String,
    /// SHA-256 of the ticket's file, in hexadecimal.
    pub ticket_sha256: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended, the undo included.
    pub ended: Timestamp,
    /// What was done, in order.
    pub steps: Vec<StepRecord>,
    /// What its assertions came to.
    pub assertions: Vec<AssertionRecord>,
    /// What was broken, and that it was put back.
    pub faults: Vec<FaultRecord>,
    /// What its requests made, and that it was undone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<FaultRecord>,
    /// Why it could not be run or finished, when so: a reason for [`Verdict::Error`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What comes of it.
    pub verdict: Verdict,
    /// One sentence that says why.
    pub reason: String,
}

/// What a step is for in its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Before any fault: what must hold for the rest to mean anything.
    Baseline,
    /// Breaks something.
    Fault,
    /// Shows that the fault took hold, seen from where it matters.
    Proof,
    /// Looks at what is tested.
    Check,
    /// Puts something back.
    Undo,
    /// After everything was put back.
    Recovery,
    /// For a person: it has no binding.
    Manual,
}

impl StepKind {
    /// Whether nothing follows from anything else when it does not hold.
    #[must_use]
    pub fn matters_first(self) -> bool {
        matches!(self, Self::Baseline | Self::Fault | Self::Proof)
    }
}

/// One step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its number, as the ticket has it.
    pub number: String,
    /// The field of the ticket that it stands in, e.g. `test_steps`.
    pub section: String,
    /// What it is for.
    pub kind: StepKind,
    /// What the ticket says is done.
    pub action: String,
    /// What the ticket says must be seen.
    pub expected: String,
    /// When it began.
    pub began: Timestamp,
    /// What is to show that its faults took hold, as it was just before them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<StatementRecord>,
    /// What was carried out; empty when it was not reached, or is manual.
    pub statements: Vec<StatementRecord>,
}

impl StepRecord {
    /// Whether it is one of the ticket's test steps, which Xray has results for.
    #[must_use]
    pub fn is_test_step(&self) -> bool {
        self.section == Field::TestSteps.id()
    }

    /// What it came to.
    #[must_use]
    pub fn came_to(&self) -> StepState {
        if self.kind == StepKind::Manual {
            return StepState::Manual;
        }
        if self.statements.is_empty() {
            return StepState::NotReached;
        }
        let mut judged = self.statements.iter().flat_map(|statement| &statement.judged);
        if judged.clone().any(|judged| judged.holds == Some(false)) {
            return StepState::DoesNotHold;
        }
        let failed =
            self.statements.iter().any(|statement| matches!(statement.seen.outcome, Outcome::Failed(_)));
        if failed || judged.any(|judged| judged.holds.is_none()) {
            return StepState::Untold;
        }
        StepState::Holds
    }
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// All that must be seen was seen.
    Holds,
    /// Something was seen that must not be, or the other way round.
    DoesNotHold,
    /// What was seen does not tell.
    Untold,
    /// It was not begun.
    NotReached,
    /// It is for a person.
    Manual,
}

impl StepState {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::Untold => "cannot be told",
            Self::NotReached => "not reached",
            Self::Manual => "left to a person",
        }
    }
}

/// One statement that was carried out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatementRecord {
    /// As the ticket has it.
    pub statement: String,
    /// When it began.
    pub began: Timestamp,
    /// What was seen.
    pub seen: Observation,
    /// What its predicates came to.
    pub judged: Vec<Judged>,
}

/// What a predicate came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// As the ticket has it.
    pub predicate: String,
    /// Whether it holds; none when what was seen does not tell.
    pub holds: Option<bool>,
    /// What was seen instead, or why it cannot be told; empty when it holds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// One assertion of the ticket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AssertionRecord {
    /// As the ticket says it.
    pub text: String,
    /// The number of the step that it is about.
    pub step: String,
    /// What it is for: that of its step, unless it says something of what came later.
    pub kind: StepKind,
    /// What it came to.
    pub judged: Vec<Judged>,
}

/// What was broken, or made by a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FaultRecord {
    /// As the ticket has it.
    pub statement: String,
    /// The number of the step.
    pub step: String,
    /// What was done about it.
    pub fault: Fault,
    /// How far it came.
    pub state: FaultState,
    /// When it was made.
    pub applied: Option<Timestamp>,
    /// When it was seen to be gone.
    pub verified: Option<Timestamp>,
    /// When it ends by itself, where it does: what is seen from then on says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
    /// Whether somebody else had put it back before it was undone: what is seen under it says nothing then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
}

/// How something was broken or made, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What is broken, e.g. `block $rabbit`.
    pub what: String,
    /// What puts it back.
    pub inverse: String,
}

/// How far a fault came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultState {
    /// It is in the journal, and may have been made.
    Intended,
    /// It was made.
    Applied,
    /// It was put back.
    Undone,
    /// It was seen to be gone.
    Verified,
}

/// What a case or a run comes to, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// All that the ticket claims was seen.
    Passed,
    /// Something was not as the ticket claims.
    Failed,
    /// It could not be told: no baseline, a fault that did not take hold, a manual step.
    Inconclusive,
    /// It could not be run or finished.
    Error,
    /// Something that was broken was not seen to be whole again.
    Dirty,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Passed => "PASSED",
            Self::Failed => "FAILED",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Error => "ERROR",
            Self::Dirty => "DIRTY",
        })
    }
}

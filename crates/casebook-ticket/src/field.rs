//! The fields of a test case that the programs know by name.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! fields {
    ($($(#[doc = $doc:literal])* $name:ident = $id:literal,)*) => {
        /// A field of a test case. Its id is what stands in a standard and in front matter.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field {
            $($(#[doc = $doc])* $name,)*
            /// A field that only a team's own standard has.
            Custom(Arc<str>),
        }

        impl Field {
            /// All that are known by name, in the order of the canonical form.
            pub const KNOWN: &[Self] = &[$(Self::$name),*];

            /// The field of an id.
            #[must_use]
            pub fn of(id: &str) -> Self {
                match id {
                    $($id => Self::$name,)*
                    _ => Self::Custom(id.into()),
                }
            }

            /// Its id, in lower case with underscores.
            #[must_use]
            pub fn id(&self) -> &str {
                match self {
                    $(Self::$name => $id,)*
                    Self::Custom(id) => id,
                }
            }
        }
    };
}

fields! {
    /// The ticket's key, e.g. `PZ-13602`.
    Key = "key",
    /// Its title.
    Summary = "summary",
    /// How important the test is.
    Priority = "priority",
    /// Components and labels.
    Labels = "labels",
    /// The kind of test, as Xray wants it: manual, generic, cucumber; or what it is about, e.g. integration.
    TestType = "test_type",
    /// Where the ticket is in its life.
    Status = "status",
    /// Whether it is automated, and by which test.
    AutomationStatus = "automation_status",
    /// Who wrote it.
    Reporter = "reporter",
    /// Whose it is.
    Assignee = "assignee",
    /// When it was written.
    Created = "created",
    /// When it was last changed.
    Updated = "updated",
    /// What it tests and how, in prose.
    Description = "description",
    /// What it is for, and what it is worth.
    Objective = "objective",
    /// The requirements that it covers.
    Requirements = "requirements",
    /// What must be so before it begins.
    PreConditions = "pre_conditions",
    /// Where it runs.
    TestConfiguration = "test_configuration",
    /// What is sent.
    TestData = "test_data",
    /// What is done and what must then be seen.
    TestSteps = "test_steps",
    /// What must be seen in the end.
    ExpectedResult = "expected_result",
    /// What makes the test fail.
    Assertions = "assertions",
    /// That the system is whole again afterwards.
    RecoveryValidation = "recovery_validation",
    /// What must be so after it ended.
    PostConditions = "post_conditions",
    /// How it is run.
    ExecutionCommand = "execution_command",
    /// How it went.
    TestResults = "test_results",
    /// Tickets that have to do with it.
    RelatedIssues = "related_issues",
    /// Files that belong to it.
    Attachments = "attachments",
    /// Which parts take part, and which one fails.
    ArchitecturalContext = "architectural_context",
    /// What must show in metrics and alerts.
    Monitoring = "monitoring",
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id())
    }
}

impl Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|id| Self::of(&id))
    }
}

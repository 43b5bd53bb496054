//! A run's results for other programs: Xray's JSON for Cloud and for Server, and `JUnit`'s XML. All from the evidence alone,
//! which must be sound.

mod junit;
mod material;
#[cfg(test)]
mod tests;
mod xray;

use std::path::{Path, PathBuf};

use crate::RunRecord;
use crate::verify::verify;
use material::About;
pub use xray::status;

/// What results are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// What Xray Cloud imports.
    XrayCloud,
    /// What Xray on a Jira Server or Data Center imports.
    XrayServer,
    /// XML as of `JUnit`, with the properties that Xray knows.
    Junit,
}

impl Format {
    /// All, with what they are called.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::XrayCloud, "xray-cloud"), (Self::XrayServer, "xray-server"), (Self::Junit, "junit")];
}

/// What results shall say beside what was seen.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The test execution that takes the results; without it Xray makes one.
    pub execution: Option<String>,
    /// The project of a new test execution, and of tests that Jira does not have yet.
    pub project: Option<String>,
    /// The test plan that a new test execution belongs to.
    pub test_plan: Option<String>,
    /// Whether what was sent and seen is left out.
    pub without_files: bool,
}

/// Why there are no results to export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It is no evidence.
    #[error("{} is no evidence of a run: {why}; name the directory that `casebook run` has told", .directory.display())]
    NoEvidence {
        /// What was named.
        directory: PathBuf,
        /// Why.
        why: String,
    },
    /// The evidence contradicts itself.
    #[error("the evidence is not sound and is not passed on; `casebook verify` tells all of it: {}", .0.join("; "))]
    Unsound(Vec<String>),
    /// Jira does not know the test.
    #[error(
        "{0} is no key of Jira's, so Xray cannot find the test: give the ticket its key, or say with --project where Xray shall make the test"
    )]
    NoKey(String),
}

/// The results of a run.
#[derive(Debug)]
pub struct Results {
    record: RunRecord,
    /// What the tickets say, in the order of the cases.
    about: Vec<About>,
}

impl Results {
    /// Reads evidence, and verifies it.
    ///
    /// # Errors
    ///
    /// When it is none, or not sound.
    pub fn read(directory: &Path) -> Result<Self, ExportError> {
        let verified = verify(directory)
            .map_err(|why| ExportError::NoEvidence { directory: directory.to_owned(), why })?;
        if !verified.contradictions.is_empty() {
            return Err(ExportError::Unsound(verified.contradictions));
        }
        Ok(Self::of(verified.record, directory))
    }

    pub(crate) fn of(record: RunRecord, directory: &Path) -> Self {
        let about = record.cases.iter().map(|case| About::read(directory, case)).collect();
        Self { record, about }
    }

    /// What was run.
    #[must_use]
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Writes them.
    ///
    /// # Errors
    ///
    /// When a test has no key that Xray could find it by.
    pub fn export(&self, format: Format, options: &Options) -> Result<String, ExportError> {
        match format {
            Format::XrayCloud => xray::write(self, xray::CLOUD, options),
            Format::XrayServer => xray::write(self, xray::SERVER, options),
            Format::Junit => Ok(junit::write(self, options)),
        }
    }
}

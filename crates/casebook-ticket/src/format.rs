//! The formats that tickets are read from and written to.

use serde::{Deserialize, Serialize};

/// A file format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Markdown: the canonical form, with front matter, and as people write it.
    #[default]
    Markdown,
    /// Jira's wiki markup, also lines of plain text as people paste them.
    Wiki,
    /// What Jira's REST interface answers: an issue, a search's page of issues, or an array of either. Version 2 has
    /// wiki markup in it, version 3 ADF.
    JiraJson,
    /// What Jira exports as CSV.
    JiraCsv,
    /// An ADF document by itself, to paste.
    Adf,
    /// Xray's JSON: exported tests, or what its bulk import takes (Cloud).
    XrayJson,
    /// What Xray's test case importer takes.
    XrayCsv,
}

impl Format {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Markdown,
        Self::Wiki,
        Self::JiraJson,
        Self::JiraCsv,
        Self::Adf,
        Self::XrayJson,
        Self::XrayCsv,
    ];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Wiki => "wiki",
            Self::JiraJson => "jira-json",
            Self::JiraCsv => "jira-csv",
            Self::Adf => "adf",
            Self::XrayJson => "xray-json",
            Self::XrayCsv => "xray-csv",
        }
    }
}

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Name of a job, `<slot>-<sequence>`, e.g. `3-1042`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct JobId {
    /// The lowest slot that was free when the job started.
    pub slot: u32,
    /// Tells it from other jobs that have had this slot; at least 1, and fits the `int32` of the gRPC frames.
    pub sequence: u32,
}

/// The text is not a job id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job id has the form <slot>-<sequence>, for example 3-1042")]
pub struct InvalidJobId;

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.slot, self.sequence)
    }
}

impl FromStr for JobId {
    type Err = InvalidJobId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (slot, sequence) = text.split_once('-').ok_or(InvalidJobId)?;
        let number = |digits: &str| digits.parse::<u32>().map_err(|_| InvalidJobId);
        let id = Self { slot: number(slot)?, sequence: number(sequence)? };
        // One spelling only: `+3-07` is not the job `3-7`.
        if id.to_string() == text { Ok(id) } else { Err(InvalidJobId) }
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for JobId {
    type Error = InvalidJobId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let id = JobId { slot: 3, sequence: 1042 };
        assert_eq!(id.to_string(), "3-1042");
        assert_eq!("3-1042".parse(), Ok(id));
    }

    #[test]
    fn only_one_spelling_is_a_job_id() {
        for text in ["", "-", "3", "3-", "-3", "03-1", "+3-1", "3-1-1", "3-99999999999", "../3-1", "3-1 "] {
            assert_eq!(text.parse::<JobId>(), Err(InvalidJobId), "{text:?}");
        }
    }
}

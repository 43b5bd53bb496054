use std::fmt;

use serde::{Deserialize, Serialize};

/// A service that this one depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Upstream {
    /// The broker that live samples and job control go through.
    RabbitMq,
    /// The cluster that runs jobs.
    Kubernetes,
    /// The database of a site in which its recordings are listed.
    MongoDb,
    /// The index of recordings that is embedded in this server.
    Catalogue,
}

impl Upstream {
    /// The name that people read, in sentences and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RabbitMq => "RabbitMQ",
            Self::Kubernetes => "Kubernetes",
            Self::MongoDb => "MongoDB",
            Self::Catalogue => "Catalogue",
        }
    }

    /// The name that machines read, in error codes, metrics and `/health`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::RabbitMq => "rabbitmq",
            Self::Kubernetes => "kubernetes",
            Self::MongoDb => "mongodb",
            Self::Catalogue => "catalogue",
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An upstream that cannot serve, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Outage {
    /// It cannot be reached or does not answer in time.
    #[error("{upstream} unavailable: {reason}")]
    Unavailable {
        /// Who.
        upstream: Upstream,
        /// Why, in words that help to repair it.
        reason: String,
    },
    /// It answered, and refused or broke its protocol.
    #[error("{upstream} error: {reason}")]
    Refused {
        /// Who.
        upstream: Upstream,
        /// Why, in words that help to repair it.
        reason: String,
    },
}

impl Outage {
    /// Who cannot serve.
    #[must_use]
    pub fn upstream(&self) -> Upstream {
        match self {
            Self::Unavailable { upstream, .. } | Self::Refused { upstream, .. } => *upstream,
        }
    }
}

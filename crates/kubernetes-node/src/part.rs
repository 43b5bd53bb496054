use std::str::FromStr;

/// A part of a cluster, which is a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Where everything is stored.
    Etcd,
    /// The API server.
    Server,
    /// The controllers: they do what objects ask for.
    Controllers,
}

impl Part {
    /// All parts, each after those that it needs.
    pub const ALL: [Self; 3] = [Self::Etcd, Self::Server, Self::Controllers];

    /// `etcd`, `server` or `controllers`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Server => "server",
            Self::Controllers => "controllers",
        }
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let part = Self::ALL.into_iter().find(|part| part.name() == name);
        part.ok_or_else(|| format!("{name:?} is no part of a cluster"))
    }
}

//! Values that cannot be invalid.

use std::{fmt, num::NonZeroU16};

use tracing_subscriber::filter::{LevelFilter, Targets};

/// Ports from `first` to `last`, both inclusive and none of them 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PortRange {
    first: NonZeroU16,
    last: NonZeroU16,
}

impl PortRange {
    /// `None` when `last` lies before `first`.
    pub(crate) fn new(first: NonZeroU16, last: NonZeroU16) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// The lowest port.
    pub(crate) fn first(self) -> u16 {
        self.first.get()
    }

    /// The highest port.
    pub(crate) fn last(self) -> u16 {
        self.last.get()
    }

    /// How many there are; never 0.
    pub(crate) fn count(self) -> usize {
        usize::from(self.last() - self.first()) + 1
    }

    /// Whether `port` is one of them.
    pub(crate) fn contains(self, port: u16) -> bool {
        (self.first()..=self.last()).contains(&port)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// Samples per second: finite and above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SampleRate(f64);

impl SampleRate {
    /// `None` when it is not finite or not above 0.
    pub(crate) fn new(hertz: f64) -> Option<Self> {
        (hertz.is_finite() && hertz > 0.0).then_some(Self(hertz))
    }

    /// In Hz.
    pub(crate) fn hertz(self) -> f64 {
        self.0
    }
}

impl Default for SampleRate {
    fn default() -> Self {
        Self(1000.0)
    }
}

/// Which web pages of other origins may read the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CorsOrigins {
    /// All of them.
    Any,
    /// These, each `scheme://host` or `scheme://host:port`; maybe none.
    Only(Vec<String>),
}

/// Which log lines are written: a checked list of levels, e.g. `info,focus=debug`.
#[derive(Clone, Debug)]
pub(crate) struct LogFilter(String, Targets);

impl LogFilter {
    pub(super) fn new(text: String, targets: Targets) -> Self {
        Self(text, targets)
    }

    /// As it was given.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// For `tracing`.
    pub(crate) fn targets(&self) -> Targets {
        self.1.clone()
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned(), Targets::new().with_default(LevelFilter::INFO))
    }
}

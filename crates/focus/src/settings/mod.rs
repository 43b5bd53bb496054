//! Everything Focus Server can be told, checked whole before anything starts.
//!
//! A setting comes from a flag, else from the environment, else from a file, else from its default.
//! [`load`] finds every problem of every source at once; past it, [`Settings`] cannot be invalid.

mod catalogue;
mod key;
mod kubernetes;
mod layers;
mod loader;
mod parse;
mod problem;
mod show;
mod value;

use std::{
    fmt,
    net::SocketAddr,
    num::{NonZeroU32, NonZeroUsize},
    path::{Path, PathBuf},
    time::Duration,
};

use focus_core::Limits;
use focus_jobs::LogStyle;
use focus_live::rabbitmq::Address;

pub(crate) use catalogue::MongoSettings;
pub(crate) use kubernetes::KubernetesSettings;
pub(crate) use layers::{Flag, Purpose, Sources};
pub(crate) use loader::{Effective, load};
pub(crate) use problem::Problems;
pub(crate) use show::{as_json, as_toml};
pub(crate) use value::{CorsOrigins, LogFilter, PortRange, SampleRate};

/// All of it.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Where HTTP is served.
    pub(crate) listen: SocketAddr,
    /// Where recordings are looked for; a directory, or not there yet.
    pub(crate) data_dir: PathBuf,
    /// Where the index of recordings is kept, apart from the data directory, which then is only read; in the data
    /// directory when `None`.
    pub(crate) index_dir: Option<PathBuf>,
    /// The host name that clients are told for gRPC streams; the one they came by when `None`.
    pub(crate) public_host: Option<String>,
    /// How long it still serves when it is told to stop; not at all when `None`.
    pub(crate) shutdown_delay: Option<Duration>,
    /// Which web pages of other origins may read the answers.
    pub(crate) cors_origins: CorsOrigins,
    /// Threads that compute spectra.
    pub(crate) threads: NonZeroUsize,
    /// How jobs live.
    pub(crate) jobs: JobSettings,
    /// How jobs run on a cluster.
    pub(crate) kubernetes: KubernetesSettings,
    /// The MongoDB that lists the recordings; those in the data directory when `None`.
    pub(crate) mongodb: Option<MongoSettings>,
    /// What one view may ask for.
    pub(crate) limits: Limits,
    /// Where live samples come from.
    pub(crate) live: LiveSettings,
    /// The broker, where one is named.
    pub(crate) broker: Option<Address>,
    /// How many channels `focus feed` publishes in one message.
    pub(crate) band_channels: NonZeroU32,
    /// How rows are served.
    pub(crate) grpc: GrpcSettings,
    /// What is logged, and how.
    pub(crate) log: LogSettings,
}

impl Settings {
    /// Where this program keeps what is its own: the index of recordings, and the built-in one while it is replayed.
    pub(crate) fn own_dir(&self) -> &Path {
        self.index_dir.as_deref().unwrap_or(&self.data_dir)
    }
}

/// A time above 0 as settings are written, e.g. `30s`, for flags that are no settings.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    parse::parsed(text).ok_or_else(|| "must be a time above 0, for example 30s, 10m, \"1h 30m\"".to_owned())
}

/// How jobs live.
#[derive(Clone, Debug)]
pub(crate) struct JobSettings {
    /// What starts them for `focus serve`.
    pub(crate) launcher: LauncherKind,
    /// Most jobs at once.
    pub(crate) max_jobs: NonZeroUsize,
    /// A job that nobody connected to within this time is stopped.
    pub(crate) connect_within: Duration,
    /// A job that nobody has watched for this time is stopped.
    pub(crate) unwatched_for: Duration,
    /// The ports of their gRPC services: at least `max_jobs` of them, unless each has an address of its own.
    pub(crate) ports: PortRange,
}

/// What starts jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LauncherKind {
    /// Each is a process on this machine.
    Processes,
    /// Each is a pod of a cluster.
    Kubernetes,
}

/// Where live samples come from.
#[derive(Clone, Debug)]
pub(crate) struct LiveSettings {
    /// The source.
    pub(crate) source: LiveSource,
    /// How much time one block holds.
    pub(crate) block: Duration,
}

/// A source of live samples.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LiveSource {
    /// No fibre is connected.
    None,
    /// A recording in a loop, with the times of now.
    Replay {
        /// The recording; the built-in excerpt of an earthquake when `None`.
        file: Option<PathBuf>,
    },
    /// A made-up fibre.
    Simulator {
        /// How many channels it has.
        channels: u32,
        /// Samples per second and channel, Hz.
        sampling_rate: SampleRate,
        /// The same seed gives the same samples.
        seed: u64,
    },
}

/// How rows are served.
#[derive(Clone, Debug)]
pub(crate) struct GrpcSettings {
    /// TLS for the gRPC services; plaintext when `None`.
    pub(crate) tls: Option<TlsIdentity>,
}

/// A certificate chain and its private key, both PEM and both read.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TlsIdentity {
    /// The chain, the server's own certificate first.
    pub(crate) certificates: Vec<u8>,
    /// The private key; never shown.
    pub(crate) private_key: Vec<u8>,
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity").finish_non_exhaustive()
    }
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub(crate) struct LogSettings {
    /// The look of a line.
    pub(crate) format: LogFormat,
    /// Which lines.
    pub(crate) filter: LogFilter,
}

impl LogSettings {
    /// In words, for another process.
    pub(crate) fn style(&self) -> LogStyle {
        LogStyle { format: self.format.name().to_owned(), level: self.filter.text().to_owned() }
    }

    /// From words; what is not understood is as by default.
    pub(crate) fn of(style: &LogStyle) -> Self {
        Self {
            format: parse::parsed(&style.format).unwrap_or(LogFormat::Auto),
            filter: parse::parsed(&style.level).unwrap_or_default(),
        }
    }
}

/// The look of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Pretty on a terminal, else JSON.
    Auto,
    /// For people.
    Pretty,
    /// For machines: one JSON object per line.
    Json,
}

#[cfg(test)]
mod tests;

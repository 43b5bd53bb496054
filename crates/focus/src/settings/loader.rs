//! Raw values to [`Settings`], or to every problem that they have.

use std::{
    fs,
    net::SocketAddr,
    num::{NonZeroU16, NonZeroU32, NonZeroUsize},
    path::{Path, PathBuf},
    time::Duration,
};

use focus_core::Limits;
use focus_live::rabbitmq::Address;
use focus_live::{InvalidScene, Scene, Simulator};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tonic::transport::{Identity, Server, ServerTlsConfig};

use super::key::{Key, find};
use super::layers::{Layers, Origin, Purpose, Raw, Sources, xdg_home};
use super::parse::{Exchange, Host, Refused, Setting, SourceKind};
use super::problem::Problems;
use super::value::{CorsOrigins, LogFilter, PortRange, SampleRate};
use super::{
    GrpcSettings, JobSettings, LauncherKind, LiveSettings, LiveSource, LogFormat, LogSettings, Settings,
    TlsIdentity,
};

/// The exchange that clients use unless told otherwise.
const EXCHANGE: &str = "focus.live";
/// How many channels one message holds unless told otherwise.
const DEFAULT_BAND: NonZeroU32 = NonZeroU32::new(128).unwrap();

/// Settings, and for each where its value came from.
#[derive(Debug)]
pub(crate) struct Effective {
    /// The settings.
    pub(crate) settings: Settings,
    /// The same as shown to people, in the order of the list of all settings.
    pub(crate) entries: Vec<Entry>,
}

impl Effective {
    /// Settings that were given and have no effect in `focus serve`.
    pub(crate) fn unused(&self) -> Vec<&'static str> {
        let idle = [
            ("kubernetes.", self.settings.jobs.launcher != LauncherKind::Kubernetes),
            ("catalogue.", self.settings.mongodb.is_none()),
        ];
        let has_no_effect = |entry: &&Entry| {
            entry.origin != Origin::Default
                && idle.iter().any(|(table, is_idle)| *is_idle && entry.key.name.starts_with(table))
        };
        self.entries.iter().filter(has_no_effect).map(|entry| entry.key.name).collect()
    }
}

/// A setting as shown to people.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Which one.
    pub(crate) key: &'static Key,
    /// Its value, `None` when it is not set and has no default.
    pub(crate) value: Option<toml::Value>,
    /// Who said so.
    pub(crate) origin: Origin,
}

/// Reads and checks all settings.
///
/// # Errors
/// Every problem, not only the first.
pub(crate) fn load(sources: &Sources) -> Result<Effective, Problems> {
    let mut problems = Problems::default();
    let layers = Layers::gather(sources, &mut problems);
    let mut loader = Loader { layers, problems, entries: Vec::new(), working_dir: &sources.working_dir };
    let settings = loader.settings(sources);
    if loader.problems.0.is_empty() {
        Ok(Effective { settings, entries: loader.entries })
    } else {
        Err(loader.problems)
    }
}

/// A value that was refused is noted and its default goes on in its place: what is built from it is
/// thrown away, but everything else gets checked too.
pub(super) struct Loader<'a> {
    layers: Layers,
    problems: Problems,
    entries: Vec<Entry>,
    working_dir: &'a Path,
}

impl Loader<'_> {
    fn settings(&mut self, sources: &Sources) -> Settings {
        let listen = self.get("listen", SocketAddr::from(([127, 0, 0, 1], 5000)));
        let data_dir = self.data_dir(sources);
        let index_dir = self.index_dir(&data_dir);
        let public_host = self.optional::<Host>("public_host").map(|host| host.0);
        let shutdown_delay = self.optional("shutdown_delay");
        let cors_origins = self.get("cors_origins", CorsOrigins::Only(Vec::new()));
        let threads = self.get("threads", std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
        self.check("threads", threads.get() <= 1024, || format!("must be at most 1024, not {threads}"));
        let jobs = self.jobs(listen, sources.purpose);
        let kubernetes = self.kubernetes(jobs.launcher, sources.purpose);
        let on_cluster = jobs.launcher == LauncherKind::Kubernetes && sources.purpose.starts_jobs();
        let mongodb = self.mongodb(on_cluster.then_some(&data_dir));
        Settings {
            listen,
            data_dir,
            index_dir,
            public_host,
            shutdown_delay,
            cors_origins,
            threads,
            jobs,
            kubernetes,
            mongodb,
            limits: self.limits(),
            live: self.live(),
            broker: self.broker(sources.purpose.needs_broker()),
            band_channels: self.band_channels(),
            grpc: GrpcSettings { tls: self.tls() },
            log: LogSettings {
                format: self.get("log.format", LogFormat::Auto),
                filter: self.get("log.level", LogFilter::default()),
            },
        }
    }

    fn data_dir(&mut self, sources: &Sources) -> PathBuf {
        let default =
            xdg_home(&sources.env, "XDG_DATA_HOME", ".local/share").map(|dir| dir.join("focus-server"));
        let Some(dir) = self.path("data_dir", default) else {
            let remedy = "Set data_dir, or HOME or XDG_DATA_HOME in the environment.";
            self.problems.add("data_dir", "is not set and there is no home directory to put it in", remedy);
            return PathBuf::new();
        };
        self.check_directory("data_dir", &dir);
        dir
    }

    /// `None` also when it is the data directory itself.
    fn index_dir(&mut self, data_dir: &Path) -> Option<PathBuf> {
        let dir = self.path("index_dir", None)?;
        self.check_directory("index_dir", &dir);
        Some(dir).filter(|dir| dir != data_dir)
    }

    fn check_directory(&mut self, name: &str, dir: &Path) {
        let existing = dir.ancestors().find(|ancestor| ancestor.exists());
        if let Some(file) = existing.filter(|existing| !existing.is_dir()) {
            let rule = format!("{} is not a directory", file.display());
            self.refuse(name, Refused::new(rule, "Name a directory, or one that can be made."));
        }
    }

    fn jobs(&mut self, listen: SocketAddr, purpose: Purpose) -> JobSettings {
        let launcher = self.get("jobs.launcher", LauncherKind::Processes);
        let max_jobs = self.get("jobs.max_jobs", NonZeroUsize::MIN.saturating_add(29));
        let connect_within = self.get("jobs.connect_within", Duration::from_secs(50));
        let unwatched_for = self.get("jobs.unwatched_for", Duration::from_secs(180));
        let ports = self.get("jobs.ports", default_ports());
        // On a cluster each job has an address of its own.
        if launcher == LauncherKind::Processes && purpose.starts_jobs() {
            self.check_ports(ports, max_jobs, listen);
        }
        JobSettings { launcher, max_jobs, connect_within, unwatched_for, ports }
    }

    fn check_ports(&mut self, ports: PortRange, max_jobs: NonZeroUsize, listen: SocketAddr) {
        if ports.count() < max_jobs.get() {
            let rule = format!("{ports} are {} ports for up to {max_jobs} jobs", ports.count());
            self.refuse("jobs.ports", Refused::new(rule, "Give more ports, or lower jobs.max_jobs."));
        }
        if ports.contains(listen.port()) {
            let rule = format!("port {} lies in jobs.ports ({ports})", listen.port());
            self.refuse("listen", Refused::new(rule, "Take another port, or move jobs.ports."));
        }
    }

    fn limits(&mut self) -> Limits {
        let default = Limits::default();
        let limits = Limits {
            max_channels: self.get("limits.max_channels", default.max_channels),
            max_multichannel_nfft: self.get("limits.max_multichannel_nfft", default.max_multichannel_nfft),
            max_row_bytes_per_second: self
                .get("limits.max_row_bytes_per_second", default.max_row_bytes_per_second),
            max_ffts_per_second: self.get("limits.max_ffts_per_second", default.max_ffts_per_second),
            max_memory_bytes: self.get("limits.max_memory_bytes", default.max_memory_bytes),
        };
        let nfft = limits.max_multichannel_nfft;
        let valid = nfft.is_power_of_two() && (128..=65536).contains(&nfft);
        self.check("limits.max_multichannel_nfft", valid, || {
            format!("must be a power of two from 128 to 65536, not {nfft}")
        });
        for (name, positive) in [
            ("limits.max_channels", limits.max_channels > 0),
            ("limits.max_row_bytes_per_second", limits.max_row_bytes_per_second > 0.0),
            ("limits.max_ffts_per_second", limits.max_ffts_per_second > 0.0),
            ("limits.max_memory_bytes", limits.max_memory_bytes > 0),
        ] {
            self.check(name, positive, || "must be above 0: nothing could be shown".to_owned());
        }
        limits
    }

    fn live(&mut self) -> LiveSettings {
        const LONGEST_BLOCK: u32 = 10_000;
        const MOST_CHANNELS: u32 = 100_000;
        let kind = self.get("live.source", SourceKind::Replay);
        let file = self.path("live.file", None);
        if let Some(path) = file.as_ref().filter(|_| kind == SourceKind::Replay) {
            let rule = if path.is_file() {
                focus_recordings::open(path).err().map(|error| format!("cannot be replayed: {error}"))
            } else {
                Some(format!("there is no file {}", path.display()))
            };
            if let Some(rule) = rule {
                let remedy = "Name a recording, or leave it out for the built-in one.";
                self.refuse("live.file", Refused::new(rule, remedy));
            }
        }
        let block = self.get("live.block_milliseconds", 100u32);
        self.check("live.block_milliseconds", (1..=LONGEST_BLOCK).contains(&block), || {
            format!("must be from 1 to {LONGEST_BLOCK}, not {block}")
        });
        let channels = self.get("live.simulator.channels", 1000u32);
        self.check("live.simulator.channels", (1..=MOST_CHANNELS).contains(&channels), || {
            format!("must be from 1 to {MOST_CHANNELS}, not {channels}")
        });
        let sampling_rate = self.get("live.simulator.sampling_rate", SampleRate::default());
        let seed = self.get("live.simulator.seed", 1u64);
        if kind == SourceKind::Simulator {
            self.simulator(channels, sampling_rate, block);
        }
        let source = match kind {
            SourceKind::None => LiveSource::None,
            SourceKind::Replay => LiveSource::Replay { file },
            SourceKind::Simulator => LiveSource::Simulator { channels, sampling_rate, seed },
        };
        LiveSettings { source, block: Duration::from_millis(block.into()) }
    }

    fn broker(&mut self, needed: bool) -> Option<Address> {
        const LONGEST_DEADLINE: Duration = Duration::from_millis(900);
        let address = self.optional::<Address>("rabbitmq.url");
        if needed && self.given("rabbitmq.url").is_none() {
            let remedy = "Name the broker: FOCUS_RABBITMQ_URL=amqp://user:password@broker:5672/vhost";
            self.problems.add(
                "rabbitmq.url",
                "is not set, and this command works with a broker only",
                remedy,
            );
        }
        if let Some(address) = &address {
            self.show("rabbitmq.url", address);
        }
        let exchange = self.get("rabbitmq.exchange", Exchange(EXCHANGE.to_owned())).0;
        let deadline = self.get("rabbitmq.deadline", Duration::from_millis(600));
        self.check("rabbitmq.deadline", deadline <= LONGEST_DEADLINE, || {
            format!(
                "must be at most {LONGEST_DEADLINE:?}, not {deadline:?}: requests wait so long in an outage"
            )
        });
        let ca_file = self.path("rabbitmq.ca_file", None);
        let authorities = ca_file.and_then(|file| {
            self.pem("rabbitmq.ca_file", &file, "certificate", |pem| {
                let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
                all.is_ok_and(|all| !all.is_empty())
            })
        });
        let address = address?.with_exchange(&exchange).with_deadline(deadline);
        Some(match authorities {
            Some(pem) => address.with_authorities(&String::from_utf8_lossy(&pem)),
            None => address,
        })
    }

    fn band_channels(&mut self) -> NonZeroU32 {
        const MOST: u32 = 4096;
        let channels = self.get("rabbitmq.band_channels", DEFAULT_BAND);
        self.check("rabbitmq.band_channels", channels.get() <= MOST, || {
            format!("must be at most {MOST}, not {channels}")
        });
        channels
    }

    /// Whether such a fibre can be simulated, and in bounded memory.
    fn simulator(&mut self, channels: u32, sampling_rate: SampleRate, block_milliseconds: u32) {
        const MOST_MEMORY: f64 = (1_u32 << 30) as f64;
        let scene = Scene { channels, sampling_rate: sampling_rate.hertz(), ..Scene::default() };
        if let Err(InvalidScene { field, value, rule }) = Simulator::new(scene) {
            return self.refuse(
                &format!("live.simulator.{field}"),
                Refused::new(format!("must be {rule}, not {value}"), ""),
            );
        }
        // What is queued for readers: two blocks at least, two seconds at least.
        let block = f64::from(block_milliseconds) / 1e3;
        let times = (block * sampling_rate.hertz()).round().max(1.0) * (2.0 / block).ceil().max(2.0);
        let memory = times * f64::from(channels) * size_of::<f32>() as f64;
        if memory > MOST_MEMORY {
            let rule = format!(
                "{channels} channels with {} Hz need {:.0} MB for their blocks, more than {:.0} MB",
                sampling_rate.hertz(),
                memory / 1e6,
                MOST_MEMORY / 1e6
            );
            let remedy = "Lower live.simulator.channels or live.simulator.sampling_rate.";
            self.refuse("live.simulator.channels", Refused::new(rule, remedy));
        }
    }

    fn tls(&mut self) -> Option<TlsIdentity> {
        const CERT: &str = "grpc.tls_cert";
        const KEY: &str = "grpc.tls_key";
        match (self.path(CERT, None), self.path(KEY, None)) {
            (None, None) => None,
            (Some(_), None) => {
                self.refuse(CERT, Refused::new("is set without grpc.tls_key", "Set both, or neither."));
                None
            }
            (None, Some(_)) => {
                self.refuse(KEY, Refused::new("is set without grpc.tls_cert", "Set both, or neither."));
                None
            }
            (Some(cert), Some(key)) => {
                let certificates = self.pem(CERT, &cert, "certificate", |pem| {
                    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
                    all.is_ok_and(|all| !all.is_empty())
                });
                let private_key =
                    self.pem(KEY, &key, "private key", |pem| PrivateKeyDer::from_pem_slice(pem).is_ok());
                let identity = TlsIdentity { certificates: certificates?, private_key: private_key? };
                let config = ServerTlsConfig::new()
                    .identity(Identity::from_pem(&identity.certificates, &identity.private_key));
                if let Err(error) = Server::builder().tls_config(config) {
                    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                    let rule = format!("cannot be used with grpc.tls_cert{}", cause.unwrap_or_default());
                    let remedy = "Name the key that the certificate was made for.";
                    self.refuse(KEY, Refused::new(rule, remedy));
                }
                Some(identity)
            }
        }
    }

    fn pem(
        &mut self,
        name: &str,
        path: &Path,
        what: &str,
        is_valid: impl Fn(&[u8]) -> bool,
    ) -> Option<Vec<u8>> {
        let remedy = format!("Name a PEM file with a {what}.");
        let rule = match fs::read(path) {
            Ok(pem) if is_valid(&pem) => return Some(pem),
            Ok(_) => format!("{} holds no valid {what}", path.display()),
            Err(error) => format!("{} cannot be read: {error}", path.display()),
        };
        self.refuse(name, Refused::new(rule, remedy));
        None
    }

    pub(super) fn get<T: Setting>(&mut self, name: &'static str, default: T) -> T {
        let value = self.optional(name).unwrap_or(default);
        self.show(name, &value);
        value
    }

    /// Relative paths of a file start from its directory, others from the working directory.
    pub(super) fn path(&mut self, name: &'static str, default: Option<PathBuf>) -> Option<PathBuf> {
        let base = match self.given(name) {
            Some((_, Origin::File { path, .. })) => path.parent().map(Path::to_owned).unwrap_or_default(),
            _ => PathBuf::new(),
        };
        let path =
            self.optional::<PathBuf>(name).map(|path| self.working_dir.join(base).join(path)).or(default)?;
        self.show(name, &path);
        Some(path)
    }

    pub(super) fn optional<T: Setting>(&mut self, name: &'static str) -> Option<T> {
        let given = self.given(name).cloned();
        let origin = given.as_ref().map_or(Origin::Default, |(_, origin)| origin.clone());
        let key = find(name)?;
        let value = match given.map(|(raw, _)| T::parse(&raw)) {
            Some(Ok(value)) => Some(value),
            Some(Err(refused)) => {
                self.refuse(name, refused);
                None
            }
            None => None,
        };
        self.entries.push(Entry { key, value: value.as_ref().map(Setting::show), origin });
        value
    }

    pub(super) fn show(&mut self, name: &str, value: &impl Setting) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key.name == name) {
            entry.value = Some(value.show());
        }
    }

    fn given(&self, name: &str) -> Option<&(Raw, Origin)> {
        find(name).and_then(|key| self.layers.get(key))
    }

    pub(super) fn check(&mut self, name: &str, holds: bool, rule: impl FnOnce() -> String) {
        if !holds {
            self.refuse(name, Refused::new(rule(), ""));
        }
    }

    pub(super) fn refuse(&mut self, name: &str, refused: Refused) {
        let source = match self.given(name).map(|(_, origin)| origin) {
            Some(Origin::Env(variable)) => variable.clone(),
            Some(Origin::Flag(flag)) => flag.clone(),
            Some(origin @ Origin::File { .. }) => format!("{origin}: {name}"),
            Some(Origin::Default) | None => format!("{name} (default)"),
        };
        self.problems.add(source, refused.rule, refused.remedy);
    }
}

fn default_ports() -> PortRange {
    const FIRST: NonZeroU16 = NonZeroU16::new(50_051).unwrap();
    const LAST: NonZeroU16 = NonZeroU16::new(50_150).unwrap();
    PortRange::new(FIRST, LAST).expect("50051 lies before 50150")
}

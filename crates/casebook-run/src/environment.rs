//! Where cases run: what the names in tickets stand for, and what may be broken there. A file in TOML, so that neither
//! host nor secret stands in a ticket.

mod address;
mod cluster;
mod redactor;
mod secrets;
mod standing;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value as Json;

pub use address::Address;
pub use cluster::{Cluster, Workload};
pub use redactor::Redactor;

/// Where cases run.
#[derive(Clone, Debug)]
pub struct Environment {
    /// What it is called in reports.
    pub name: String,
    /// How long a call may take that says nothing of it.
    pub deadline: Duration,
    /// After which time a fault ends by itself that says nothing of it, where its mechanism can.
    pub expiry: Duration,
    /// What names stand for.
    pub targets: BTreeMap<String, Target>,
    /// Values that are no targets, e.g. `$recording.start`.
    pub values: BTreeMap<String, Json>,
    /// The cluster, when there is one.
    pub kubernetes: Option<Cluster>,
    /// Whether tickets may run commands of their own here; the command line must allow it too.
    pub shell: bool,
    /// Hides the secrets of this environment.
    pub redactor: Redactor,
}

/// What a name stands for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Where it is reached: `http`, `https`, `grpc`, `grpcs`, `amqp`, `amqps`, `mongodb` or `tcp`, with credentials.
    pub url: Option<String>,
    /// Where its log is.
    pub logs: Option<Logs>,
    /// Where its metrics are; `/metrics` of its server when this is absent.
    pub metrics: Option<String>,
    /// Its process on this machine. Its place, as in `from $name`, is the network that this process sees.
    pub process: Option<Process>,
    /// Starts it: a program and its arguments. It must return when the start is under way. What it leaves running must write
    /// elsewhere, for the pipes that it got are closed then.
    #[serde(default)]
    pub start: Vec<String>,
    /// Shuts it down in order. Without it, its process is asked by SIGTERM.
    #[serde(default)]
    pub stop: Vec<String>,
    /// Lists its queues, one line each: a program and its arguments.
    #[serde(default)]
    pub queues: Vec<String>,
    /// What it is on the cluster.
    pub kubernetes: Option<Workload>,
    /// What tickets may do to it.
    #[serde(default)]
    pub may: Vec<Breakage>,
    /// Where rows are counted in a gRPC message: the name of a repeated field. Without it a message is a row.
    pub rows: Option<String>,
    /// What its gRPC services take and give, as a compiler wrote it; without it, its reflection service is asked.
    pub descriptors: Option<PathBuf>,
    /// By `grpcs`: the certificates of the authority that its own is signed by, PEM.
    pub ca: Option<PathBuf>,
}

/// What may be done to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Breakage {
    /// It may be cut off, by the packet filter of the network in which whoever asks stands.
    Block,
    /// The way to it may be made slow.
    Delay,
    /// It may be halted by SIGSTOP.
    Freeze,
    /// It may be shut down.
    Stop,
    /// It may run in another number.
    Scale,
    /// It may be ended by SIGKILL.
    Kill,
}

/// Where a log is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Logs {
    /// A file that grows.
    File(PathBuf),
    /// A unit of systemd's journal.
    Journal(String),
    /// All pods of this, on the cluster.
    Kubernetes(Workload),
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Process {
    /// Its id.
    Pid(u32),
    /// The file that its id is in, which may change.
    PidFile(PathBuf),
}

/// What is wrong with an environment file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}", .problems.join("\n"))]
pub struct EnvironmentError {
    /// The file.
    pub file: String,
    /// Each problem, with its remedy.
    pub problems: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    targets: BTreeMap<String, Target>,
    #[serde(default)]
    values: BTreeMap<String, toml::Value>,
    kubernetes: Option<Cluster>,
    #[serde(default)]
    shell: bool,
}

/// In seconds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Limits {
    deadline: f64,
    expiry: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: 5.0, expiry: 120.0 }
    }
}

/// The longest that a limit can be, in seconds: a day.
const LONGEST: f64 = 86_400.0;

impl Environment {
    /// Reads an environment file. `${NAME}` in its texts is replaced by the variable `NAME`, as `variable` tells it,
    /// encoded where it is a part of a URL: these values, and all credentials in URLs, are secrets from then on. `${{`
    /// stands for `${`.
    ///
    /// # Errors
    ///
    /// All that is wrong with it at once.
    pub fn parse(
        file: &str,
        text: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, EnvironmentError> {
        let mut redactor = Redactor::default();
        Self::read(text, variable, &mut redactor).map_err(|problems| EnvironmentError {
            file: file.to_owned(),
            // A problem may quote what a variable stands for.
            problems: problems.iter().map(|problem| redactor.redact(problem)).collect(),
        })
    }

    fn read(
        text: &str,
        variable: &dyn Fn(&str) -> Option<String>,
        redactor: &mut Redactor,
    ) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let mut tree: toml::Value =
            toml::from_str::<toml::Table>(text).map_err(|error| vec![error.to_string()])?.into();
        secrets::fill(&mut tree, variable, redactor, &mut problems);
        let read = File::deserialize(tree).map_err(|error| error.to_string());
        let mut read = match read {
            Ok(read) if problems.is_empty() => read,
            Ok(_) => return Err(problems),
            Err(error) => {
                problems.push(error);
                return Err(problems);
            }
        };
        let limit = |name: &str, seconds: f64, problems: &mut Vec<String>| {
            if !(seconds > 0.0 && seconds <= LONGEST) {
                problems.push(format!(
                    "limits.{name}: {seconds} must be above 0 and at most {LONGEST} (seconds)"
                ));
                return Duration::default();
            }
            Duration::from_secs_f64(seconds)
        };
        let deadline = limit("deadline", read.limits.deadline, &mut problems);
        let expiry = limit("expiry", read.limits.expiry, &mut problems);
        if let Some(cluster) = &mut read.kubernetes {
            cluster.settle(variable, redactor, &mut problems);
        }
        for (name, target) in &read.targets {
            if read.values.contains_key(name) {
                problems.push(format!("{name} is a target and a value; it can only be one of them"));
            }
            check(name, target, read.kubernetes.is_some(), &mut problems);
            if let Some(Ok(address)) = target.url.as_deref().map(Address::parse) {
                redactor.hide_address(name, &address);
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let values = read.values.into_iter();
        let values =
            values.filter_map(|(name, value)| Some((name, serde_json::to_value(value).ok()?))).collect();
        Ok(Self {
            name: read.name,
            deadline,
            expiry,
            targets: read.targets,
            values,
            kubernetes: read.kubernetes,
            shell: read.shell,
            redactor: redactor.clone(),
        })
    }
}

/// What is wrong with a target by itself.
fn check(name: &str, target: &Target, has_cluster: bool, problems: &mut Vec<String>) {
    let place = format!("targets.{name}");
    if casebook_ticket::language::Variable::new(name).is_none() {
        problems
            .push(format!("{place}: a name is lower-case letters, digits and `_`, and begins with a letter"));
    }
    if let Some(Err(error)) = target.url.as_deref().map(Address::parse) {
        problems.push(format!("{place}.url: {error}"));
    }
    let on_cluster = target.kubernetes.is_some() || matches!(target.logs, Some(Logs::Kubernetes(_)));
    if on_cluster && !has_cluster {
        problems.push(format!("{place} is on a cluster; [kubernetes] must say which, by its namespace"));
    }
    let of_logs = match &target.logs {
        Some(Logs::Kubernetes(workload)) => Some(("logs.kubernetes", workload)),
        _ => None,
    };
    for (field, workload) in
        target.kubernetes.as_ref().map(|own| ("kubernetes", own)).into_iter().chain(of_logs)
    {
        if let Err(error) = workload.check() {
            problems.push(format!("{place}.{field}: {error}"));
        }
    }
    for (field, file) in [("descriptors", &target.descriptors), ("ca", &target.ca)] {
        if let Some(file) = file.as_ref().filter(|file| !file.is_file()) {
            problems.push(format!("{place}.{field}: there is no file {}", file.display()));
        }
    }
    for breakage in &target.may {
        if let Some(lacking) = lacking(*breakage, target) {
            problems.push(format!("{place}.may has \"{}\", which needs {lacking}", breakage.word()));
        }
    }
}

/// What a target lacks so that something can be done to it, and be undone.
fn lacking(breakage: Breakage, target: &Target) -> Option<&'static str> {
    let has_process = target.process.is_some();
    let is_found_again = target.url.is_some() || matches!(target.process, Some(Process::PidFile(_)));
    match breakage {
        Breakage::Block | Breakage::Delay if target.url.is_none() => Some("a url: there the packets go"),
        Breakage::Stop | Breakage::Kill if target.start.is_empty() => {
            Some("start, the command that puts it back")
        }
        Breakage::Stop if target.stop.is_empty() && !has_process => Some("stop or a process"),
        Breakage::Freeze | Breakage::Kill if !has_process => Some("a process"),
        Breakage::Stop | Breakage::Kill if !is_found_again => {
            Some("a pid_file or a url: by a pid alone what was started again is not found")
        }
        Breakage::Scale if !target.kubernetes.as_ref().is_some_and(Workload::can_scale) => {
            Some("kubernetes, what runs in a number, e.g. \"deployment/focus-server\"")
        }
        _ => None,
    }
}

impl Breakage {
    /// The word of the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Delay => "delay",
            Self::Freeze => "freeze",
            Self::Stop => "stop",
            Self::Scale => "scale",
            Self::Kill => "kill",
        }
    }
}

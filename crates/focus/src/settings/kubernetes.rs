//! How jobs run on a cluster.

use std::{
    fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use focus_jobs::{Exposure, WorkerTemplate};

use super::LauncherKind;
use super::layers::{Purpose, Raw};
use super::loader::Loader;
use super::parse::{Refused, Setting, choice, text};

/// How jobs run on a cluster; without effect unless [`LauncherKind::Kubernetes`] is chosen.
#[derive(Clone, Debug)]
pub(crate) struct KubernetesSettings {
    /// Where the cluster is and who we are there; `None`: the pod's service account when this runs in one, else
    /// what `kubectl` would take.
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Where jobs are made: a DNS label; `None`: the namespace of the pod, else of the kubeconfig's context.
    pub(crate) namespace: Option<String>,
    /// Tells this deployment's jobs from those of others in the namespace: a label value, never empty.
    pub(crate) instance: String,
    /// The image of a job's container; `None`: the one that the worker template names.
    pub(crate) image: Option<String>,
    /// What jobs are made from; `None`: the built-in manifest.
    pub(crate) worker_template: Option<WorkerTemplate>,
    /// How clients reach a job.
    pub(crate) service: Exposure,
    /// The cluster is down when one call takes longer: 50 to 900 ms.
    pub(crate) deadline: Duration,
    /// A job that runs longer is ended by the cluster: 10 minutes to 365 days.
    pub(crate) max_job_life: Duration,
    /// Time between two sweeps: 1 to 60 s.
    pub(crate) sweep_period: Duration,
}

impl Loader<'_> {
    /// Files of a launcher that is not used need not be there.
    pub(super) fn kubernetes(&mut self, launcher: LauncherKind, purpose: Purpose) -> KubernetesSettings {
        let is_used = launcher == LauncherKind::Kubernetes && purpose.starts_jobs();
        let kubeconfig = self.path(KUBECONFIG, None);
        if let Some(path) = kubeconfig.as_deref().filter(|_| is_used) {
            self.text(KUBECONFIG, path, "Name the file that kubectl uses.");
        }
        let namespace = self.optional::<Namespace>("kubernetes.namespace").map(|name| name.0);
        let instance = self.get("kubernetes.instance", LabelValue("focus-server".to_owned())).0;
        let image = self.optional::<Image>("kubernetes.image").map(|image| image.0);
        let template = self.path(TEMPLATE, None).filter(|_| is_used);
        let worker_template = template.and_then(|path| self.worker_template(&path));
        let service = self.get("kubernetes.service", Exposure::NodePort);
        KubernetesSettings {
            kubeconfig,
            namespace,
            instance,
            image,
            worker_template,
            service,
            deadline: self.within("kubernetes.deadline", Duration::from_millis(800), &DEADLINES),
            max_job_life: self.within("kubernetes.max_job_life", 7 * DAY, &JOB_LIVES),
            sweep_period: self.within("kubernetes.sweep_period", Duration::from_secs(10), &SWEEP_PERIODS),
        }
    }

    fn worker_template(&mut self, path: &Path) -> Option<WorkerTemplate> {
        const REMEDY: &str = "Name a file with a Job manifest, or leave it out for the built-in one.";
        let yaml = self.text(TEMPLATE, path, REMEDY)?;
        let parsed = WorkerTemplate::parse(&yaml);
        parsed
            .map_err(|error| {
                self.refuse(TEMPLATE, Refused::new(format!("{}: {error}", path.display()), REMEDY));
            })
            .ok()
    }

    /// The text of a file that is named by a setting.
    fn text(&mut self, name: &str, path: &Path, remedy: &str) -> Option<String> {
        let text = fs::read_to_string(path);
        text.map_err(|error| {
            self.refuse(name, Refused::new(format!("{} cannot be read: {error}", path.display()), remedy));
        })
        .ok()
    }

    fn within(
        &mut self,
        name: &'static str,
        default: Duration,
        range: &RangeInclusive<Duration>,
    ) -> Duration {
        let duration = self.get(name, default);
        self.check(name, range.contains(&duration), || {
            format!(
                "must be from {} to {}, not {}",
                range.start().show(),
                range.end().show(),
                duration.show()
            )
        });
        duration
    }
}

const KUBECONFIG: &str = "kubernetes.kubeconfig";
const TEMPLATE: &str = "kubernetes.worker_template";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A client waits so long in an outage.
const DEADLINES: RangeInclusive<Duration> = Duration::from_millis(50)..=Duration::from_millis(900);
/// The longest lies far within what the cluster can count.
const JOB_LIVES: RangeInclusive<Duration> =
    Duration::from_secs(600)..=Duration::from_secs(365 * DAY.as_secs());
const SWEEP_PERIODS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);

/// Kubernetes takes no longer names and label values.
const LONGEST_NAME: usize = 63;

/// A namespace's name: a DNS label.
struct Namespace(String);

impl Setting for Namespace {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        named(raw, is_inner).map(Self).ok_or_else(|| {
            let expected = "1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end";
            Refused::not(raw, expected, "focus")
        })
    }

    fn show(&self) -> toml::Value {
        self.0.clone().into()
    }
}

/// The value of a label.
struct LabelValue(String);

impl Setting for LabelValue {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        named(raw, is_inner).map(Self).ok_or_else(|| {
            let expected = "1 to 63 letters, digits, hyphens, underscores and periods, with a letter or digit at either end";
            Refused::not(raw, expected, "focus-server")
        })
    }

    fn show(&self) -> toml::Value {
        self.0.clone().into()
    }
}

/// What may name something in a cluster: bounded, only such bytes, a letter or digit at either end.
fn named(raw: &Raw, is_inner: impl Fn(u8) -> bool) -> Option<String> {
    let name = text(raw)?;
    let valid = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(is_inner)
        && [name.bytes().next(), name.bytes().last()].iter().flatten().all(u8::is_ascii_alphanumeric);
    valid.then(|| name.to_owned())
}

/// The name of a container image. Only the cluster knows which of them there are.
struct Image(String);

impl Setting for Image {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        let image =
            text(raw).filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()));
        image.map(|image| Self(image.to_owned())).ok_or_else(|| {
            Refused::not(
                raw,
                "the name of an image, without spaces",
                "registry.example.org/focus-server:0.1.0",
            )
        })
    }

    fn show(&self) -> toml::Value {
        self.0.clone().into()
    }
}

impl Setting for LauncherKind {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        choice(raw, &[("processes", Self::Processes), ("kubernetes", Self::Kubernetes)])
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::Processes => "processes",
            Self::Kubernetes => "kubernetes",
        }
        .into()
    }
}

impl Setting for Exposure {
    fn parse(raw: &Raw) -> Result<Self, Refused> {
        choice(raw, &[("node-port", Self::NodePort), ("cluster-ip", Self::ClusterIp)])
    }

    fn show(&self) -> toml::Value {
        match self {
            Self::NodePort => "node-port",
            Self::ClusterIp => "cluster-ip",
        }
        .into()
    }
}

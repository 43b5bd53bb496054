//! The list of all settings: what each is called, means and may be.

/// One setting.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name in a file, e.g. `jobs.max_jobs`.
    pub(crate) name: &'static str,
    /// What it does, for people.
    pub(crate) help: &'static str,
    /// A value, for settings that have no default, as TOML.
    pub(crate) example: &'static str,
    /// Whether its value must not be repeated.
    pub(crate) secret: bool,
}

impl Key {
    /// Its name in the environment, e.g. `FOCUS_JOBS_MAX_JOBS`.
    pub(crate) fn env(&self) -> String {
        format!("{ENV_PREFIX}{}", self.name.replace('.', "_").to_uppercase())
    }

    /// The table it belongs to, e.g. `live.simulator`, and its name there.
    pub(crate) fn split(&self) -> (&'static str, &'static str) {
        self.name.rsplit_once('.').unwrap_or(("", self.name))
    }
}

/// What the names of all environment variables of this program begin with.
pub(crate) const ENV_PREFIX: &str = "FOCUS_";
/// Names the settings file.
pub(crate) const ENV_CONFIG: &str = "FOCUS_CONFIG";

/// The setting called `name` in a file.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The known name that `name` was probably meant to be.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.75;
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|&(likeness, _)| likeness > ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

const fn key(name: &'static str, help: &'static str) -> Key {
    Key { name, help, example: "", secret: false }
}

const fn optional(name: &'static str, example: &'static str, help: &'static str) -> Key {
    Key { name, help, example, secret: false }
}

/// All settings, in the order in which they are shown; those of one table stand together.
pub(crate) const KEYS: &[Key] = &[
    key("listen", "Address and port of the HTTP interface and the viewer page. Port 0 takes a free one."),
    key("data_dir", "Directory of recordings. Made when it is not there, unless index_dir is set."),
    optional(
        "index_dir",
        "\"/var/lib/focus\"",
        "Directory of the recordings' index. Set: data_dir is only read. Not set: in data_dir.",
    ),
    optional(
        "public_host",
        "\"focus.example.org\"",
        "Host name or address that clients are told for gRPC streams. Not set: the one they came by.",
    ),
    optional(
        "shutdown_delay",
        "\"5s\"",
        "How long it still serves when told to stop, while /health/ready says 503. Not set: not at all.",
    ),
    key(
        "cors_origins",
        "Origins whose pages may read the answers, e.g. [\"https://lab.example.org\"], or \"*\" for all.",
    ),
    key("threads", "Threads that compute spectra. Default: the cores of this machine."),
    key(
        "jobs.launcher",
        "What starts jobs for focus serve: \"processes\" on this machine, or \"kubernetes\" on a cluster.",
    ),
    key("jobs.max_jobs", "Most jobs at once."),
    key(
        "jobs.connect_within",
        "A job that nobody connected to within this time is stopped: seconds, or a text like \"2m\".",
    ),
    key(
        "jobs.unwatched_for",
        "A job that nobody has watched for this time is stopped: seconds, or a text like \"2m\".",
    ),
    key(
        "jobs.ports",
        "Ports of the jobs' gRPC services, \"FIRST-LAST\"; at least as many as max_jobs. Not for kubernetes.",
    ),
    optional(
        "kubernetes.kubeconfig",
        "\"/etc/focus/kubeconfig\"",
        "How to reach the cluster. Not set: the service account of the pod that this runs in, else what kubectl takes.",
    ),
    optional(
        "kubernetes.namespace",
        "\"focus\"",
        "Namespace of the jobs. Not set: that of the pod that this runs in, else of the kubeconfig's context.",
    ),
    key(
        "kubernetes.instance",
        "Value of the label that tells this deployment's jobs from others' in the namespace.",
    ),
    optional(
        "kubernetes.image",
        "\"registry.example.org/focus-server:0.1.0\"",
        "Image that jobs run. Not set: the one of the worker template.",
    ),
    optional(
        "kubernetes.worker_template",
        "\"/etc/focus/worker.yaml\"",
        "File with the Job manifest that jobs are made from. Not set: the built-in one.",
    ),
    key(
        "kubernetes.service",
        "How clients reach jobs: \"node-port\" from anywhere, or \"cluster-ip\" from within the cluster only.",
    ),
    key("kubernetes.deadline", "The cluster is down when it takes longer for an answer, 50 to 900 ms."),
    key("kubernetes.max_job_life", "The cluster ends a job that runs for longer, \"10m\" to \"365d\"."),
    key("kubernetes.sweep_period", "Time between two sweeps for what no job owns, 1 to 60 s."),
    Key {
        name: "catalogue.mongodb_url",
        help: "A site's MongoDB that lists its recordings. A secret: better in FOCUS_CATALOGUE_MONGODB_URL. Not set: those in data_dir.",
        example: "\"mongodb://user:password@host1,host2/?replicaSet=name\"",
        secret: true,
    },
    key("catalogue.mongodb_database", "The database there that has the collection base_paths."),
    key(
        "catalogue.mounts",
        "Where directories that base_paths names are on this machine, e.g. [\"/data/prod=/mnt/site\"].",
    ),
    key("limits.max_channels", "Most channels in one view."),
    key(
        "limits.max_multichannel_nfft",
        "Largest nfft of a multichannel spectrogram: a power of two, 128 to 65536.",
    ),
    key(
        "limits.max_row_bytes_per_second",
        "Most bytes of rows that one job may make per second of fibre time.",
    ),
    key(
        "limits.max_ffts_per_second",
        "Most Fourier transforms that one job may need per second of fibre time.",
    ),
    key("limits.max_memory_bytes", "Most memory that one job may need for its windows and queues, bytes."),
    key("live.source", "Where live samples come from: \"replay\", \"simulator\" or \"none\"."),
    optional(
        "live.file",
        "\"/data/recording.h5\"",
        "The recording that is replayed in a loop. Not set: the built-in excerpt of an earthquake.",
    ),
    key(
        "live.block_milliseconds",
        "How much time one block of live samples holds, 1 to 10000 ms. Shorter: less delay.",
    ),
    key("live.simulator.channels", "Channels of the simulated fibre."),
    key("live.simulator.sampling_rate", "Samples per second and channel of the simulated fibre, Hz."),
    key("live.simulator.seed", "The same seed simulates the same samples."),
    Key {
        name: "rabbitmq.url",
        help: "The broker, for focus serve, feed and record; amqps:// for TLS. A secret: better in FOCUS_RABBITMQ_URL.",
        example: "\"amqp://user:password@broker:5672/vhost\"",
        secret: true,
    },
    key("rabbitmq.exchange", "Topic exchange of the live fibre; made when it is not there."),
    key("rabbitmq.deadline", "The broker is down when it takes longer for an answer, at most 900 ms."),
    optional(
        "rabbitmq.ca_file",
        "\"/etc/focus/broker-ca.pem\"",
        "PEM file of the authorities that sign the broker's certificate. Not set: those that the system trusts.",
    ),
    key(
        "rabbitmq.band_channels",
        "focus feed cuts the fibre into bands of so many channels: readers take whole bands.",
    ),
    optional(
        "grpc.tls_cert",
        "\"/etc/focus/tls.crt\"",
        "PEM file of the certificate chain for TLS on the gRPC services.",
    ),
    optional(
        "grpc.tls_key",
        "\"/etc/focus/tls.key\"",
        "PEM file of the private key that belongs to tls_cert.",
    ),
    key("log.format", "\"pretty\" for people, \"json\" for machines, \"auto\": pretty on a terminal."),
    key(
        "log.level",
        "Which lines: error, warn, info, debug or trace, also per part: \"info,focus_stream=debug\".",
    ),
];

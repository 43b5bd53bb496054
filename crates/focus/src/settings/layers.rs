//! Flags over environment over file: which raw value each setting has, and where it came from.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

use super::key::{ENV_CONFIG, ENV_PREFIX, KEYS, Key, find, nearest};
use super::problem::Problems;

/// Where settings are looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// The file named by `--config`.
    pub(crate) config: Option<PathBuf>,
    /// Values given by flags: the flag, the setting's name, the value.
    pub(crate) flags: Vec<Flag>,
    /// The environment.
    pub(crate) env: BTreeMap<String, String>,
    /// What they are for.
    pub(crate) purpose: Purpose,
    /// Where `focus.toml` is looked for and what relative paths start from.
    pub(crate) working_dir: PathBuf,
}

/// What settings are for. Those of a whole deployment are often the same, so what one part does not use must not be in
/// its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The whole system in one process, or only a look at the settings.
    #[default]
    Alone,
    /// A server that works with a broker only.
    Server,
    /// A client of the broker, `focus feed` or `focus record`: it starts no jobs.
    Client,
    /// One job in a pod of its own.
    Pod,
}

impl Purpose {
    /// Whether nothing works without a broker.
    pub(super) fn needs_broker(self) -> bool {
        matches!(self, Self::Server | Self::Client)
    }

    /// Whether the settings may be those of a later version. While a deployment is upgraded, its last server starts pods
    /// that have its own image and the next one's settings, which that one has checked.
    pub(super) fn may_be_older(self) -> bool {
        self == Self::Pod
    }

    /// Whether jobs are started.
    pub(super) fn starts_jobs(self) -> bool {
        matches!(self, Self::Alone | Self::Server)
    }
}

/// A setting given by a flag.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    /// As it was written, e.g. `--listen`.
    pub(crate) written: String,
    /// The setting's name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
}

/// A value before it is parsed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw {
    /// From the environment or a flag: of any type.
    Plain(String),
    /// A string of a file.
    Text(String),
    /// A number of a file, decimal.
    Number(String),
    /// A list of a file.
    List(Vec<Raw>),
    /// Something that no setting may be, in words.
    Other(&'static str),
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) | Self::Text(text) => write!(f, "{text:?}"),
            Self::Number(digits) => f.write_str(digits),
            Self::List(_) => f.write_str("a list"),
            Self::Other(kind) => f.write_str(kind),
        }
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// A variable of the environment.
    Env(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Env(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// The raw value of each setting that was given.
#[derive(Debug, Default)]
pub(super) struct Layers(BTreeMap<&'static str, (Raw, Origin)>);

impl Layers {
    /// Reads all sources; what cannot be read or is unknown is noted in `problems`.
    pub(super) fn gather(sources: &Sources, problems: &mut Problems) -> Self {
        let mut layers = Self::default();
        if let Some(path) = config_file(sources) {
            layers.read_file(&path, problems);
        }
        layers.read_env(sources, problems);
        layers.read_flags(&sources.flags, problems);
        layers
    }

    /// The value of `key` and where it came from.
    pub(super) fn get(&self, key: &Key) -> Option<&(Raw, Origin)> {
        self.0.get(key.name)
    }

    fn read_file(&mut self, path: &Path, problems: &mut Problems) {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let remedy = "Give an existing file with --config, or none at all.";
                return problems.add(path.display().to_string(), format!("cannot be read: {error}"), remedy);
            }
        };
        let (table, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            let line = error.span().map_or(1, |span| line_at(&text, span.start));
            problems.add(
                format!("{}:{line}", path.display()),
                format!("is not TOML: {}", error.message()),
                "",
            );
        }
        let mut file = FileReader { path, text: &text, layers: self, problems };
        file.table("", table.get_ref());
    }

    fn read_env(&mut self, sources: &Sources, problems: &mut Problems) {
        let names: Vec<String> = KEYS.iter().map(Key::env).collect();
        let ours = |name: &str| name.starts_with(ENV_PREFIX) && name != ENV_CONFIG;
        for (name, value) in sources.env.iter().filter(|(name, _)| ours(name)) {
            if let Some(index) = names.iter().position(|known| known == name) {
                self.0.insert(KEYS[index].name, (Raw::Plain(value.clone()), Origin::Env(name.clone())));
            } else if !is_service_link(name) && !sources.purpose.may_be_older() {
                let known = names.iter().map(String::as_str).chain([ENV_CONFIG]);
                problems.add(name, "is not a setting", suggestion(name, known));
            }
        }
    }

    fn read_flags(&mut self, flags: &[Flag], problems: &mut Problems) {
        for Flag { written, name, value } in flags {
            match find(name) {
                Some(key) => {
                    self.0.insert(key.name, (Raw::Plain(value.clone()), Origin::Flag(written.clone())));
                }
                None => problems.add(written, format!("{name} is not a setting"), suggest_key(name)),
            }
        }
    }
}

struct FileReader<'a> {
    path: &'a Path,
    text: &'a str,
    layers: &'a mut Layers,
    problems: &'a mut Problems,
}

impl FileReader<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let full = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            let line = line_at(self.text, name.span().start);
            let is_table_of_keys = KEYS.iter().any(|key| key.name.starts_with(&format!("{full}.")));
            match (value.get_ref(), find(&full)) {
                (DeValue::Table(inner), None) if is_table_of_keys => self.table(&full, inner),
                (value, Some(key)) => {
                    let origin = Origin::File { path: self.path.to_owned(), line };
                    self.layers.0.insert(key.name, (raw(value), origin));
                }
                _ => {
                    let source = format!("{}:{line}", self.path.display());
                    let (rule, remedy) = if is_table_of_keys {
                        (format!("{full} is a table"), format!("Write [{full}] and its settings below it."))
                    } else {
                        (format!("{full} is not a setting"), suggest_key(&full))
                    };
                    self.problems.add(source, rule, remedy);
                }
            }
        }
    }
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(integer) => match i128::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Raw::Number(number.to_string()),
            Err(_) => Raw::Other("a number that is too large"),
        },
        DeValue::Float(float) => Raw::Number(float.as_str().to_owned()),
        DeValue::Boolean(_) => Raw::Other("a boolean"),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Array(items) => Raw::List(items.iter().map(|item| raw(item.get_ref())).collect()),
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}

fn suggest_key(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    // The right name in the wrong table is the likelier mistake.
    match KEYS.iter().find(|key| key.split().1 == last) {
        Some(key) => format!("Did you mean {}?", key.name),
        None => suggestion(name, KEYS.iter().map(|key| key.name)),
    }
}

fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(
        || "`focus config` lists all settings.".to_owned(),
        |known| format!("Did you mean {known}? `focus config` lists all settings."),
    )
}

/// Kubernetes describes every service of a namespace in variables of this form: for a service called
/// `focus` or `focus-server` they look like ours and are none.
fn is_service_link(name: &str) -> bool {
    let is_port = |rest: &str| rest.split('_').next().is_some_and(|port| port.parse::<u16>().is_ok());
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || name.split_once("_PORT_").is_some_and(|(_, rest)| is_port(rest))
}

/// The file to read: one that was named, else the first that is there.
fn config_file(sources: &Sources) -> Option<PathBuf> {
    if let Some(path) = &sources.config {
        return Some(path.clone());
    }
    if let Some(path) = sources.env.get(ENV_CONFIG).filter(|path| !path.is_empty()) {
        return Some(PathBuf::from(path));
    }
    let here = sources.working_dir.join("focus.toml");
    let home =
        xdg_home(&sources.env, "XDG_CONFIG_HOME", ".config").map(|dir| dir.join("focus-server/focus.toml"));
    [Some(here), home].into_iter().flatten().find(|path| path.is_file())
}

/// A base directory after the XDG rules: the variable when it holds an absolute path, else below HOME.
pub(super) fn xdg_home(env: &BTreeMap<String, String>, variable: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| env.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(below_home)))
}
